"""Where a generator's faces have their points, by their w: added to a model's file.

    python -m training.nets.landmark_map weights/embedded/faces.safetensors

Random faces of the model, every second one moved along its axes, are looked at by the nets that
look at photos (photo/nets.py), so that both are measured alike; then a ridge regression. All other
numbers of the file stay bit for bit. Prints the error of held-out faces.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from photo.faces import SURE
from photo.nets import aligned_points
from stylegan import activation, before_activation, to_uint8
from weights.files import PUBLIC
from weights.formats import Model, load, read, write

COUNT, HELD_OUT = 2200, 200  # faces
SEED = 7
MOVED = 0.7  # standard deviations along each axis
RIDGE = 30.0

Inputs = Float[Tensor, "n w+1"]
Places = Float[Tensor, "n 478 2"]


@torch.no_grad()
def seen(model: Model, count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(w before its last activation, points px) of faces that are seen; others are left out."""
    generator, source = model.generator, torch.Generator().manual_seed(SEED)
    for k in range(count):
        z = torch.randn(1, generator.config.z_dim, generator=source)
        linear = before_activation(generator.mapping(z))
        if model.axes is not None and k % 2:
            move = torch.randn(1, len(model.axes), generator=source)
            linear = linear + MOVED * move @ model.axes
        ws = activation(linear)[:, None].expand(-1, generator.config.num_ws, -1)
        points, sure = aligned_points(to_uint8(generator(ws)[0]))
        if sure > SURE:
            yield linear[0], torch.from_numpy(points)


def regression(x: Inputs, y: Places) -> Float[Tensor, "w+1 478 2"]:
    """From inputs to points: least squares with a penalty on the square of the weights."""
    square = x.T @ x + RIDGE * torch.eye(x.shape[1], dtype=x.dtype)
    return torch.linalg.solve(square, x.T @ y.flatten(1)).unflatten(1, y.shape[1:])


def landmark_map(model: Model, count: int = COUNT, held: int = HELD_OUT) -> Tensor:
    """The map of a model; prints its held-out error.

    Raises:
        ValueError: its pictures show too few faces.
    """
    faces = list(seen(model, count))
    if len(faces) < 2 * held + 2:
        raise ValueError("Too few of this model's pictures show a face.")
    linear, y = (torch.stack(part).double() for part in zip(*faces, strict=True))
    x = torch.cat([linear, linear.new_ones(len(linear), 1)], 1)
    found = regression(x[:-held], y[:-held])
    away = (torch.einsum("nw,wpc->npc", x[-held:], found) - y[-held:]).norm(dim=2)
    print(
        f"{len(faces)} of {count} pictures show a face; held out: median {away.median():.2f} px, "
        f"mean {away.mean():.2f} px, 90 % {away.quantile(0.9):.2f} px"
    )
    return found


def add(file: Path, found: Float[Tensor, "w+1 478 2"]) -> None:
    """Put it into a model's file, in half precision, instead of what is there."""
    tensors, facts = read(file)
    write(file, tensors | {"landmarks": found.half()}, facts, PUBLIC)


def main(words: list[str] | None = None) -> None:
    """Look, fit, write."""
    parser = argparse.ArgumentParser(description="Learn where a model's faces have their points.")
    parser.add_argument("model", type=Path, help="one of our own files")
    parser.add_argument("--count", type=int, default=COUNT, help="faces that are looked at")
    args = parser.parse_args(words)
    add(args.model, landmark_map(load(args.model), args.count, min(HELD_OUT, args.count // 10)))


if __name__ == "__main__":
    main()
