"""One visitor after the other, for minutes: what grows in the app.

    python -m benchmarks.trust.soak --minutes 10 --json out.json

Each visitor has a tab: opens the page, sends a photo, has it fitted, drags twice, goes back and
forth, saves all there is to save, opens the session again; every other one deletes the data, all
close the tab. Some are programs that use the HTTP API. The server is the app with a thread in it
that counts what it holds. --trace adds which lines of the program hold more at the end than after
a third of the time (and makes it slower). --closed: seconds that closed tabs and results of the
API are remembered, instead of a minute and half an hour.
"""

import argparse
import asyncio
import gc
import io
import json
import os
import sys
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..tables import table, write
from ..visitors import Plan, Server, Visitor, serving

EVERY = 10.0  # s between two counts
OUT, TRACE, CLOSED = "DRAGPHOTO_SOAK", "DRAGPHOTO_SOAK_TRACE", "DRAGPHOTO_SOAK_CLOSED"
NOSE, ASIDE, BACK = [256, 322], [286, 310], [262, 318]  # px of the canvas
IN_PHOTO = [[222, 128, 232, 128]]
SHOWN = (
    "minutes", "visitors", "rss", "files", "folders", "fds", "threads", "visits", "tabs",
    "messages", "ids", "events", "iterators", "tasks", "objects",
)  # fmt: skip


def count(page: Any, visits: Any) -> dict[str, float]:
    """What the program holds, in it: MB, files, and entries of each table."""
    queue, here = page._queue, gc.get_objects()
    found = list(os.walk(tempfile.gettempdir()))
    processes = [Path("/proc/self"), *_children()]
    return {
        "rss": sum(_rss(process) for process in processes),
        "files": sum(len(files) for *_, files in found),
        "folders": sum(len(folders) for _, folders, _ in found),
        "fds": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "visits": len(visits._here),
        "tabs": len(page.app.state_holder.session_data),
        "messages": len(queue.pending_messages_per_session),
        "ids": len(queue.pending_event_ids_session),
        "events": len(queue.event_ids_to_events),
        "iterators": len(page.app.iterators),
        "tasks": sum(type(each).__name__ == "Task" for each in here),
        "objects": len(here),
    }  # fmt: skip


def _rss(process: Path) -> float:
    try:
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def _children() -> list[Path]:
    words = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path("/proc") / word for word in words]


def serve() -> None:
    """The app, with a thread that counts."""
    import app  # only here: who counts the visitors needs no app
    from ui.door import uploads
    from ui.page import tabs

    tabs.CLOSED_SECONDS = uploads.RESULT_SECONDS = int(os.environ[CLOSED])

    def counting() -> None:
        kept = None
        while True:
            time.sleep(EVERY)
            with Path(os.environ[OUT]).open("a") as out:
                out.write(json.dumps(count(app.demo, tabs.OPEN_TABS)) + "\n")
            if TRACE in os.environ:
                kept = _traced(kept, Path(os.environ[TRACE]))

    if TRACE in os.environ:
        tracemalloc.start(8)
    threading.Thread(target=counting, daemon=True).start()
    app.main()


def _traced(kept: Any, sign: Path) -> Any:
    """A snapshot once ``sign`` says "begin"; at "end" what has grown since goes into it."""
    says = sign.read_text() if sign.exists() else ""
    if says == "begin" and kept is None:
        return tracemalloc.take_snapshot()
    if says == "end" and kept is not None:
        gc.collect()
        grown = tracemalloc.take_snapshot().compare_to(kept, "traceback")[:25]
        lines = [f"{stat}\n" + "\n".join(stat.traceback.format()) for stat in grown]
        sign.write_text("\n\n".join(lines))
        return None
    return kept


def photos() -> list[bytes]:
    """The astronaut: cut, mirrored, smaller, larger."""
    from skimage.data import astronaut

    whole = Image.fromarray(astronaut())
    near = whole.crop((100, 10, 360, 300))
    parts = [whole, whole.crop((60, 0, 400, 320)), near.resize((1040, 1160))]
    mirror = Image.Transpose.FLIP_LEFT_RIGHT
    both = [each for part in parts for each in (part, part.transpose(mirror))]
    made: list[bytes] = []
    for number, picture in enumerate(both):
        stream = io.BytesIO()
        picture.save(stream, "PNG" if number % 2 else "JPEG")
        made.append(stream.getvalue())
    return made


async def person(visitor: Visitor, photo: bytes, deletes: bool) -> None:
    """A tab from the first look to the last."""
    async with visitor.open():
        await visitor.press("begin")
        visitor.shown["photo"] = await visitor.upload(photo, "photo")
        visitor.shown["budget"] = "quick"
        await visitor.press("choose")
        for target in (ASIDE, BACK):
            visitor.shown["canvas"]["drags"] = [[*NOSE, *target]]
            await visitor.press("drag")
        await visitor.press("undo")
        await visitor.press("redo")
        for kind in ("png", "gif", "session"):
            await visitor.press(kind)
            saved = await visitor.fetch(visitor.shown["file"])
        visitor.shown["open"] = await visitor.upload(saved, "mine.safetensors")
        await visitor.press("open_file")
        if deletes:
            await visitor.press("forget")


async def program(visitor: Visitor, photo: bytes) -> None:
    """The API once: a face, a fit, a drag."""
    await visitor.call("render", 5, 0.8)
    sent = await visitor.upload(photo, "photo")
    session, _ = await visitor.call("fit", sent, None, 0, "quick")
    await visitor.call("drag", session, IN_PHOTO, None, 10, "photo")
    await visitor.http.aclose()


async def visited(server: Server, minutes: float, trace: Path | None) -> list[dict[str, float]]:
    """Visitors for so long; what was counted meanwhile, with the minute and how many came."""
    plan, made, told = Plan.of(server), photos(), list[dict[str, float]]()
    begun, printed, number = time.monotonic(), 0.0, 0
    while (now := (time.monotonic() - begun) / 60) < minutes:
        visitor = Visitor(server, f"127.0.1.{1 + number % 250}", plan)
        photo = made[number % len(made)]
        if number % 4 == 3:
            await program(visitor, made[0])
        else:
            await person(visitor, photo, number % 2 == 0)
        number += 1
        told += _new(server, len(told), {"minutes": now, "visitors": number})
        if trace and now > minutes / 3 and not trace.exists():
            trace.write_text("begin")
        if now - printed >= 0.5 and told:
            printed = now
            _print(told[-1])
    return told


def _new(server: Server, known: int, more: dict[str, float]) -> list[dict[str, float]]:
    out = server.folder.with_suffix(".jsonl")
    lines = out.read_text().splitlines()[known:] if out.exists() else []
    return [more | json.loads(line) for line in lines]


def _print(told: dict[str, float]) -> None:
    cells = [f"{told[name]:.{1 if name == 'minutes' else 0}f}" for name in SHOWN]
    print(f"| {' | '.join(cells)} |", flush=True)


def slope(told: list[dict[str, float]], name: str) -> float:
    """Growth a minute over the last two thirds, by least squares."""
    last = told[len(told) // 3 :]
    minutes = np.array([each["minutes"] for each in last])
    return float(np.polyfit(minutes, [each[name] for each in last], 1)[0])


def main() -> None:
    """Print the counts, every half minute, and what grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--closed", type=int, default=60)
    parser.add_argument("--trace", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    how = parser.parse_args()
    if how.serve:
        serve()
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "tmp"
        environment = {OUT: str(place.with_suffix(".jsonl")), CLOSED: str(how.closed)}
        environment |= {TRACE: str(how.trace.absolute())} if how.trace else {}
        print("| " + " | ".join(SHOWN) + " |\n" + "|---" * len(SHOWN) + "|", flush=True)
        with serving(["-m", "benchmarks.trust.soak", "--serve"], place, **environment) as server:
            told = asyncio.run(visited(server, how.minutes, how.trace))
            if how.trace:
                how.trace.write_text("end")
            time.sleep(how.closed + 3 * EVERY)
            after = _new(server, len(told), {"minutes": how.minutes, "visitors": 0})[-1]
            _print(after)
        print(place.with_suffix(".log").read_text()[-3000:], file=sys.stderr)
    left = {f"{name} left": after[name] - told[0][name] for name in ("files", "folders", "fds")}
    came = {"minutes": how.minutes, "visitors": told[-1]["visitors"]}
    row = {**came, "MB a minute": slope(told, "rss"), **left}
    table([row])
    write(how.json, {"rows": [row], "each": [*told, after]})


if __name__ == "__main__":
    main()
