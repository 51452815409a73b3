"""How long it takes to stop: the longest time between two items of a fit or a drag, and to close.

    python -m benchmarks.time.stop_time --budgets quick balanced --busy 2

Who stops looks at the flag after each item, so that is how long Stop takes. ``--busy`` keeps so
many other processes at work, as other visitors would. CPU s: what all threads of this process
worked in the longest of these times: it does not depend on what else the machine does.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import skimage.data
import torch

from editor.dragger import DragStep
from editor.engine import Engine, default_crop, encoder
from editor.machine.cores import use_well
from editor.session import Session
from inversion import BUDGETS, Inversion, InvertOptions
from photo import Photo, read_photo
from photo.crop import Quad

from ..tables import table, write

DRAG_STEPS = 40


@dataclass(frozen=True)
class Tick:
    """An item: seconds of the clock and of the CPU since the begin, and the stage it ends."""

    at: float
    cpu: float
    stage: str


def ticks(work: Iterator[object], stages: Callable[[object, object], str]) -> list[Tick]:
    """One for each item and one for the end; ``stages`` tells one from an item and that before."""
    begin, spent, before = time.monotonic(), time.process_time(), None
    found = [Tick(0.0, 0.0, "")]

    def add(stage: str) -> None:
        found.append(Tick(time.monotonic() - begin, time.process_time() - spent, stage))

    for item in work:
        add(stages(item, before))
        before = item
    add("end")
    return found


def stage_of_fit(item: object, before: object) -> str:
    """What was done before this item of a fit."""
    now, last = cast(Inversion, item), cast(Inversion | None, before)
    if last is None:
        return "first item"
    if now.step == last.step:
        return "start" if now.step == 0 else "moves"
    return now.stage


def stage_of_drag(item: object, before: object) -> str:
    """What was done before this item of a drag."""
    now, last = cast(DragStep, item), cast(DragStep | None, before)
    if last is None:
        return "first item"
    if now.version is not None:
        return "last version" if now.state.end else "version"
    return "before" if now.state.step == last.state.step else "step"


def closing_time(work: Iterator[object], stages: Callable[[object, object], str], at: str) -> float:
    """Seconds that it takes to close the work after the second item of a stage, or the first."""
    before, seen = None, 0
    for item in work:
        seen += stages(item, before) == at
        before = item
        if seen == 2 or (seen and at == "first item"):
            break
    begin = time.monotonic()
    cast(Generator[object, None, None], work).close()
    return time.monotonic() - begin


def report(
    name: str,
    make: Callable[[], Iterator[object]],
    stages: Callable[[object, object], str],
    closed: bool,
) -> Iterator[dict[str, object]]:
    """A row a stage; ``closed`` has the work done anew, and closed, in each."""
    found = ticks(make(), stages)
    for stage in dict.fromkeys(tick.stage for tick in found[1:]):
        gaps = [(b.at - a.at, b.cpu - a.cpu) for a, b in pairwise(found) if b.stage == stage]
        wall, cpu = (max(part) for part in zip(*gaps, strict=True))
        row: dict[str, object] = {"work": name, "stage": stage, "items": len(gaps)}
        row |= {"longest, s": wall, "CPU s": cpu}
        if closed and stage != "end":
            row["closed after, s"] = closing_time(make(), stages, stage)
        yield row


@contextmanager
def others(count: int) -> Generator[None]:
    """So many processes that do nothing but work."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def fits(engine: Engine, photo: Photo, quad: Quad, options: InvertOptions) -> Iterator[Inversion]:
    """A fit as of the first visitor: the encoder has not been read yet."""
    encoder.cache_clear()
    return engine.invert(photo, quad, options)


def drags(engine: Engine, session: Session) -> Iterator[DragStep]:
    """A drag in the middle of the fitted part."""
    middle, side = session.subject.quad.mean(0), np.ptp(session.subject.quad[:, 0])
    start, end = (float(middle[0]), float(middle[1])), (float(middle[0] + side / 10), middle[1])
    pair = start, (end[0], float(end[1]))
    return engine.drag(session, [pair], engine.search().changed(steps=DRAG_STEPS, arrive=0.0))


def main() -> None:
    """Fit and drag, print the table."""
    parser = argparse.ArgumentParser(description="How long does it take to stop?")
    parser.add_argument("--photo", type=Path, help="of a face; else skimage's astronaut")
    parser.add_argument("--budgets", nargs="+", choices=tuple(BUDGETS), default=list(BUDGETS))
    parser.add_argument("--busy", type=int, default=0, help="other processes at work meanwhile")
    parser.add_argument("--threads", type=int, help="of torch; else what the product takes")
    parser.add_argument("--closed", action="store_true", help="close the work in each stage, too")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    use_well()
    if args.threads:
        torch.set_num_threads(args.threads)
    photo = read_photo(args.photo) if args.photo else skimage.data.astronaut()
    begin = time.monotonic()
    engine = Engine()
    loaded = time.monotonic() - begin
    quad = default_crop(photo, engine.domain)
    assert quad is not None, "There is no face in this photo."
    rows: list[dict[str, object]] = []
    with others(args.busy):
        for name in args.budgets:
            options = BUDGETS[name]
            make = lambda options=options: fits(engine, photo, quad, options)  # noqa: E731
            rows += report(name, make, stage_of_fit, args.closed)
        session = engine.open(photo, quad, "quick")
        rows += report("drag", lambda: drags(engine, session), stage_of_drag, args.closed)
        begin = time.monotonic()
        engine.face(3)
        face = time.monotonic() - begin
    table(rows)
    print(f"The model was read in {loaded:.2f} s. A face: {face:.2f} s")
    write(args.json, {"rows": rows, "model read, s": loaded, "face, s": face})


if __name__ == "__main__":
    main()
