"""The motion between two pictures of one face: read from what they show, and by optical flow.

    python -m benchmarks.arrive.correspondence --assets makehuman-data.zip --pairs 200

Faces that no training has seen, one factor (pose or expression) moved. The renderer knows where
each point went; errors are px of a 256 px picture, over the points that both pictures show. The
generator paints its own pictures of both codes: where they differ from the renders, that is part
of the error of all that looks at them. ``DIS, renders`` looks at the renders themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from tqdm import tqdm

from stylegan import to_uint8
from training.renderer.assets import read_assets
from training.renderer.pairs import Pair, pairs
from training.renderer.portrait import Portraits
from transfer.correspondence import CoordinateMap, coordinate_map, motion_between
from transfer.flow import FLOW_SIDE, dis_flow, grey, pixels, sample
from weights.formats import Model, load

from ..tables import command, write
from ..tables import table as print_table

SIDE = 256
SEED = 1
SHOWN = 12  # pairs of the sheet
MOVING = 1.0  # px; less is hardly a motion
BRIGHT = 50.0  # of 255, for each px of error on the sheet

Flow = Float32[np.ndarray, "256 256 2"]
Picture = UInt8[np.ndarray, "256 256 3"]
Errors = dict[str, Float[np.ndarray, "256 256"]]


@dataclass(frozen=True)
class Trial:
    """A pair, what the generator makes of it, and how far each way to see its motion is off."""

    pair: Pair
    painted: tuple[Picture, Picture]
    motions: dict[str, Flow]

    def errors(self, name: str) -> Float32[np.ndarray, " n"]:
        """Px between the motion seen and the truth, of the points that both renders show."""
        return self.away(name)[self.pair.visible]

    def away(self, name: str) -> Float32[np.ndarray, "256 256"]:
        """The same for all px."""
        return np.linalg.norm(self.motions[name] - self.pair.motion, axis=2)

    def length(self) -> Float32[np.ndarray, " n"]:
        """How far the points that both renders show really move, in px."""
        return np.linalg.norm(self.pair.motion, axis=2)[self.pair.visible]


@torch.no_grad()
def paint(model: Model, z: Float32[np.ndarray, "n z"]) -> tuple[list[Picture], list[CoordinateMap]]:
    """The generator's pictures of some codes, enlarged to 256 px, and what they show."""
    generator, head, box = model.generator, model.coordinates, model.box
    assert head is not None, "This model paints no coordinates."
    assert box is not None
    pictures: list[Picture] = []
    maps: list[CoordinateMap] = []
    for code in torch.from_numpy(z):
        ws = generator.style(code[None])
        features = dict(generator.maps(ws))
        picture = to_uint8(generator.picture(features, ws)[0])
        pictures.append(enlarged(picture))
        maps.append(coordinate_map(head(features, ws)[0], box))
    return pictures, maps


def enlarged(picture: UInt8[np.ndarray, "s s 3"]) -> Picture:
    """A generator's picture at 256 px."""
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def flow(before: Picture, after: Picture) -> Flow:
    """Motion by dense optical flow (DIS), in px of the 256 px picture."""
    fine = dis_flow(grey(before), grey(after)) * (SIDE / FLOW_SIDE)
    return cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def trials(model: Model, assets: Path, count: int) -> Iterator[Trial]:
    """Pairs and all the ways to see their motion."""
    portraits = Portraits(read_assets(assets))
    for pair in pairs(portraits, count, SEED):
        (before, after), maps = paint(model, pair.z)
        yield Trial(
            pair,
            (before, after),
            {
                "coordinate heads": motion_between(*maps).resized(SIDE).flow,
                "DIS, generated": flow(before, after),
                "DIS, renders": flow(*pair.pictures),
                "no motion": np.zeros((SIDE, SIDE, 2), np.float32),
            },
        )


def figures(results: list[Trial], name: str) -> dict[str, float]:
    """One row: of all points together, then of those alone that move."""
    errors = np.concatenate([trial.errors(name) for trial in results])
    moving = np.concatenate([trial.length() for trial in results]) > MOVING
    parts = {"": errors, "moving ": errors[moving]}
    found: dict[str, float] = {}
    for part, here in parts.items():
        found |= {
            f"{part}mean": round(float(here.mean()), 3),
            f"{part}median": round(float(np.median(here)), 3),
            f"{part}share < 1 px": round(float((here < 1).mean()), 3),
        }
    return found


def table(results: list[Trial]) -> list[dict[str, object]]:
    """The rows, printed as a table."""
    rows: list[dict[str, object]] = [
        {"motion": name, **figures(results, name)} for name in results[0].motions
    ]
    print_table(rows)
    return rows


def sheet(results: list[Trial], file: Path) -> None:
    """Before, after, after brought back by the coordinates and by DIS, and the errors of both."""
    lines: list[np.ndarray] = []
    for trial in results[:SHOWN]:
        line = list(trial.painted)
        errors: list[np.ndarray] = []
        for name in ("coordinate heads", "DIS, generated"):
            places = pixels(SIDE, SIDE) + trial.motions[name]
            line.append(sample(trial.painted[1], places, border=cv2.BORDER_REPLICATE))
            bright = np.clip(BRIGHT * trial.away(name) * trial.pair.visible, 0, 255)
            errors.append(np.repeat(bright[..., None], 3, axis=2).astype(np.uint8))
        lines.append(np.hstack([*line, *errors]))
    Image.fromarray(np.vstack(lines)).save(file)


def main() -> None:
    """Run, print the table, write the figures."""
    parser = command("Measure motion between pictures of one face.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet")
    args = parser.parse_args()
    model = load(args.model)
    results = list(tqdm(trials(model, args.assets, args.pairs), total=args.pairs))
    rows = table(results)
    write(args.json, {"pairs": len(results), "rows": rows})
    if args.sheet:
        sheet(results, args.sheet)


if __name__ == "__main__":
    main()
