"""Whether a process grows that fits photos, drags them, and is stopped: resident memory over time.

    python -m benchmarks.trust.growth --rounds 60

Each round is another photo (another crop, another seed) fitted with a small budget, dragged and
shown; every third fit and every third drag is closed early. Freed memory is kept on purpose (see
editor/machine/cores.py), so that a process first rises to its plateau: the slope is that of the
last two thirds. Tensors: all that Python can reach, after a collection. ``--workers 40`` takes
turns among as many threads as Gradio has for its handlers: OpenMP gives each its own team.
"""

import argparse
import gc
import sys
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import skimage.data
import torch

from editor.engine import Engine
from editor.machine.cores import use_well
from editor.view import closeup, show
from inversion import InvertOptions, ProjectOptions, TuneOptions
from photo import Photo
from photo.crop import box_quad

from ..tables import table, write
from .weights_read import resident

SMALL = InvertOptions(ProjectOptions(steps=8), TuneOptions(steps=4, coarse=2, moves=2))
STEPS = 8  # of a drag
EARLY = (3, 20, 26, 30)  # items after which a fit is closed: in each of its stages
Item = TypeVar("Item")


def taken(work: Iterator[Item], most: int | None) -> Item:
    """The last of so many items, or of all; then the work is closed."""
    *_, last = islice(work, most)
    cast(Generator[Item, None, None], work).close()
    return last


def visit(engine: Engine, number: int) -> None:
    """One photo: fit, drag, show."""
    source = np.random.default_rng(number)
    photo = photo_of(source)
    height, width = photo.shape[:2]
    side = 0.45 * min(height, width)
    left, top = source.uniform(0, (width - side, height - side))
    quad = box_quad(float(left), float(top), float(side))
    options = replace(SMALL, project=replace(SMALL.project, seed=number))
    early = EARLY[number // 3 % len(EARLY)] if number % 3 == 0 else None
    session = engine.begin(photo, quad, taken(engine.invert(photo, quad, options), early))
    start = quad.mean(0)
    end = start + source.uniform(0.05, 0.1, 2) * side
    pair = (start[0], start[1]), (end[0], end[1])
    drag = engine.drag(session, [pair], engine.search().changed(steps=STEPS))
    version = taken(drag, 7 if number % 3 == 1 else None).version or session.now
    show(closeup(session.subject), version)
    show(session.subject, version)
    engine.face(number)


def photo_of(source: np.random.Generator) -> Photo:
    """The astronaut at some size and light."""
    photo = skimage.data.astronaut()
    repeated = np.repeat(np.repeat(photo, 2, 0), 2, 1) if source.random() < 0.5 else photo
    light = source.uniform(0.6, 1.0)
    return (repeated * light).astype(np.uint8)


def tensors() -> tuple[int, float]:
    """(how many there are, MB in all)."""
    gc.collect()
    found = [it for it in gc.get_objects() if issubclass(type(it), torch.Tensor)]
    sizes = {it.untyped_storage().data_ptr(): it.untyped_storage().nbytes() for it in found}
    return len(found), sum(sizes.values()) / 1e6


def main() -> None:
    """Do the rounds, print what they leave."""
    parser = argparse.ArgumentParser(description="Does the engine grow?")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--every", type=int, default=5, help="rounds between two lines")
    parser.add_argument("--threads", type=int, help="of torch; else what the product takes")
    parser.add_argument("--workers", type=int, default=1, help="threads that do the rounds in turn")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    use_well()
    if args.threads:
        torch.set_num_threads(args.threads)
    engine, begin, sizes = Engine(), time.monotonic(), list[float]()
    workers = [ThreadPoolExecutor(1) for _ in range(args.workers)]
    rows: list[dict[str, object]] = []
    for number in range(args.rounds):
        workers[number % args.workers].submit(visit, engine, number).result()
        sizes.append(resident("VmRSS") / 1e6)
        if (number + 1) % args.every == 0:
            count, size = tensors()
            row = {"rounds": number + 1, "s": time.monotonic() - begin, "resident, MB": sizes[-1]}
            rows.append({**row, "tensors": count, "of MB": size})
            print(rows[-1], file=sys.stderr, flush=True)
    late = sizes[len(sizes) // 3 :]
    slope = 10 * float(np.polyfit(np.arange(len(late)), late, 1)[0])
    table(rows)
    print(f"Slope over the last {len(late)} rounds: {slope:+.2f} MB per 10 rounds.")
    write(args.json, {"rows": rows, "MB per 10 rounds": slope})


if __name__ == "__main__":
    main()
