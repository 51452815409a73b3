"""How far the encoder's first guess is from a photo, and how many steps of the search it saves.

    python -m benchmarks.keep.encoder --data DATA --features squeezenet.pth --photos FOLDER

The SqueezeNet-feature distance, the L1 and the product's distance of G(w) to the crop, for w_avg,
for the nearest of some random faces (where the product starts without an encoder) and for the
encoder's w: on held-out renders, and on the faces of photos. Steps: how many the product's search
needs without an encoder until its picture is, by the product's distance, as close as the encoder's.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from editor.engine import Engine
from editor.engine import faces as find
from inversion import BUDGETS, ProjectionTarget
from inversion.encoder import Encoder, build
from inversion.project import SEARCH_SIDE, project
from inversion.start import starts
from photo import PhotoError, read_photo
from photo.align import face_quad
from training.data import load
from training.generator.losses import SqueezeFeatures
from weights.aux_nets import ENCODER, digest, load_small

from ..tables import command, means, transposed, write
from ..truth.model_quality import resized

SEED = 60_000_000
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}

Crop = Float[Tensor, "3 s s"]


class Starts:
    """Ways to begin a search for the w of a crop."""

    def __init__(self, engine: Engine, encoder: Encoder, features: SqueezeFeatures):
        self.engine, self.encoder, self.features = engine, encoder, features

    @torch.no_grad()
    def compare(self, crop: Crop) -> dict[str, float]:
        """The figures of one crop."""
        statistics = self.engine.statistics
        distance = self.engine.fitter.distance
        goal = ProjectionTarget(self.engine.generator, statistics, crop, distance)
        small, source = goal.small(SEARCH_SIDE), torch.Generator().manual_seed(SEED)
        *_, (_, v) = starts(small, source, None)
        near = statistics.to_w(v[None])
        guess = self.encoder(crop[None])
        found: dict[str, float] = {}
        ways = {"w_avg": statistics.w_avg[None], "nearest": near, "encoder": guess}
        for name, w in ways.items():
            made = goal.pictures(w).clamp(-1, 1)
            found[f"{name}, SqueezeNet"] = float(self.features(made, crop[None]))
            found[f"{name}, L1"] = float((made - crop).abs().mean())
            found[f"{name}, product's"] = float(small.distances(w))
        found["steps"] = steps(goal, found["encoder, product's"])
        return found


@torch.enable_grad()
def steps(goal: ProjectionTarget, enough: float) -> int:
    """Steps of the search without a guess to a picture as close as this; at most the product's."""
    options = BUDGETS["balanced"].project
    close = (pivot.step for pivot in project(goal, options) if pivot.distance <= enough)
    return next(close, options.steps)


def renders(data: Path, count: int, side: int) -> Iterator[Crop]:
    """Held-out renders."""
    _, held = load(data)
    for index in torch.arange(min(count, len(held))):
        yield resized(held.batch(index[None], held.layout.side), side)[0]


def photographed(folder: Path, engine: Engine) -> Iterator[Crop]:
    """The largest face of each photo in a folder."""
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in PICTURES:
            try:
                photo = read_photo(file)
                yield engine.crop(photo, face_quad(find(photo)[0].eyes_and_mouth))
            except (PhotoError, IndexError):
                print(f"{file.name}: no face was found")


def table(rows: dict[str, list[dict[str, float]]]) -> list[dict[str, object]]:
    """Means, printed as a table."""
    found = {name: means(ones, 3) for name, ones in rows.items() if ones}
    return transposed({f"{name} ({len(rows[name])})": row for name, row in found.items()})


def main() -> None:
    """Measure, print, write."""
    parser = command("Measure the encoder's first guess.")
    parser.add_argument("--data", type=Path, required=True, help="folder of renders")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.0 weights")
    parser.add_argument("--photos", type=Path, help="folder of photos")
    parser.add_argument("--encoder", type=Path, default=ENCODER)
    parser.add_argument("--count", type=int, default=100, help="of renders")
    args = parser.parse_args()
    engine = Engine(args.model, device="cpu")
    encoder = build(*load_small(args.encoder))
    if encoder.mapping != digest(engine.generator.mapping.state_dict()):
        print("This encoder belongs to another model: its guesses mean nothing here.")
    starts = Starts(engine, encoder, SqueezeFeatures(args.features))
    crops = {"renders": list(renders(args.data, args.count, engine.side))}
    if args.photos:
        crops["photos"] = list(photographed(args.photos, engine))
    rows = {
        name: [starts.compare(crop) for crop in tqdm(ones, desc=name)]
        for name, ones in crops.items()
    }
    write(args.json, {"rows": table(rows)})


if __name__ == "__main__":
    main()
