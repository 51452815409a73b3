"""Memory and seconds from a large photo's file to the edited photo's: all work at the crop.

    python -m benchmarks.time.large_photos --photo me.jpg --mpx 12 48 64 100 [--page]

The photo is brought to each size and written as a JPEG. A program of its own does everything once
with a small photo, then reads the large one, finds and fits its face, drags the nose, saves the
whole as PNG and as a session, and opens that again; with ``--page`` the page's own handlers do.
``MB over base`` is the most that the program and the decoder had resident together, beyond what
it had before.
"""

import argparse
import gc
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from editor.engine import Engine, default_crop
from editor.export import save_png
from editor.session_file import load_session, save_session
from editor.view import show
from inversion import BUDGETS
from photo import Photo, on_white, read_photo

from ..tables import table, write

EVERY = 0.01  # s between two looks at the memory
GRAIN = 4.0  # grey levels


def resident() -> float:
    """MB of this process and of its children."""
    total = 0.0
    with suppress(FileNotFoundError, ProcessLookupError):  # one has just ended
        total += _resident("self")
        for children in Path("/proc/self/task").glob("*/children"):
            total += sum(map(_resident, children.read_text().split()))
    return total


def _resident(process: str) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return sum(float(kb) / 1024 for kb in re.findall(r"VmRSS:\s*(\d+)", status))


class Watch(threading.Thread):
    """Notes the most memory, until it is ended."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.end = 0.0, threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self.end.wait(EVERY):
            self.most = max(self.most, resident())


@contextmanager
def watching() -> Generator[Watch]:
    """The memory is watched meanwhile."""
    watch = Watch()
    watch.start()
    try:
        yield watch
    finally:
        watch.end.set()
        watch.join()


def chain(file: Path, folder: Path) -> Iterator[str]:
    """What `dragphoto drag` does, by the name of what was just done."""
    engine, photo = Engine(), read_photo(file)
    yield "read"
    quad = default_crop(photo, engine.domain)
    assert quad is not None, "No face was found."
    yield "find"
    *_, fit = engine.invert(photo, quad, BUDGETS["geometry"])
    session = engine.begin(photo, quad, fit)
    yield "fit"
    start = quad.mean(0)
    end = start + 0.06 * (quad[3] - quad[0])
    *_, last = engine.drag(session, [((start[0], start[1]), (end[0], end[1]))])
    assert last.version is not None
    session = session.moved(last.version)
    yield "drag"
    save_png(show(session.subject, session.now), folder / "edited.png")
    yield "PNG"
    save_session(session, {}, folder / "edited.safetensors")
    yield "session"
    del photo, session
    load_session(folder / "edited.safetensors")
    yield "opened"


def page(file: Path, _: Path) -> Iterator[str]:
    """What the handlers of the page's buttons do, likewise."""
    from ui.canvas import write_drawn
    from ui.door.uploads import Upload
    from ui.page import handlers, saving, work
    from ui.page.settings import Settings

    visit, values = handlers.fresh(), tuple(vars(Settings()).values())
    _all(handlers.choose(visit, Upload(file, lambda: None)))
    yield "read, find"
    _all(work.fit(visit, write_drawn(visit.drawn, 0), *values))
    yield "fit"
    drawn = write_drawn(visit.drawn, 0) | {"drags": [[256, 322, 286, 314]]}
    _all(work.drag(visit, drawn, *values))
    yield "drag"
    _all(saving.png(visit))
    yield "PNG"
    _all(saving.session(visit, write_drawn(visit.drawn, 0), *values))
    yield "session"
    visit.close()


def _all(screens: Iterator[object]) -> None:
    """Let a handler do its work; what it shows is sent away, and not kept."""
    for _ in screens:
        pass


def measured(work: Callable[[Path, Path], Iterator[str]], file: Path) -> dict[str, object]:
    """MB over base and seconds of each stage of a photo, in this process."""
    most, took = dict[str, float](), dict[str, float]()
    with TemporaryDirectory() as folder:
        _all(work(file.with_name("small.jpg"), Path(folder)))
        gc.collect()
        base, begun = resident(), time.monotonic()
        with watching() as watch:
            for stage in work(file, Path(folder)):
                most[stage], watch.most = round(watch.most - base), 0.0
                took[stage], begun = time.monotonic() - begun, time.monotonic()
    whole: dict[str, object] = {"MB over base": max(most.values())}
    whole["s"] = round(sum(took.values()), 1)
    return whole | {stage: f"{most[stage]} MB, {took[stage]:.1f} s" for stage in most}


def enlarged(photo: Photo, mpx: float, file: Path) -> None:
    """Write the photo at a size in megapixels, with the grain of a sensor, as a JPEG."""
    scale = (mpx * 1e6 / photo.shape[0] / photo.shape[1]) ** 0.5
    size = [int(scale * length) for length in photo.shape[1::-1]]
    large = np.array(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC))
    source = np.random.default_rng(0)
    for row in large:
        row[:] = (row + source.normal(0, GRAIN, row.shape)).clip(0, 255)
    Image.fromarray(large).save(file, quality=92)


def main() -> None:
    """Measure each size in a program of its own, print the table."""
    parser = argparse.ArgumentParser(description="Memory that large photos take.")
    parser.add_argument("--photo", type=Path, default=Path("ui/page/examples/astronaut.jpg"))
    parser.add_argument("--mpx", type=float, nargs="+", default=[12.0, 48.0, 64.0, 100.0])
    parser.add_argument("--page", action="store_true", help="by the handlers of the page")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--one", type=Path, help="only this file, in this process")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(page if args.page else chain, args.one)))
        return
    rows, photo = list[dict[str, object]](), on_white(read_photo(args.photo))
    with TemporaryDirectory() as folder:
        small, large = (Path(folder) / name for name in ("small.jpg", "large.jpg"))
        Image.fromarray(photo).save(small)
        for mpx in args.mpx:
            enlarged(photo, mpx, large)
            how = ["--one", str(large), *(["--page"] if args.page else [])]
            command = [sys.executable, "-m", "benchmarks.time.large_photos", *how]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            rows.append({"Mpx": mpx, **json.loads(done.stdout.splitlines()[-1])})
    table(rows)
    write(args.json, {"rows": rows})


if __name__ == "__main__":
    main()
