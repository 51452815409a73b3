"""Parts of a feature map, read at picture pixels."""

from dataclasses import dataclass
from math import ceil

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Patches:
    """A square of cells around each point.

    Args:
        cells: of each square.
        corners: (x, y) of each square's top-left cell in the map.
        grid: (height, width) of the map in cells.
        size: (height, width) of the picture in px.
    """

    cells: Float[Tensor, "p c s s"]
    corners: Int[Tensor, "p 2"]
    grid: tuple[int, int]
    size: tuple[int, int]

    def detach(self) -> "Patches":
        """The same without gradients."""
        return Patches(self.cells.detach(), self.corners, self.grid, self.size)

    def at(self, points: Float[Tensor, "p *n 2"]) -> Float[Tensor, "p *n c"]:
        """Features at points (x, y) px of the picture, each row out of its own square.

        The same numbers as resizing the map to the picture first (bilinear, edges repeated), which
        is what DragGAN does, without making the large map.
        """
        places = self._places(points).reshape(len(self.cells), 1, -1, 2)
        places = (2 * places + 1) / self.cells.shape[2] - 1
        read = F.grid_sample(self.cells, places, align_corners=False)
        read = read[:, :, 0].transpose(1, 2)
        return read.reshape(*points.shape[:-1], self.cells.shape[1])

    def rows_and_columns(
        self, points: Float[Tensor, "p 2"], reach: int
    ) -> tuple[Float[Tensor, "p k s"], Float[Tensor, "p k s"]]:
        """A_y and A_x: ``A_y @ cells @ A_x.T`` are the features at all whole px steps around.

        Steps of -reach to reach px; a row each, linear between the two nearest cells.
        """
        steps = torch.arange(-reach, reach + 1).to(points)
        x, y = self._places(points[:, None] + steps[:, None]).unbind(2)
        side = self.cells.shape[2]
        return _hats(y, side), _hats(x, side)

    def _places(self, points: Float[Tensor, "p *n 2"]) -> Float[Tensor, "p *n 2"]:
        """px of the picture -> cells of each square, never beyond the map's outermost cells."""
        corners = self.corners.reshape(len(points), *[1] * (points.dim() - 2), 2)
        return to_cells(points.to(self.cells), self.grid, self.size) - corners


def to_cells(
    points: Float[Tensor, "*n 2"], grid: tuple[int, int], size: tuple[int, int]
) -> Float[Tensor, "*n 2"]:
    """px of the picture -> cells of the map, (0, 0) the centre of the first; never outside."""
    scale = torch.tensor([grid[1] / size[1], grid[0] / size[0]]).to(points)
    last = torch.tensor([grid[1] - 1, grid[0] - 1]).to(points)
    cells = (points + 0.5) * scale - 0.5
    return cells.clamp(min=torch.zeros_like(last), max=last)


def around(
    points: Float[Tensor, "p 2"], reach: float, grid: tuple[int, int], size: tuple[int, int]
) -> tuple[Int[Tensor, "p 2"], int]:
    """(corners, cells on each side) of squares that hold all within ``reach`` px of the points."""
    cells = reach * max(grid[0] / size[0], grid[1] / size[1])
    corners = (to_cells(points, grid, size) - cells).floor().long()
    return corners, ceil(2 * cells) + 2


def gather(
    features: Float[Tensor, "c h w"], corners: Int[Tensor, "n 2"], side: int
) -> Float[Tensor, "n c s s"]:
    """Squares of cells out of a map, zero outside of it."""
    height, width = features.shape[1:]
    room = torch.tensor([width, height]).to(corners) - side
    rim = max(0, int((-corners).max()), int((corners - room).max()))
    wide = F.pad(features, (rim,) * 4)
    places = (corners + rim).cpu().tolist()
    return torch.stack([wide[:, y : y + side, x : x + side] for x, y in places])


def offsets(radius: float, *, disc: bool) -> Float[Tensor, "k 2"]:
    """Whole-pixel steps (x, y) within a square, or a disc, of this radius; (0, 0) is among them."""
    reach = int(radius)
    line = torch.arange(-reach, reach + 1, dtype=torch.float32)
    steps = torch.cartesian_prod(line, line).reshape(-1, 2).flip(1)
    return steps[steps.norm(dim=1) <= radius] if disc else steps


def _hats(places: Float[Tensor, "p k"], cells: int) -> Float[Tensor, "p k n"]:
    """The weight of each cell at each place: linear between neighbours."""
    number = torch.arange(cells).to(places)
    return (1 - (places[..., None] - number).abs()).clamp(min=0)
