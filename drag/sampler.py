"""What a step of a drag sees: the features around its points, and of what must not move."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .edit import Edit
from .mask_loss import MaskLoss, SampledMaskLoss
from .options import Options
from .patches import Patches, around, gather

Render = Callable[[Tensor], Float[Tensor, "c h w"]]
"""Latent -> the features of the whole picture."""
Windows = Callable[[Tensor, Int[Tensor, "n 2"], int], Float[Tensor, "n c s s"]]
"""Latent, corners (x, y) of squares of the same map, cells on each side -> the squares.

Of the cells beyond the border of the map nothing is used.
"""
SLACK = 2.0  # px beyond search and patch: a step towards the target, and rounding


@dataclass(frozen=True)
class FeatureSampler:
    """Samples the features that a drag reads.

    Args:
        render: the whole map.
        windows: squares of it, if they can be had for less.
        grid: (height, width) of the map in cells.
        size: (height, width) of the picture in px.
        reach: px around a point that a step may read.
        mask_loss: of what must not move, if anything: as a whole, or some of its tiles.
    """

    render: Render
    windows: Windows | None
    grid: tuple[int, int]
    size: tuple[int, int]
    reach: float
    mask_loss: MaskLoss | SampledMaskLoss | None = None

    @staticmethod
    def of(
        render: Render,
        windows: Windows | None,
        features: Float[Tensor, "c h w"],
        edit: Edit,
        options: Options,
    ) -> "FeatureSampler":
        """Before the drag; ``features`` are those of the whole picture."""
        reach = int(options.search) + int(options.radius) + SLACK
        _, height, width = features.shape
        sampler = FeatureSampler(render, windows, (height, width), edit.size, reach)
        if edit.mask is None or not options.mask_weight:
            return sampler
        loss = MaskLoss.of(edit.mask.to(features.device), features, options)
        if loss is not None and windows is not None and options.mask_windows:
            loss = SampledMaskLoss.of(loss, sampler.squares(edit.handles)[1], options.mask_windows)
        return replace(sampler, mask_loss=loss)

    def __call__(
        self, latent: Tensor, points: Float[Tensor, "p 2"]
    ) -> tuple[Patches, Float[Tensor, ""] | None]:
        """(the features around the points, the mask term if there is one)."""
        loss = self.mask_loss
        if self.windows is None or isinstance(loss, MaskLoss):
            features = self.render(latent)
            term = loss.term(features) if isinstance(loss, MaskLoss) else None
            return self.patches(points, features), term
        corners, side = self.squares(points)
        if loss is None:
            return self._patches(corners, self.windows(latent, corners, side)), None
        drawn, count = loss.draw(), len(corners)
        joined = torch.cat([corners, loss.corners[drawn]])
        cells = self.windows(latent, joined, side)
        return self._patches(corners, cells[:count]), loss.term(drawn, cells[count:])

    def squares(self, points: Float[Tensor, "p 2"]) -> tuple[Int[Tensor, "p 2"], int]:
        """(corners, cells on each side) of all that a step may read."""
        return around(points, self.reach, self.grid, self.size)

    def patches(self, points: Float[Tensor, "p 2"], features: Float[Tensor, "c h w"]) -> Patches:
        """The features around the points, from the whole map."""
        corners, side = self.squares(points)
        return self._patches(corners, gather(features, corners, side))

    def _patches(self, corners: Int[Tensor, "p 2"], cells: Float[Tensor, "p c s s"]) -> Patches:
        return Patches(cells, corners, self.grid, self.size)
