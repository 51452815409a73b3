"""Turn a checkpoint into ``weights/faces.safetensors``.

    python -m training.export runs/faces/checkpoint.pt weights/faces.safetensors --data DATA

Adds w_avg; the axes of shape, pose and expression: how each of these dimensions of z moves w on
average (by Stein's lemma the covariance of the two, since z is Gaussian); and where the landmarks
are, a ridge regression from w.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Generator, before_activation, w_statistics
from weights import Model, save

from .data import Faces, load
from .train import SHAPE

GEOMETRY = slice(6, 124)  # identity, pose, mouth, brows, lids, gaze: see the data's layout.json
SAMPLES = 200_000
FEATURE_SIDE = 64
RIDGE = 10.0


@torch.no_grad()
def geometry_axes(generator: Generator) -> Float[Tensor, "k w"]:
    """The mean derivative of w, before its last activation, by each geometric dimension of z."""
    z = torch.randn(SAMPLES, SHAPE.z_dim, generator=torch.Generator().manual_seed(0))
    linear = before_activation(generator.mapping(z))
    return z[:, GEOMETRY].T @ (linear - linear.mean(0)) / SAMPLES


@torch.no_grad()
def landmark_map(generator: Generator, faces: Faces, held: Faces) -> Float[Tensor, "w+1 points 2"]:
    """Ridge regression from w to the landmarks of the renders; prints its held-out error."""

    def inputs(part: Faces) -> Float[Tensor, "n w+1"]:
        linear = before_activation(generator.mapping(part.z)).double()
        return torch.cat([linear, linear.new_ones(len(linear), 1)], 1)

    x, y = inputs(faces), faces.landmarks.flatten(1).double()
    found = torch.linalg.solve(x.T @ x + RIDGE * torch.eye(x.shape[1]), x.T @ y)
    away = (inputs(held) @ found - held.landmarks.flatten(1)).reshape(len(held), -1, 2).norm(dim=2)
    print(f"landmarks: median error {away.median():.2f} px, 90 % {away.quantile(0.9):.2f} px")
    return found.reshape(x.shape[1], -1, 2).float()


def read_checkpoint(file: Path) -> Generator:
    """The averaged generator of a checkpoint, at the resolution it has grown to."""
    state = torch.load(file, weights_only=True)["average"]
    sides = [int(name.split(".")[1][1:]) for name in state if name.startswith("synthesis.")]
    generator = Generator(replace(SHAPE, resolution=max(sides)))
    generator.load_state_dict(state)
    generator.mapping.w_avg.copy_(w_statistics(generator.mapping).w_avg)
    return generator.eval().requires_grad_(False)


def main() -> None:
    """Read, measure, write."""
    parser = argparse.ArgumentParser(description="Turn a checkpoint into a safetensors model.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of *.npz.zip shards")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    args = parser.parse_args()
    generator = read_checkpoint(args.checkpoint)
    side = min(FEATURE_SIDE, generator.config.resolution // 2)
    faces, held = load(args.data, args.cache, SHAPE.resolution)
    scale = generator.config.resolution / SHAPE.resolution
    landmarks = landmark_map(generator, faces, held) * scale
    save(Model(generator, side, geometry_axes(generator), landmarks), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
