"""Where w lives: its mean, and the axes along which it spreads.

The last mapping layer ends in a leaky ReLU. Undone, w is close to Gaussian, and its principal
axes scaled to unit variance make a space in which one step means the same in all directions and
the distance from 0 says how unusual a face is: P_N of Zhu et al. 2020, "Improved StyleGAN
Embedding: Where are the Good Latents?", section 3.
"""

from dataclasses import dataclass
from math import sqrt
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .layers import GAIN, SLOPE, activation
from .mapping import Mapping

SMALLEST_AXIS = 1e-2  # axes shorter than this share of the longest carry noise


@dataclass(frozen=True)
class WStatistics:
    """Statistics of w over random z.

    Args:
        w_avg: mean of w.
        w_std: root of the summed variance of w (Karras et al. 2020, appendix D).
        centre: mean of w before the last activation.
        axes: principal axes of the same, each as long as its standard deviation.
    """

    w_avg: Float[Tensor, " w"]
    w_std: float
    centre: Float[Tensor, " w"]
    axes: Float[Tensor, "k w"]

    def to(self, device: torch.device) -> "WStatistics":
        """The same on another device."""
        w_avg, centre, axes = (part.to(device) for part in (self.w_avg, self.centre, self.axes))
        return WStatistics(w_avg, self.w_std, centre, axes)

    def to_w(self, v: Float[Tensor, "*n k"]) -> Float[Tensor, "*n w"]:
        """From whitened coordinates: v ~ N(0, 1) gives w like those of random faces."""
        return activation(self.centre + v @ self.axes)

    def to_v(self, w: Float[Tensor, "*n w"]) -> Float[Tensor, "*n k"]:
        """To whitened coordinates; what lies off the axes is lost."""
        return (before_activation(w) - self.centre) @ self.axes.T / self.axes.square().sum(1)


def before_activation(w: Float[Tensor, "*n w"]) -> Float[Tensor, "*n w"]:
    """w with the last step of the mapping undone."""
    return F.leaky_relu(w / GAIN, 1 / SLOPE)


@torch.no_grad()
def random_w(
    mapping: Mapping, samples: int = 10_000, seed: int = 123
) -> Float[Tensor, "samples w"]:
    """The w of this many z."""
    source = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, mapping.z_dim, generator=source)
    return cast(Tensor, mapping(z.to(mapping.w_avg)))


@torch.no_grad()
def w_statistics(mapping: Mapping, samples: int = 10_000, seed: int = 123) -> WStatistics:
    """Statistics of w over this many z."""
    w = random_w(mapping, samples, seed)
    mean = w.mean(0)
    linear = before_activation(w)
    centre = linear.mean(0)
    _, scale, axes = torch.linalg.svd((linear - centre) / sqrt(samples), full_matrices=False)
    kept = scale > SMALLEST_AXIS * scale[0]
    spread = float((w - mean).square().sum().div(samples).sqrt())
    return WStatistics(mean, spread, centre, axes[kept] * scale[kept, None])
