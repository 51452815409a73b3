"""What a step of a drag sees: the features around its points, and of what must not move."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .edit import Edit
from .options import Options
from .patches import Patches, around, cut
from .still import Still, Tiles

Render = Callable[[Tensor], Float[Tensor, "c h w"]]
"""Latent -> the features of the whole picture."""
Windows = Callable[[Tensor, Int[Tensor, "n 2"], int], Float[Tensor, "n c s s"]]
"""Latent, corners (x, y) of squares of the same map, cells on each side -> the squares.

Of the cells beyond the border of the map nothing is used.
"""
SLACK = 2.0  # px beyond search and patch: a step towards the target, and rounding


@dataclass(frozen=True)
class View:
    """Shows a drag what it looks at.

    Args:
        render: the whole map.
        windows: squares of it, if they can be had for less.
        grid: (height, width) of the map in cells.
        size: (height, width) of the picture in px.
        reach: px around a point that a step may read.
        still: what must not move, if anything: looked at as a whole, or some of its tiles.
    """

    render: Render
    windows: Windows | None
    grid: tuple[int, int]
    size: tuple[int, int]
    reach: float
    still: Still | Tiles | None = None

    @staticmethod
    def of(
        render: Render,
        windows: Windows | None,
        features: Float[Tensor, "c h w"],
        edit: Edit,
        options: Options,
    ) -> "View":
        """Before the drag; ``features`` are those of the whole picture."""
        reach = int(options.search) + int(options.radius) + SLACK
        _, height, width = features.shape
        view = View(render, windows, (height, width), edit.size, reach)
        if edit.mask is None or not options.mask_weight:
            return view
        still = Still.of(edit.mask.to(features.device), features)
        if still is not None and windows is not None and options.mask_windows:
            still = Tiles.of(still, view.squares(edit.handles)[1], options.mask_windows)
        return replace(view, still=still)

    def __call__(
        self, latent: Tensor, points: Float[Tensor, "p 2"]
    ) -> tuple[Patches, Float[Tensor, ""] | None]:
        """(the features around the points, the mask term if there is one)."""
        if self.windows is None or isinstance(self.still, Still):
            features = self.render(latent)
            held = self.still.term(features) if isinstance(self.still, Still) else None
            return self.around(points, features), held
        corners, side = self.squares(points)
        if self.still is None:
            return self._patches(corners, self.windows(latent, corners, side)), None
        drawn, count = self.still.draw(), len(corners)
        joined = torch.cat([corners, self.still.corners[drawn]])
        cells = self.windows(latent, joined, side)
        return self._patches(corners, cells[:count]), self.still.term(drawn, cells[count:])

    def squares(self, points: Float[Tensor, "p 2"]) -> tuple[Int[Tensor, "p 2"], int]:
        """(corners, cells on each side) of all that a step may read."""
        return around(points, self.reach, self.grid, self.size)

    def around(self, points: Float[Tensor, "p 2"], features: Float[Tensor, "c h w"]) -> Patches:
        """The same from the whole map."""
        corners, side = self.squares(points)
        return self._patches(corners, cut(features, corners, side))

    def _patches(self, corners: Int[Tensor, "p 2"], cells: Float[Tensor, "p c s s"]) -> Patches:
        return Patches(cells, corners, self.grid, self.size)
