"""What an edit refuses, in sentences for the person who made it."""

import re

import pytest
import torch
from torch import Tensor

from drag import Edit, EditError

SIZE = 48, 64  # height, width
Pair = tuple[tuple[float, float], tuple[float, float]]


def mask(value: bool, size: tuple[int, int] = SIZE) -> Tensor:
    return torch.full(size, value)


def all_but_the_left_half() -> Tensor:
    part = mask(True)
    part[:, :32] = False
    return part


FINE: Pair = ((40.0, 20.0), (50.0, 20.0))
REFUSED: list[tuple[list[Pair], Tensor | None, str]] = [
    ([], None, "There is nothing to drag yet: press on a feature and drag it."),
    ([FINE] * 33, None, "33 points are too many: use at most 32."),
    ([((-1.0, 5.0), (9.0, 9.0))], None, "Drag 1 starts outside the picture (64 x 48 px)."),
    ([((5.0, 48.0), (9.0, 9.0))], None, "Drag 1 starts outside the picture (64 x 48 px)."),
    ([FINE, ((9.0, 9.0), (64.0, 5.0))], None, "Drag 2 ends outside the picture (64 x 48 px)."),
    ([((9.0, 9.0), (float("nan"), 5.0))], None, "Drag 1 ends outside the picture (64 x 48 px)."),
    ([FINE, ((9.0, 9.0), (9.0, 9.0))], None, "Drag 2 goes nowhere: its target lies on its handle."),
    ([FINE], mask(True, (64, 48)), "The mask has 48 x 64 px, the picture 64 x 48: make it fit."),
    (
        [FINE],
        mask(False),
        "The mask is empty: paint the part that may move, or use no mask.",
    ),
    (
        [FINE, ((10.0, 20.0), (50.0, 20.0))],
        all_but_the_left_half(),
        "Drag 2 starts where the mask forbids motion: paint over it.",
    ),
]


@pytest.mark.parametrize(("pairs", "mask", "sentence"), REFUSED)
def test_each_impossible_edit_has_its_sentence(
    pairs: list[Pair], mask: Tensor | None, sentence: str
) -> None:
    with pytest.raises(EditError, match=f"^{re.escape(sentence)}$"):
        Edit.between(SIZE, pairs, mask)


def test_32_points_and_the_outermost_pixels_are_fine() -> None:
    corners: list[Pair] = [((0.0, 0.0), (63.0, 47.0)), ((63.4, 47.4), (-0.4, -0.4))]
    edit = Edit.between(SIZE, corners * 16, mask(True))
    assert edit.handles.shape == edit.targets.shape == (32, 2)
    assert edit.handles[1].tolist() == pytest.approx([63.4, 47.4])


def test_points_are_x_y_and_masks_are_rows_and_columns() -> None:
    one = mask(False)
    one[20, 40] = True
    assert Edit.between(SIZE, [FINE], one).mask is one


def test_a_target_may_lie_in_the_fixed_part() -> None:
    Edit.between(SIZE, [((40.0, 20.0), (10.0, 20.0))], all_but_the_left_half())
