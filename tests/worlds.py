"""Small worlds to drag in: generators with random weights, latents that are positions, pictures."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from drag.patches import Patches, around, gather
from inversion import Inversion, start
from stylegan import Config, Generator

start.START_SAMPLES, start.SHORTLIST = 48, 2  # fits begin with fewer random faces: it is quicker

SMALL = Config(
    resolution=32,
    z_dim=10,
    w_dim=12,
    channel_base=256,
    channel_max=16,
    mapping_layers=3,
    mapping_features=14,
)

SHALLOW = Config(
    resolution=32,
    z_dim=8,
    w_dim=12,
    channel_base=256,
    channel_max=16,
    mapping_layers=2,
    mapping_features=16,
    lr_multiplier=1.0,
)
"""With a mapping that is quick to search, for fits."""


def small_generator(config: Config = SMALL, seed: int = 0) -> Generator:
    """Every tensor random, so that none can be forgotten unseen."""
    source = torch.Generator().manual_seed(seed)
    generator = Generator(config).eval()
    for name, tensor in generator.state_dict().items():
        scale = 1 / config.lr_multiplier if name.startswith("mapping.fc") else 1.0
        tensor.copy_(torch.randn(tensor.shape, generator=source) * scale)
        if name.endswith("affine.bias"):
            tensor.add_(1.0)
    return generator.requires_grad_(False)


def random_ws(generator: Generator, count: int = 1, seed: int = 1) -> Tensor:
    """Another w for every layer."""
    shape = count, generator.config.num_ws, generator.config.w_dim
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def slow(*values: object) -> Any:
    """Arguments of a test that only `make test-all` tries: others show the same quickly."""
    return pytest.param(*values, marks=pytest.mark.slow)


@dataclass(frozen=True)
class Blobs:
    """Two soft blobs on a black map; the latent is where they are.

    Args:
        side: of the picture in px.
        cells: of the feature map.
        places: latent [k] -> positions (x, y) in picture px [2 2].
    """

    places: Callable[[Tensor], Tensor]
    side: int = 64
    cells: int = 32

    def __call__(self, latent: Tensor) -> Tensor:
        """Three channels a blob: its height, and its slopes, so that no two places look alike."""
        scale = self.cells / self.side
        line = torch.arange(self.cells, dtype=latent.dtype)
        y, x = torch.meshgrid(line, line, indexing="ij")
        centre = (self.places(latent) + 0.5) * scale - 0.5
        right = (x - centre[:, 0, None, None]) / (8 * scale)
        down = (y - centre[:, 1, None, None]) / (8 * scale)
        height = torch.exp(-(right.square() + down.square()))
        return torch.stack([height, height * right, height * down], 1).flatten(0, 1)


def free(latent: Tensor) -> Tensor:
    """Latent [4]: both positions, in tenths of the picture."""
    return 64 * 0.1 * latent.reshape(2, 2)


def free_latent(first: tuple[float, float], second: tuple[float, float]) -> Tensor:
    """The latent of ``free`` that shows the blobs at these px."""
    return torch.tensor([*first, *second]) / 6.4


def coupled(latent: Tensor) -> Tensor:
    """Latent [4]: a move of the first blob, and one of both."""
    own, both = 6.4 * latent[:2], 6.4 * latent[2:]
    start = torch.tensor([[20.0, 20.0], [44.0, 44.0]])
    return start + torch.stack([own + both, both])


@dataclass(frozen=True)
class Waves:
    """A texture that differs everywhere; the latent [2] is how far it has moved, in tenths.

    Args:
        flat: the columns left of it show nothing at all.
        side: of the picture in px.
        cells: of the feature map.
    """

    flat: float = 0.0
    side: int = 64
    cells: int = 32

    def __call__(self, latent: Tensor) -> Tensor:
        """Sixteen channels: waves of all directions, 18 to 42 px long."""
        line = (torch.arange(self.cells, dtype=latent.dtype) + 0.5) * self.side / self.cells - 0.5
        y, x = torch.meshgrid(line, line, indexing="ij")
        right, down = x - 6.4 * latent[0], y - 6.4 * latent[1]
        number = torch.arange(16, dtype=latent.dtype)[:, None, None]
        angle, length = 2.4 * number, 18 + 1.6 * number
        along = right * angle.cos() + down * angle.sin()
        return torch.sin(2 * torch.pi * along / length + number) * (right >= self.flat)


def near(features: Tensor, points: Tensor, size: tuple[int, int], reach: float) -> Patches:
    """What a map shows within so many px of points (x, y) px of a picture of this size."""
    grid = tuple(features.shape[1:])
    corners, side = around(points, reach, grid, size)
    return Patches(gather(features, corners, side), corners, grid, size)


def texture(side: int, seed: int = 0) -> np.ndarray:
    """A picture that looks different everywhere, smooth enough to be followed."""
    noise = np.random.default_rng(seed).uniform(0, 255, (side, side, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), side / 32)
    low, high = smooth.min(), smooth.max()
    return ((smooth - low) / (high - low) * 255).astype(np.uint8)


def shifted(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The picture further right and down by these px, mirrored at its edges."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT_101)


def by_step(fits: Iterable[Inversion]) -> list[Inversion]:
    """The last item of each step: while a stage is prepared, a step comes again."""
    return list({fit.step: fit for fit in fits}.values())


def until(fits: Iterable[Inversion], count: int) -> Iterator[Inversion]:
    """A fit that is stopped after so many steps."""
    for fit in fits:
        yield fit
        if fit.step + 1 >= count:
            return
