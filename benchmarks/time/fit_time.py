"""Seconds a step of a fit, and whether the time that is announced is the time that it takes.

    python -m benchmarks.time.fit_time --photo me.jpg --sides 256 512 1024

The generators have the size of published ones (StyleGAN2 config-f: 32768 / side channels, 512 at
most) and random weights: how long they take does not depend on what they know. The photo is fitted
with a budget of the product. Announced: seconds in all, as the app says them, once so much of the
work is done; and how far that is from the truth.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from editor.engine import Engine
from inversion import BUDGETS, InvertOptions
from photo import Photo, read_photo
from photo.crop import box_quad
from stylegan import Config, Generator
from weights.formats import Model, save

from ..tables import table, write

LOOKS = (0.05, 0.1, 0.25, 0.5, 0.75)  # shares of the work after which the app is asked


@dataclass(frozen=True)
class Tick:
    """An item of a fit: seconds since its begin, its stage, the share of the work."""

    at: float
    stage: str
    done: float


def random_model(side: int, folder: Path) -> Path:
    """A config-f generator with random weights, as a file."""
    torch.manual_seed(side)
    file = folder / f"random{side}.safetensors"
    save(Model(Generator(Config(resolution=side)).eval(), min(128, side // 2)), file)
    return file


def fit(engine: Engine, photo: Photo, options: InvertOptions) -> list[Tick]:
    """All items of a fit of the middle of the photo."""
    side = min(photo.shape[:2])
    quad = box_quad(-0.5, -0.5, float(side))
    begin = time.monotonic()
    return [
        Tick(time.monotonic() - begin, found.stage, found.done)
        for found in engine.invert(photo, quad, options)
    ]


def rows_of(side: int, ticks: list[Tick]) -> Iterator[dict[str, object]]:
    """The lines of one generator."""
    took = ticks[-1].at
    told = [next(tick.at / tick.done for tick in ticks if tick.done >= look) for look in LOOKS]
    worst = max(abs(seconds / took - 1) for seconds in told)
    said = ", ".join(f"{seconds:.0f}" for seconds in told)
    for stage in dict.fromkeys(tick.stage for tick in ticks):
        times = [tick.at for tick in ticks if tick.stage == stage]
        each = float(np.median(np.diff(times))) if len(times) > 1 else float("nan")
        yield {
            "side": side, "stage": stage, "steps": len(times), "s a step": each,
            "announced after 5, 10, 25, 50, 75 %": said, "took, s": took, "worst": worst,
        }  # fmt: skip


def main() -> None:
    """Fit with each generator, print the table."""
    parser = argparse.ArgumentParser(description="Is the time that is announced the time it takes?")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--fit", choices=tuple(BUDGETS), default="balanced")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    photo, rows = read_photo(args.photo), list[dict[str, object]]()
    with TemporaryDirectory() as folder:
        for side in args.sides:
            engine = Engine(random_model(side, Path(folder)), device="cpu")
            rows += rows_of(side, fit(engine, photo, BUDGETS[args.fit]))
    table(rows)
    write(args.json, {"rows": rows})


if __name__ == "__main__":
    main()
