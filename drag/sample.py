"""Feature maps read at picture pixels."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def sample(
    features: Float[Tensor, "c h w"], points: Float[Tensor, "*n 2"], size: tuple[int, int]
) -> Float[Tensor, "*n c"]:
    """Features at points (x, y) of a picture of ``size`` (height, width).

    The same numbers as resizing the map to the picture first (bilinear, edges repeated), which
    is what DragGAN does, without making the large map.
    """
    height, width = size
    scale = torch.tensor([2.0 / width, 2.0 / height], dtype=features.dtype, device=features.device)
    grid = (points.to(features) + 0.5) * scale - 1
    flat = grid.reshape(1, 1, -1, 2)
    read = F.grid_sample(features[None], flat, padding_mode="border", align_corners=False)
    return read[0, :, 0].T.reshape(*points.shape[:-1], features.shape[0])


def offsets(radius: float, *, disc: bool) -> Float[Tensor, "k 2"]:
    """Whole-pixel steps (x, y) within a square, or a disc, of this radius; (0, 0) is among them."""
    reach = int(radius)
    line = torch.arange(-reach, reach + 1, dtype=torch.float32)
    steps = torch.cartesian_prod(line, line).reshape(-1, 2).flip(1)
    return steps[steps.norm(dim=1) <= radius] if disc else steps
