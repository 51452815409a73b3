"""Turn a checkpoint into ``weights/embedded/faces.safetensors``.

    python -m training.export runs/faces/checkpoint.pt FILE --data DATA

Adds statistics of w; the axes of shape, pose and expression: how each of these dimensions of z
moves w on average (by Stein's lemma the covariance of the two, since z is Gaussian); where the
landmarks are, a ridge regression from w; and the box of the coordinate head.
"""

import argparse
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from photo.crop import resized
from stylegan import Generator, before_activation, w_statistics
from weights.formats import Model, save

from .data import Faces, Layout, load
from .generator.checkpoint import read_average
from .generator.networks import Networks, cut_to

SAMPLES = 200_000
FEATURE_SIDE = 64
RIDGE = 10.0


@torch.no_grad()
def geometry_axes(generator: Generator, layout: Layout) -> Float[Tensor, "k w"]:
    """The mean derivative of w, before its last activation, by each geometric dimension of z."""
    z = torch.randn(SAMPLES, layout.z_dim, generator=torch.Generator().manual_seed(0))
    linear = before_activation(generator.mapping(z))
    return z[:, slice(*layout.geometry)].T @ (linear - linear.mean(0)) / SAMPLES


@torch.no_grad()
def landmark_map(generator: Generator, faces: Faces, held: Faces) -> Float[Tensor, "w+1 points 2"]:
    """Ridge regression from w to the landmarks in px of its pictures; prints its held-out error."""
    side = generator.config.resolution

    def inputs(part: Faces) -> Float[Tensor, "n w+1"]:
        linear = before_activation(generator.mapping(part.z)).double()
        return torch.cat([linear, linear.new_ones(len(linear), 1)], 1)

    def outputs(part: Faces) -> Float[Tensor, "n points*2"]:
        return resized(part.landmarks, part.layout.side, side).flatten(1).double()

    x, y = inputs(faces), outputs(faces)
    found = torch.linalg.solve(x.T @ x + RIDGE * torch.eye(x.shape[1]), x.T @ y)
    away = (inputs(held) @ found - outputs(held)).reshape(len(held), -1, 2).norm(dim=2)
    print(f"landmarks: median error {away.median():.2f} px, 90 % {away.quantile(0.9):.2f} px")
    return found.reshape(x.shape[1], -1, 2).float()


def model(networks: Networks, faces: Faces, held: Faces) -> Model:
    """Networks and all that is known about dragging them."""
    networks = networks.eval().requires_grad_(False)
    generator, layout = networks.generator, faces.layout
    statistics = w_statistics(generator.mapping)
    generator.mapping.w_avg.copy_(statistics.w_avg)
    return Model(
        generator,
        min(FEATURE_SIDE, generator.config.resolution // 2),
        geometry_axes(generator, layout),
        landmark_map(generator, faces, held),
        networks.coordinates,
        layout.box,
        statistics=statistics,
    )


def main(words: list[str] | None = None) -> None:
    """Read, measure, write."""
    parser = argparse.ArgumentParser(description="Turn a checkpoint into a safetensors model.")
    parser.add_argument(
        "checkpoint",
        type=Path,
        help="of training.generator.train or training.generator.adversarial",
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    args = parser.parse_args(words)
    networks, side = read_average(args.checkpoint)
    save(model(cut_to(networks, side), *load(args.data)), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
