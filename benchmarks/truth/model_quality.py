"""The generator's pictures beside renders: L1, SqueezeNet-feature distance, Frechet distance.

    python -m benchmarks.truth.model_quality --data DATA --features squeezenet.pth --json out.json

Of held-out codes, so L1 and the feature distance compare a picture with the render that it should
be. The Frechet distance compares two crowds, by their pooled SqueezeNet features: it is not the
FID, whose features are Inception's. Its floor is that of renders against other renders. A model of
another z than the data's (``--model``) has a Frechet distance only, against whatever renders
``--data`` holds. Compare models at one ``--side``.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torchvision.models import inception_v3

from stylegan import Generator, to_uint8
from training.data import Faces, load
from training.generator.losses import SqueezeFeatures
from weights.formats import load as load_model

from ..tables import command, table, write

BATCH = 10
INCEPTION_SIDE = 299  # px
COLUMNS, ROWS = 6, 2
SEED = 30_000_000

Pictures = Float[Tensor, "n 3 s s"]


def pooled(features: SqueezeFeatures, pictures: Pictures) -> Float[Tensor, "n 512"]:
    """SqueezeNet's last features, their mean over each picture."""
    bgr = pictures.flip(1).clamp(-1, 1) * 127.5 + 127.5 - features.mean
    return features.layers(bgr).mean((2, 3))


def inception(file: Path) -> Callable[[Pictures], Float[Tensor, "n 2048"]]:
    """What makes torchvision's Inception v3 features (Szegedy et al. 2016), as trained on ImageNet.

    Args:
        file: its weights, as torchvision names them.
    """
    network = inception_v3(init_weights=False)
    network.load_state_dict(torch.load(file, weights_only=True))
    network.register_module("fc", torch.nn.Identity())
    network.eval()  # it takes pictures in [-1, 1]
    return lambda pictures: network(resized(pictures, INCEPTION_SIDE))


def frechet(a: Float[Tensor, "n f"], b: Float[Tensor, "m f"]) -> float:
    """Distance of two normal distributions of features (Frechet 1957; Heusel et al. 2017)."""
    a, b = a.double(), b.double()
    root = _root(torch.cov(a.T))
    other = torch.cov(b.T)
    shared = torch.linalg.eigvalsh(root @ other @ root).clamp(min=0).sqrt().sum()
    means = (a.mean(0) - b.mean(0)).square().sum()
    return float(means + torch.cov(a.T).trace() + other.trace() - 2 * shared)


def _root(matrix: Float[Tensor, "f f"]) -> Float[Tensor, "f f"]:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def resized(pictures: Pictures, side: int) -> Pictures:
    """Pictures of any size at this one; averaged where they are larger."""
    if pictures.shape[-1] == side:
        return pictures
    return F.interpolate(pictures, (side, side), mode="bilinear", antialias=True)


@torch.no_grad()
def measure(
    generator: Generator, faces: Faces, others: Faces, features: SqueezeFeatures, side: int
) -> dict[str, float]:
    """All figures; ``others`` are renders for the floor of the Frechet distance."""
    paired = generator.config.z_dim == faces.layout.z_dim
    crowds: tuple[list[Tensor], ...] = ([], [], [])
    away: list[tuple[float, float]] = []
    for index in torch.arange(min(len(faces), len(others))).split(BATCH):
        z = faces.codes(index) if paired else drawn(generator, index)
        made = resized(generator(generator.style(z)), side).clamp(-1, 1)
        renders = [resized(some.batch(index, faces.layout.side), side) for some in (faces, others)]
        for crowd, pictures in zip(crowds, (made, *renders), strict=True):
            crowd.append(pooled(features, pictures))
        if paired:
            l1 = float((made - renders[0]).abs().mean())
            away.append((l1, float(features(made, renders[0]))))
    made, held, other = (torch.cat(crowd) for crowd in crowds)
    found = {"pictures": len(made), "side": side, "frechet": frechet(made, held)}
    found["frechet of other renders"] = frechet(other, held)
    if paired:
        l1, distance = np.mean(away, axis=0)
        found |= {"l1": float(l1), "squeezenet": float(distance)}
    return {name: round(value, 4) for name, value in found.items()}


def drawn(generator: Generator, index: Tensor) -> Float[Tensor, "n z"]:
    """Random codes for a model that the data's codes mean nothing to."""
    source = torch.Generator().manual_seed(SEED + int(index[0]))
    return torch.randn(len(index), generator.config.z_dim, generator=source)


@torch.no_grad()
def sheet(generator: Generator, faces: Faces, file: Path) -> None:
    """Renders, and under each what the generator paints of its code."""
    lines: list[np.ndarray] = []
    for index in torch.arange(min(len(faces), COLUMNS * ROWS)).split(COLUMNS):
        side = faces.layout.side
        made = resized(generator(generator.style(faces.codes(index))), side)
        lines += [
            np.hstack([to_uint8(p) for p in part]) for part in (faces.batch(index, side), made)
        ]
    Image.fromarray(np.vstack(lines)).save(file)


def main() -> None:
    """Measure, print, write."""
    parser = command("Compare a generator's pictures with renders.")
    parser.add_argument("--data", type=Path, required=True, help="folder of renders")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.0 weights")
    parser.add_argument("--side", type=int, help="px of the comparison (default: the renders')")
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet")
    args = parser.parse_args()
    generator = load_model(args.model).generator
    others, held = load(args.data)
    side = args.side or held.layout.side
    found = measure(generator, held, others, SqueezeFeatures(args.features), side)
    table([found])
    write(args.json, {"model": args.model.name, "rows": [found]})
    if args.sheet:
        sheet(generator, held, args.sheet)


if __name__ == "__main__":
    main()
