"""What the user asks for: handles, targets, and what may move."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

MOST_POINTS = 32
SHORTEST = 0.5  # px; a drag shorter than this is a slip of the hand


class EditError(ValueError):
    """An edit that cannot be carried out; the text is for the person who made it."""


@dataclass(frozen=True)
class Edit:
    """Points are (x, y) in picture pixels; (0, 0) is the centre of the top-left pixel.

    Args:
        size: (height, width) of the picture in px.
        handles: the points to move.
        targets: where they should go.
        mask: True where the picture may move; None: everywhere.

    Raises:
        EditError: no points, too many, outside the picture, nothing to move, or a wrong mask.
    """

    size: tuple[int, int]
    handles: Float[Tensor, "point 2"]
    targets: Float[Tensor, "point 2"]
    mask: Bool[Tensor, "h w"] | None = None

    def __post_init__(self) -> None:
        _check_points(self.size, self.handles, self.targets)
        if self.mask is not None:
            _check_mask(self.size, self.handles, self.mask)

    @staticmethod
    def between(
        size: tuple[int, int],
        pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]],
        mask: Bool[Tensor, "h w"] | None = None,
    ) -> "Edit":
        """An edit from ((x, y), (x, y)) pairs of handle and target."""
        points = torch.tensor(pairs, dtype=torch.float32).reshape(-1, 2, 2)
        return Edit(size, points[:, 0], points[:, 1], mask)


def _check_points(size: tuple[int, int], handles: Tensor, targets: Tensor) -> None:
    height, width = size
    if len(handles) == 0:
        raise EditError("There is nothing to drag yet: press on a feature and drag it.")
    if len(handles) > MOST_POINTS:
        raise EditError(f"{len(handles)} points are too many: use at most {MOST_POINTS}.")
    limit = torch.tensor([width, height]) - 0.5
    for name, points in (("starts", handles), ("ends", targets)):
        inside = ((points >= -0.5) & (points <= limit)).all(1)
        if not bool(inside.all()):
            bad = int(inside.logical_not().nonzero()[0]) + 1
            raise EditError(f"Drag {bad} {name} outside the picture ({width} x {height} px).")
    short = (targets - handles).norm(dim=1) < SHORTEST
    if bool(short.any()):
        bad = int(short.nonzero()[0]) + 1
        raise EditError(f"Drag {bad} goes nowhere: its target lies on its handle.")


def _check_mask(size: tuple[int, int], handles: Tensor, mask: Tensor) -> None:
    if tuple(mask.shape) != size:
        have = f"{mask.shape[1]} x {mask.shape[0]}"
        raise EditError(f"The mask has {have} px, the picture {size[1]} x {size[0]}: make it fit.")
    if not bool(mask.any()):
        raise EditError("The mask is empty: paint the part that may move, or use no mask.")
    column, row = handles.round().long().unbind(1)
    movable = mask[row.clamp(0, size[0] - 1), column.clamp(0, size[1] - 1)]
    if not bool(movable.all()):
        bad = int(movable.logical_not().nonzero()[0]) + 1
        raise EditError(f"Drag {bad} starts where the mask forbids motion: paint over it.")
