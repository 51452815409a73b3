"""From a Gaussian code z to the style code w (Karras et al. 2019, section 2)."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import Config
from .layers import Linear, activate

NORM_EPS = 1e-8


class Mapping(nn.ModuleDict):
    """Fully connected layers ``fc0``, ``fc1``, ..., and the mean ``w_avg`` of their output."""

    w_avg: Tensor

    def __init__(self, config: Config):
        super().__init__()
        hidden = [config.mapping_features] * (config.mapping_layers - 1)
        widths = [config.z_dim, *hidden, config.w_dim]
        for k in range(config.mapping_layers):
            self[f"fc{k}"] = Linear(widths[k], widths[k + 1], multiplier=config.lr_multiplier)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))

    def forward(self, z: Float[Tensor, "n z"], truncation_psi: float = 1.0) -> Float[Tensor, "n w"]:
        """z -> w, pulled towards ``w_avg`` where ``truncation_psi`` < 1 (section 2.2)."""
        x = z * torch.rsqrt(z.square().mean(1, keepdim=True) + NORM_EPS)
        for layer in self.values():
            x = activate(cast(Linear, layer)(x), None)
        return self.w_avg + truncation_psi * (x - self.w_avg)
