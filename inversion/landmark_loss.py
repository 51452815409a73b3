"""Where the face's points are in a photo, and where the faces of a model have them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import before_activation


@dataclass(frozen=True)
class LandmarkLoss:
    """Points that the fit should have where the photo has them.

    Args:
        from_w: where a face of the model has them: its inputs, w before its last activation and a
            1, times this give (x, y) in px of its picture.
        wanted: where the photo's crop has them, in px of the same size.
        side: that size.
        weights: how much each counts; they sum to 1.
    """

    from_w: Float[Tensor, "inputs points 2"]
    wanted: Float[Tensor, "points 2"]
    side: int
    weights: Float[Tensor, " points"]

    def distances(self, w: Float[Tensor, "n w"]) -> Float[Tensor, " n"]:
        """How far the points of these faces are from those of the photo: mean share of the side."""
        away = (self.points(w) - self.wanted.to(w)).norm(dim=2)
        return away @ self.weights.to(w) / self.side

    def points(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n points 2"]:
        """Where these faces have them."""
        return regressed(self.from_w, w)


def regressed(
    from_w: Float[Tensor, "inputs points 2"], w: Float[Tensor, "n w"]
) -> Float[Tensor, "n points 2"]:
    """Where faces of a model have their landmarks, in px of its picture."""
    linear = before_activation(w)
    inputs = torch.cat([linear, torch.ones_like(linear[:, :1])], 1)
    return torch.einsum("nw,wpc->npc", inputs, from_w.to(w))


def slopes(
    from_w: Float[Tensor, "inputs points 2"], axes: Float[Tensor, "k w"]
) -> Float[Tensor, "k points 2"]:
    """How far a unit along each axis moves the landmarks, in px of the model's picture."""
    return torch.einsum("kw,wpc->kpc", axes, from_w[:-1].to(axes))
