"""Which cells of the feature maps are made: all, or only windows around what is looked at.

StyleGAN2's layers are local, so windows give the very numbers of the whole map, for a small part
of the work. A plan goes down from the block that is read: each block's windows need somewhat fewer
cells of the block below, with a rim of neighbours. Where they overlap they are merged, and where
they cover so much that the whole map is less work, it and all below it are made whole.

                  what is asked for: squares of the 128 px map, one a handle, say 10 cells wide
                        [10]          [10] [10]
    128 px map  windows [ 10 ]        [   16   ]    two squares that overlap share a window
                          |               |         each cell is made of half as many below, and a
                          |               |         rim of neighbours: 10 -> 12 -> 6 + 2
     64 px map          [ 9 ]          [  11  ]
     32 px map          [      22            ]      where windows overlap much, one does
     16 px map  ################################    where they are no less work: the whole map

Windows of one block are equally large and are its batch: one latent, shared weights. Noise is that
of the place; what lies outside the picture is set to zero after each layer, as padding has it. The
whole picture is the plan without windows, through the same code. Squares are cut around where the
points are, anew at each step, so that nothing can leave its window.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .config import Config
from .layers import halo, upsample

GROWTH = (1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0)  # sizes that are tried, of the smallest
WORTH = 0.75  # of the whole map's work: windows that take more are not worth cutting


@dataclass(frozen=True)
class Squares:
    """Squares of cells of a map, which may reach beyond its borders.

    Args:
        corners: (x, y) of the top-left cell of each.
        size: cells on each side.
    """

    corners: tuple[tuple[int, int], ...]
    size: int

    def grown(self) -> "Squares":
        """With one cell more on every side."""
        return Squares(tuple((x - 1, y - 1) for x, y in self.corners), self.size + 2)


@dataclass(frozen=True)
class Gather:
    """Gathers squares out of maps.

    Args:
        places: (which map, row, column) of each square.
        size: cells on each side.
        rim: zeros around the maps that are needed, since squares reach beyond the border.
    """

    places: tuple[tuple[int, int, int], ...]
    size: int
    rim: int = 0

    def __call__(self, maps: Float[Tensor, "m c h w"]) -> Float[Tensor, "n c s s"]:
        """The squares; zero outside the picture."""
        if self.rim:
            maps = F.pad(maps, (self.rim,) * 4)
        size, same = self.size, tuple((k, 0, 0) for k in range(len(maps)))
        if self.places == same and maps.shape[2:] == (size, size):
            return maps
        parts = [maps[k, :, row : row + size, left : left + size] for k, row, left in self.places]
        return torch.stack(parts)

    def inside(self, cells: Float[Tensor, "n c s s"], side: int) -> Float[Tensor, "n c s s"]:
        """The cells of these squares of a map of this side, zero where they are not in it."""
        return cells * self(cells.new_ones(1, 1, side, side)) if self.rim else cells

    @staticmethod
    def from_map(squares: Squares, side: int) -> "Gather":
        """Out of a whole map."""
        far = [max(-x, -y, max(x, y) + squares.size - side, 0) for x, y in squares.corners]
        rim = max(far)
        places = tuple((0, y + rim, x + rim) for x, y in squares.corners)
        return Gather(places, squares.size, rim)

    @staticmethod
    def from_windows(squares: Squares, windows: Squares) -> "Gather":
        """Each out of the first window that holds it."""
        last = windows.size - squares.size
        return Gather(
            tuple(
                next(
                    (k, y - top, x - left)
                    for k, (left, top) in enumerate(windows.corners)
                    if 0 <= x - left <= last and 0 <= y - top <= last
                )
                for x, y in squares.corners
            ),
            squares.size,
        )


@dataclass(frozen=True)
class Region:
    """The windows of one block.

    Args:
        side: of the block's map.
        below: gathers what the up-convolution reads out of the maps of the block below.
        wide: the cells that the up-convolution gives, two for each cell that it reads.
        narrow: gathers what the second convolution reads out of these.
        inner: the cells that the block ends with.
    """

    side: int
    below: Gather
    wide: Gather
    narrow: Gather
    inner: Gather


@dataclass(frozen=True)
class WindowPlan:
    """The windows by the side of their block (a block that is not there is made whole), and how
    the squares that were asked for are gathered from the last block.
    """

    regions: Mapping[int, Region] = field(default_factory=dict[int, Region])
    squares: Gather | None = None


WHOLE = WindowPlan()


@lru_cache(maxsize=64)
def plan_windows(config: Config, side: int, squares: Squares) -> WindowPlan:
    """The least work for the squares of the map of the block of this side."""
    regions: dict[int, Region] = {}
    gather = _plan(config, side, squares, regions)
    return WindowPlan(regions, gather)


def _plan(config: Config, side: int, squares: Squares, regions: dict[int, Region]) -> Gather:
    """Adds the regions of this block and those below it; how the squares are gathered from it."""
    windows = _windows(config, side, squares)
    if windows is None:
        return Gather.from_map(squares, side)
    read = windows.grown()
    half = Squares(tuple((x // 2, y // 2) for x, y in read.corners), _half(read))
    wide = Squares(tuple((2 * x, 2 * y) for x, y in half.corners), 2 * half.size)
    below = _plan(config, side // 2, half.grown(), regions)
    narrow = Gather.from_windows(read, wide)
    regions[side] = Region(
        side, below, Gather.from_map(wide, side), narrow, Gather.from_map(windows, side)
    )
    return Gather.from_windows(squares, windows)


def _half(squares: Squares) -> int:
    """Cells on each side of the squares of the map below of which these are made."""
    odd = any(x % 2 or y % 2 for x, y in squares.corners)
    return (squares.size + odd + 1) // 2


def _windows(config: Config, side: int, squares: Squares) -> Squares | None:
    """The windows of least work that hold the squares; None if the whole map is less."""
    best, least = None, WORTH * config.block_operations(side, side)
    for growth in GROWTH if len(squares.corners) > 1 else GROWTH[:1]:
        windows = _merged(squares, round(growth * squares.size))
        work = len(windows.corners) * config.block_operations(side, windows.size)
        if work < least:
            best, least = windows, work
    return best


def _merged(squares: Squares, size: int) -> Squares:
    """Windows of this size that hold the squares, several in one where they fit."""
    bounds: list[tuple[int, int, int, int]] = []
    for x, y in sorted(squares.corners, key=lambda corner: corner[::-1]):
        for k, (left, top, right, bottom) in enumerate(bounds):
            joint = min(left, x), min(top, y), max(right, x), max(bottom, y)
            if max(joint[2] - joint[0], joint[3] - joint[1]) + squares.size <= size:
                bounds[k] = joint
                break
        else:
            bounds.append((x, y, x, y))
    return Squares(tuple(bound[:2] for bound in bounds), size)


def add(
    below: Float[Tensor, "m c h w"] | None,
    share: Float[Tensor, "n c h2 w2"],
    region: Region | None = None,
) -> Float[Tensor, "n c h2 w2"]:
    """A block's share on top of the upsampled sum of those below (None for the first)."""
    if below is None:
        return share if region is None else region.inner.inside(share, region.side)
    if region is None:
        return upsample(halo(below)) + share
    wide = region.narrow(upsample(region.below(below)))  # one cell more on every side
    return region.inner.inside(wide[..., 1:-1, 1:-1] + share, region.side)
