"""How far windows are from the whole map, on generators of published size.

    python -m benchmarks.truth.windows_exact

The same random generators and drags as time/drag_speed.py. Features: the largest difference, and
the largest feature. Handles: the largest distance between those of 20 steps in windows and of 20 on
whole maps, and how far they went meanwhile, in px of the picture.
"""

import argparse
from dataclasses import replace

import torch

from drag import State, drag
from drag.patches import gather
from drag.sampler import FeatureSampler
from editor.machine.cores import keep_freed_memory

from ..time.drag_speed import Case, random_generator, seen

STEPS = 20
HEAD = "| side | points | features differ by | of | handles differ by, px | they went, px |"


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
    args = parser.parse_args()
    keep_freed_memory()
    print(f"{HEAD}\n|{'---|' * 6}")
    for side in args.sides:
        for count in (1, 5, 20):
            case = Case(side, count, "none")
            (off, most), (apart, way) = features(case), handles(case)
            print(
                f"| {side} | {count} | {off:.1e} | {most:.1f} | {apart:.4f} | {way:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
