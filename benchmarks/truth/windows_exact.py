"""How far windows are from the whole map, on generators of published size.

    python -m benchmarks.truth.windows_exact

The same random generators and drags as time/drag_speed.py. Features: the largest difference, and
the largest feature. Handles: the largest distance between those of 20 steps in windows and of 20 on
whole maps, and how far they went meanwhile, in px of the picture.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

from drag import State, drag
from drag.patches import gather
from drag.sampler import FeatureSampler
from editor.machine.cores import keep_freed_memory

from ..tables import table, write
from ..time.drag_speed import Case, random_generator, seen

STEPS = 20


@torch.no_grad()
def features(case: Case) -> tuple[float, float]:
    """(largest difference, largest feature) in the squares that a first step reads."""
    generator, ws = random_generator(case.resolution)
    shown, edit = seen(case, generator, ws), case.edit()
    whole = shown(shown.start)
    view = FeatureSampler.of(shown, shown.windows, whole, edit, case.options)
    corners, side = view.squares(edit.handles)
    off = shown.windows(shown.start, corners, side) - gather(whole, corners, side)
    return float(off.abs().max()), float(whole.abs().max())


def handles(case: Case) -> tuple[float, float]:
    """(largest distance between the two ways, largest way) over all steps."""
    generator, ws = random_generator(case.resolution)
    shown, edit = seen(case, generator, ws), case.edit()
    options = replace(case.options, steps=STEPS)
    both: list[list[State]] = [
        list(drag(shown, shown.start, edit, options, windows)) for windows in (shown.windows, None)
    ]
    off = [(a.handles - b.handles).norm(dim=1).max() for a, b in zip(*both, strict=True)]
    way = (both[1][-1].handles - edit.handles).norm(dim=1).max()
    return float(torch.stack(off).max()), float(way)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How far windows are from the whole map.")
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    keep_freed_memory()
    rows: list[dict[str, object]] = []
    for side in args.sides:
        for count in (1, 5, 20):
            case = Case(side, count, "none")
            (off, most), (apart, way) = features(case), handles(case)
            looked = {"features differ by": off, "of": most}
            went = {"handles differ by, px": apart, "they went, px": way}
            rows.append({"side": side, "points": count, **looked, **went})
            print(f"{side} px, {count} points", file=sys.stderr, flush=True)
    table(rows)
    write(args.json, {"rows": rows})


if __name__ == "__main__":
    main()
