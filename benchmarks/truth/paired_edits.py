"""Drags whose right answer is known: two renders of one face, one factor of it moved.

    python -m benchmarks.truth.paired_edits --assets makehuman-data.zip --features squeezenet.pth

The handles are landmarks of the first render, the targets the same of the second (exact, from the
mesh). The product drags the generator's picture of the first code; its result is compared with the
generator's picture of the second code and with the second render: MSE of pictures in [0, 1] times
100 (as DragGAN's table has it) and SqueezeNet-feature distance, without and with the drag.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from editor.engine import Engine
from photo import crop
from stylegan import from_uint8
from training.generator.losses import SqueezeFeatures
from training.renderer.assets import read_assets
from training.renderer.pairs import Pair, pairs
from training.renderer.portrait import Portraits

from ..arrive.landmarks import dragged
from ..tables import command, means, transposed, write
from .model_quality import resized

SEED = 2
POINTS = (30, 8, 36, 45, 48, 54, 51, 57, 19, 24, 37, 41, 44, 46)  # of iBUG's
"""Nose tip, chin, eye and mouth corners, lips, brows, lids."""


def trial(engine: Engine, pair: Pair, features: SqueezeFeatures) -> dict[str, float]:
    """The figures of one pair."""
    own = pair.pictures.shape[1]
    before, goal = (crop.resized(marks[list(POINTS)], own, engine.side) for marks in pair.landmarks)
    ws, wanted = engine.generator.style(torch.from_numpy(pair.z)).unbind(0)
    after, seconds = dragged(engine, ws, before, goal)
    found = {"seconds": seconds}
    answers = {"generated": engine.picture(wanted), "render": pair.pictures[1]}
    for edit, latent in (("no edit", ws), ("drag", after)):
        picture = engine.picture(latent)
        for answer, right in answers.items():
            figures = away(picture, right, features)
            for name, figure in zip(("MSE", "SqueezeNet"), figures, strict=True):
                found[f"{edit}, {name} to {answer}"] = figure
    return found


@torch.no_grad()
def away(a: np.ndarray, b: np.ndarray, features: SqueezeFeatures) -> tuple[float, float]:
    """(MSE times 100, SqueezeNet-feature distance) at the larger picture's size."""
    side = max(len(a), len(b))
    pictures = [resized(from_uint8(picture)[None], side) for picture in (a, b)]
    error = ((pictures[0] - pictures[1]) / 2).square().mean()
    return 100 * float(error), float(features(pictures[0], pictures[1]))


def trials(engine: Engine, args: argparse.Namespace) -> Iterator[tuple[str, dict[str, float]]]:
    """(factor, figures) of each pair."""
    features = SqueezeFeatures(args.features)
    for pair in pairs(Portraits(read_assets(args.assets)), args.pairs, SEED):
        yield pair.factor, trial(engine, pair, features)


def table(results: list[tuple[str, dict[str, float]]]) -> list[dict[str, object]]:
    """Print means over all pairs and over those of each factor; the rows are returned."""
    factors = ["all", *dict.fromkeys(factor for factor, _ in results)]
    found = {f: means([row for name, row in results if f in ("all", name)], 4) for f in factors}
    return transposed(found)


def main() -> None:
    """Drag, print the table, write the figures."""
    parser = command("Drags whose right answer is known.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.0 weights")
    parser.add_argument("--pairs", type=int, default=60)
    args = parser.parse_args()
    engine = Engine(args.model, device="cpu")
    results = list(tqdm(trials(engine, args), total=args.pairs))
    rows = table(results)
    write(args.json, {"pairs": len(results), "rows": rows})


if __name__ == "__main__":
    main()
