"""Turn a checkpoint into ``weights/embedded/faces.safetensors``.

    python -m training.export runs/faces/checkpoint.pt FILE --data DATA

Adds statistics of w; the axes of shape, pose and expression: how each of these dimensions of z
moves w on average (by Stein's lemma the covariance of the two, since z is Gaussian), without those
that change who is shown (``DRAGGED`` in renderer/traits.py); and the box of the coordinate head.
Where the faces have their points is added by nets/landmark_map.py.
"""

import argparse
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Generator, before_activation, w_statistics
from weights.formats import Model, save

from .data import Layout, load
from .generator.checkpoint import read_average
from .generator.networks import Networks, cut_to

SAMPLES = 200_000
FEATURE_SIDE = 64


@torch.no_grad()
def drag_axes(generator: Generator, layout: Layout) -> Float[Tensor, "k w"]:
    """The mean derivative of w, before its last activation, by each dimension that a drag moves."""
    z = torch.randn(SAMPLES, layout.z_dim, generator=torch.Generator().manual_seed(0))
    linear = before_activation(generator.mapping(z))
    return z[:, slice(*layout.dragged)].T @ (linear - linear.mean(0)) / SAMPLES


def model(networks: Networks, layout: Layout) -> Model:
    """Networks and all that is known about dragging them."""
    networks = networks.eval().requires_grad_(False)
    generator = networks.generator
    statistics = w_statistics(generator.mapping)
    generator.mapping.w_avg.copy_(statistics.w_avg)
    return Model(
        generator,
        min(FEATURE_SIDE, generator.config.resolution // 2),
        drag_axes(generator, layout),
        coordinates=networks.coordinates,
        box=layout.box,
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
    save(model(cut_to(networks, side), load(args.data)[0].layout), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
