"""Which point of the neutral face each pixel shows: a second head beside ToRGB.

It reads the features that the picture is made of, so that two pictures of one generator correspond
wherever their coordinates agree.
"""

from collections.abc import Mapping
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import Config, ws_up_to
from .layers import ToRGB
from .regions import WHOLE, Region, WindowPlan, add

CHANNELS = 4  # x, y, z in [-1, 1] over the box of the neutral face, and the logit of coverage
LOWEST = 8  # px of the first block that is read


class CoordinateHead(nn.ModuleDict):
    """A modulated 1x1 convolution ``b8``, ``b16``, ... a block, up to half the picture's side.

    Their shares are added as those of the colours are: each to the upsampled sum of those below.

    Raises:
        ValueError: the generator is smaller than 16 px.
    """

    def __init__(self, config: Config):
        super().__init__()
        if config.resolution < 2 * LOWEST:
            raise ValueError(f"Coordinates need a generator of at least {2 * LOWEST} px.")
        self.sides = tuple(side for side in config.blocks[:-1] if side >= LOWEST)
        for side in self.sides:
            self[f"b{side}"] = ToRGB(config.channels(side), config.w_dim, CHANNELS)

    def add(
        self,
        side: int,
        features: Float[Tensor, "n c h w"],
        ws: Float[Tensor, "m layers w_dim"],
        below: Float[Tensor, "n2 4 h2 w2"] | None,
        region: Region | None = None,
    ) -> Float[Tensor, "n 4 h w"]:
        """The sum up to one block, from its features and the sum up to the block below."""
        layer = cast(ToRGB, self[f"b{side}"])
        return add(below, layer(features, ws[:, ws_up_to(side)], None), region)

    def forward(
        self,
        maps: Mapping[int, Float[Tensor, "_ c _ _"]],
        ws: Float[Tensor, "n layers w_dim"],
        plan: WindowPlan = WHOLE,
    ) -> Float[Tensor, "_ 4 s s"]:
        """x, y, z and the logit of coverage, from the features by side (``Generator.maps``)."""
        painted = None
        for side in self.sides:
            if side in maps:
                painted = self.add(side, maps[side], ws, painted, plan.regions.get(side))
        assert painted is not None, "No block of these is read."
        return painted


def to_points(
    painted: Float[Tensor, "n 4 h w"], box: Float[Tensor, "2 3"]
) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n h w"]]:
    """(points of the neutral face in its own units, probability that the pixel shows any).

    ``box`` is the lowest and the highest point that the head can mean: -1 and 1.
    """
    low, high = box[:, None, :, None, None].unbind(0)
    return low + (painted[:, :3] + 1) / 2 * (high - low), torch.sigmoid(painted[:, 3])
