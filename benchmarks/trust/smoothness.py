"""How smoothly the generator's picture follows its code.

    python -m benchmarks.trust.smoothness --data DATA --features squeezenet.pth --sheet walk.png

Perceptual path length (Karras et al. 2019) along one factor of z: the SqueezeNet-feature distance
of the pictures of two codes STEP apart, divided by STEP squared. Steps of the same size in random
directions of z give the scale. Then a walk of 60 frames through the w of four faces and back:
a tear would be a frame that differs from the one before by far more than the others do.
"""

import json
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from stylegan import Generator, to_uint8
from training.generator.losses import SqueezeFeatures
from weights.formats import load

from ..tables import command, table, write

STEP = 1e-2
FACTORS = {"pose": "yaw", "smile": "smile", "blink": "lids"}  # names in layout.json
SEED = 50_000_000
FACES_ON_THE_WAY, FRAMES, COLUMNS = 4, 60, 12
SHEET_SIDE = 128  # px of a frame on the sheet
PSI = 0.8


def direction(dims: list[int], z_dim: int) -> Float[Tensor, " z"]:
    """One unit along a factor's first dimension."""
    unit = torch.zeros(z_dim)
    unit[dims[0]] = 1
    return unit


@torch.no_grad()
def path_lengths(
    generator: Generator, along: Float[Tensor, "n z"], features: SqueezeFeatures
) -> Float[np.ndarray, " n"]:
    """The path length at each of n random codes, each in its direction."""
    source = torch.Generator().manual_seed(SEED)
    found: list[float] = []
    for unit in along:
        z = torch.randn(generator.config.z_dim, generator=source)
        near, far = generator(generator.style(torch.stack([z, z + STEP * unit]))).split(1)
        found.append(float(features(far, near)) / STEP**2)
    return np.array(found)


def lengths(
    generator: Generator, facts: dict[str, list[int]], count: int, features: SqueezeFeatures
) -> dict[str, dict[str, float]]:
    """Mean, median and the largest path length along each factor and in random directions."""
    z_dim, source = generator.config.z_dim, torch.Generator().manual_seed(SEED + 1)
    ways = {name: direction(facts[key], z_dim).expand(count, -1) for name, key in FACTORS.items()}
    others = torch.randn(count, z_dim, generator=source)
    ways["any direction"] = others / others.norm(dim=1, keepdim=True)
    rows: dict[str, dict[str, float]] = {}
    for name, along in ways.items():
        found = path_lengths(generator, along, features)
        rows[name] = {"mean": found.mean(), "median": np.median(found), "largest": found.max()}
    return {name: {k: round(float(v), 3) for k, v in row.items()} for name, row in rows.items()}


@torch.no_grad()
def walk(generator: Generator) -> Float[Tensor, "frames 3 s s"]:
    """Frames on the way through some faces and back to the first."""
    source = torch.Generator().manual_seed(SEED + 2)
    z = torch.randn(FACES_ON_THE_WAY, generator.config.z_dim, generator=source)
    stops = generator.style(z, PSI)
    frames: list[Tensor] = []
    for k in range(FRAMES):
        place = k * FACES_ON_THE_WAY / FRAMES
        before, share = int(place), place % 1
        ws = stops[before].lerp(stops[(before + 1) % FACES_ON_THE_WAY], share)
        frames.append(generator(ws[None])[0].clamp(-1, 1))
    return torch.stack(frames)


@torch.no_grad()
def changes(frames: Float[Tensor, "n 3 s s"], features: SqueezeFeatures) -> dict[str, float]:
    """Median and largest change from a frame to the next: L1 and SqueezeNet-feature distance."""
    pairs = list(zip(frames, frames.roll(-1, 0), strict=True))
    l1 = np.array([float((a - b).abs().mean()) for a, b in pairs])
    seen = np.array([float(features(a[None], b[None])) for a, b in pairs])
    found = {
        "l1 median": np.median(l1), "l1 largest": l1.max(), "frame of it": l1.argmax(),
        "squeezenet median": np.median(seen), "squeezenet largest": seen.max(),
    }  # fmt: skip
    return {name: round(float(value), 4) for name, value in found.items()}


def sheet(frames: Float[Tensor, "n 3 s s"], file: Path) -> None:
    """All frames in rows."""
    small = torch.nn.functional.interpolate(frames, (SHEET_SIDE,) * 2, mode="area")
    pictures = [to_uint8(frame) for frame in small]
    rows = [np.hstack(pictures[k : k + COLUMNS]) for k in range(0, FRAMES, COLUMNS)]
    Image.fromarray(np.vstack(rows)).save(file)


def main() -> None:
    """Measure, print, write."""
    parser = command("Measure how smooth the generator is.")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.0 weights")
    parser.add_argument("--codes", type=int, default=100)
    parser.add_argument("--sheet", type=Path, help="write the walk's frames")
    args = parser.parse_args()
    generator, features = load(args.model).generator, SqueezeFeatures(args.features)
    dims = json.loads((args.data / "layout.json").read_text("utf-8"))["dims"]
    found = lengths(generator, dims, args.codes, features)
    rows = [{"path length along": name, **row} for name, row in found.items()]
    table(rows)
    frames = walk(generator)
    jumps = changes(frames, features)
    print("\nWalk, from a frame to the next: " + ", ".join(f"{k} {v}" for k, v in jumps.items()))
    write(args.json, {"codes": args.codes, "rows": rows, "walk": jumps})
    if args.sheet:
        sheet(frames, args.sheet)


if __name__ == "__main__":
    main()
