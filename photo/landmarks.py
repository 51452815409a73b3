"""Where a face's points are: a small convolutional net, trained on renders (training/).

Each point is the mean of a heat map (integral regression: Sun et al. 2018), and comes with how
far off the net expects it to be.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import Residual, convolution

SIDE = 112  # px of the net's input
CELL = 4  # px of a heat map's cell
WIDTHS = (16, 32, 64, 128)  # channels at 56, 28, 14 and 7 cells
# Of iBUG's 68 points, "left" and "right" as seen. FFHQ's crop knows eyes and mouth by these.
LEFT_EYE, RIGHT_EYE, MOUTH_CORNERS = range(36, 42), range(42, 48), (48, 54)


class LandmarkNet(nn.Module):
    """Points of the face in a square crop.

    Args:
        names: of the points; the first 68 are iBUG's.
    """

    def __init__(self, names: tuple[str, ...]):
        super().__init__()
        self.names = names
        a, b, c, d = WIDTHS
        self.to28 = nn.Sequential(convolution(3, a, 3, 2), convolution(a, b, 3, 2), Residual(b))
        self.to14 = nn.Sequential(convolution(b, c, 3, 2), Residual(c))
        self.to7 = nn.Sequential(convolution(c, d, 3, 2), Residual(d), Residual(d))
        self.from7 = convolution(d, c, 1)
        self.at14 = Residual(c)
        self.from14 = convolution(c, b, 1)
        self.at28 = Residual(b)
        self.maps = nn.Conv2d(b, len(names), 1)
        self.doubt = nn.Linear(d, len(names))

    def forward(
        self, image: Float[Tensor, "n 3 112 112"]
    ) -> tuple[Float[Tensor, "n p 2"], Float[Tensor, "n p"]]:
        """(points (x, y), their expected distance from the truth), both in px; image in [-1, 1]."""
        fine = self.to28(image)
        middle = self.to14(fine)
        coarse = self.to7(middle)
        middle = self.at14(middle + F.interpolate(self.from7(coarse), scale_factor=2.0))
        fine = self.at28(fine + F.interpolate(self.from14(middle), scale_factor=2.0))
        maps = self.maps(fine)
        chance = maps.flatten(2).softmax(2).view_as(maps)
        line = (torch.arange(maps.shape[-1]).to(maps) + 0.5) * CELL - 0.5
        points = torch.stack([chance.sum(2) @ line, chance.sum(3) @ line], 2)
        return points, F.softplus(self.doubt(coarse.mean((2, 3)))) + 0.1


@dataclass(frozen=True)
class Located:
    """(x, y) px of a face's points, and the expected error of those of eyes and mouth, px."""

    points: Float[np.ndarray, "p 2"]
    doubt: float


def build(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> LandmarkNet:
    """The net from a weights file's tensors and metadata.

    Raises:
        ValueError: they are of something else.
    """
    try:
        net = LandmarkNet(tuple(json.loads(facts["landmarks"])))
        net.load_state_dict(dict(tensors))
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError("These are not the weights of a landmark net.") from error
    return net.eval().requires_grad_(False)


@torch.no_grad()
def locate(net: LandmarkNet, image: Float[Tensor, "3 112 112"]) -> Located:
    """The face's points in px of the crop, which is in [-1, 1]."""
    points, doubt = net(image[None])
    known = [*LEFT_EYE, *RIGHT_EYE, *MOUTH_CORNERS]
    return Located(points[0].double().numpy(), float(doubt[0, known].mean()))


def eyes_and_mouth(points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "3 2"]:
    """Left eye, right eye (as seen), mouth: means of iBUG's points, as FFHQ's crop has them."""
    parts = (LEFT_EYE, RIGHT_EYE, MOUTH_CORNERS)
    return np.stack([points[list(part)].mean(0) for part in parts])
