"""From a Gaussian code z to the style code w (Karras et al. 2019, section 2)."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import Config
from .layers import Linear, activation

NORM_EPS = 1e-8


class Mapping(nn.ModuleDict):
    """Fully connected layers ``fc0``, ``fc1``, ..., and the mean ``w_avg`` of their output.

    A conditional one embeds the label (``embed``) and joins it to z (Karras et al. 2020b, "Training
    Generative Adversarial Networks with Limited Data", appendix C).
    """

    w_avg: Tensor

    def __init__(self, config: Config):
        super().__init__()
        self.z_dim = config.z_dim
        joined = config.w_dim if config.c_dim else 0
        if joined:
            self["embed"] = Linear(config.c_dim, joined)
        hidden = [config.mapping_features] * (config.mapping_layers - 1)
        widths = [config.z_dim + joined, *hidden, config.w_dim]
        for k in range(config.mapping_layers):
            self[f"fc{k}"] = Linear(widths[k], widths[k + 1], multiplier=config.lr_multiplier)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))

    def forward(
        self,
        z: Float[Tensor, "n z"],
        truncation_psi: float = 1.0,
        label: Float[Tensor, "n c"] | None = None,
    ) -> Float[Tensor, "n w"]:
        """z -> w, pulled towards ``w_avg`` where ``truncation_psi`` < 1 (section 2.2).

        Without a ``label`` a conditional mapping takes zeros.
        """
        x = _normalised(z)
        for name, layer in self.items():
            if name == "embed":
                x = torch.cat([x, _normalised(self._embedded(label, z))], 1)
            else:
                x = activation(cast(Linear, layer)(x))
        return self.w_avg + truncation_psi * (x - self.w_avg)

    def _embedded(self, label: Tensor | None, z: Tensor) -> Tensor:
        layer = cast(Linear, self["embed"])
        return layer(z.new_zeros(len(z), layer.weight.shape[1]) if label is None else label)


def _normalised(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + NORM_EPS)
