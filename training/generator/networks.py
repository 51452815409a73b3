"""What is trained: the generator and its coordinate head."""

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from stylegan import Config, CoordinateHead, Generator

SHAPE = Config(
    resolution=256, w_dim=256, channel_base=4096, channel_max=256, channel_min=16,
    mapping_layers=4, mapping_features=1024, lr_multiplier=1.0,
)  # fmt: skip


class Networks(nn.Module):
    """A generator of pictures and the head that says what they show."""

    def __init__(self, config: Config):
        super().__init__()
        self.generator = Generator(config)
        self.coordinates = CoordinateHead(config)

    @property
    def config(self) -> Config:
        """The shape of both."""
        return self.generator.config

    def silence_above(self, side: int) -> None:
        """The blocks above this side paint nothing until they have learnt something."""
        for above in self.config.blocks:
            if above > side:
                block = self.generator.get_submodule(f"synthesis.b{above}.torgb")
                _clear(block)
            if above > side and above in self.coordinates.sides:
                _clear(self.coordinates[f"b{above}"])


def _clear(layer: nn.Module) -> None:
    cast(Tensor, layer.weight).data.zero_()


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float, steps: int) -> None:
    """Move an average of weights towards the present ones: the exponential moving average.

    In its first ``steps`` it keeps less, so that the weights of the start are soon forgotten.
    """
    keep = min(keep, (1 + steps) / (10 + steps))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)


def cut_to(networks: Networks, side: int) -> Networks:
    """The networks without the blocks above this side."""
    smaller = Networks(replace(networks.config, resolution=side))
    state = networks.state_dict()
    smaller.load_state_dict({name: state[name] for name in smaller.state_dict()})
    return smaller
