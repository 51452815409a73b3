"""How alike two pictures look: learned features where they are at hand, else pixels and edges."""

import warnings
from collections.abc import Callable
from math import log10
from pathlib import Path
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

BACKBONE = "squeezenet1_1-b8a52dc0.pth"
BACKBONE_SIDE = 64  # px; LPIPS needs at least this much
LEVELS = 4

Images = Float[Tensor, "n 3 r r"]
Distance = Callable[[Images, Images, Float[Tensor, "n 1 r r"]], Float[Tensor, " n"]]


def psnr(a: Float[Tensor, "*s"], b: Float[Tensor, "*s"]) -> float:
    """Peak signal-to-noise ratio of pictures in [-1, 1], in dB; 120 if they are equal."""
    return -10 * log10(max(float((a - b).square().mean()) / 4, 1e-12))


def pixel_distance(a: Images, b: Images, weight: Float[Tensor, "n 1 r r"]) -> Float[Tensor, " n"]:
    """Weighted L1 of a pyramid of pixels and of their gradients, a mean over levels."""
    total = a.new_zeros(len(a))
    for level in range(LEVELS):
        if level:
            a, b, weight = (F.avg_pool2d(x, 2) for x in (a, b, weight))
        mass = weight.sum((1, 2, 3)) * a.shape[1]
        error = a - b
        total = total + (error.abs() * weight).sum((1, 2, 3)) / mass
        across = error.diff(dim=3).abs() * weight[..., 1:]
        down = error.diff(dim=2).abs() * weight[..., 1:, :]
        total = total + (across.sum((1, 2, 3)) + down.sum((1, 2, 3))) / mass
    return total / LEVELS


def backbone_file() -> Path:
    """Where torch keeps LPIPS's backbone once it has been downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / BACKBONE


def choose(device: torch.device) -> tuple[Distance, str]:
    """(the best distance at hand for pictures on this device, a sentence about it).

    Downloads nothing.
    """
    if not backbone_file().is_file():
        return pixel_distance, f"pixels and edges (LPIPS needs {backbone_file()})"
    network = _lpips().to(device)

    def perceptual(a: Images, b: Images, weight: Tensor) -> Tensor:
        side = max(BACKBONE_SIDE, a.shape[-1])
        large = [F.interpolate(x, size=(side, side), mode="bilinear") for x in (a, b)]
        seen = cast(Tensor, network(*large)).flatten(1).mean(1)
        return pixel_distance(a, b, weight) + seen

    return perceptual, "LPIPS (SqueezeNet), pixels and edges"


def _lpips() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips calls torchvision's deprecated arguments
        import lpips  # here: it takes two seconds, and is of no use without the backbone

        network = lpips.LPIPS(net="squeeze", verbose=False)
    return network.eval().requires_grad_(False)
