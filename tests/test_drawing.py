"""What is drawn on the canvas, as the drag understands it."""

from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag import EditError
from editor.drawing import Drawing, Stroke, painted

SIDE = 512
place = st.tuples(st.floats(60, 450), st.floats(60, 450))
radius = st.floats(4, 50)


def test_without_strokes_everything_may_move() -> None:
    assert painted((), SIDE) is None
    assert Drawing((((5.0, 5.0), (9.0, 9.0)),)).edit(SIDE).mask is None


@given(place, radius)
def test_a_dab_is_a_disc_around_its_point(point: tuple[float, float], radius: float) -> None:
    mask = painted([Stroke((point,), radius)], SIDE)
    assert mask is not None
    rows, columns = np.nonzero(mask)
    assert np.allclose((columns.mean(), rows.mean()), point, atol=0.6)
    assert abs(mask.sum() - pi * radius**2) < 2 * pi * radius


@given(place, place, radius)
def test_a_stroke_is_as_wide_as_its_brush(
    start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    mask = painted([Stroke((start, end), radius)], SIDE)
    assert mask is not None
    length = np.hypot(end[0] - start[0], end[1] - start[1])
    expected = 2 * radius * length + pi * radius**2
    assert abs(mask.sum() - expected) < 2.5 * (length + 2 * pi * radius) + 10


def test_what_is_erased_later_is_gone_and_what_is_painted_later_is_back() -> None:
    line = Stroke(((100.0, 100.0), (200.0, 100.0)), 20.0)
    gap = Stroke(((150.0, 100.0),), 10.0, erase=True)
    dab = Stroke(((150.0, 100.0),), 3.0)
    mask = painted([line, gap, dab], SIDE)
    assert mask is not None
    assert mask[100, 110]
    assert not mask[100, 157]
    assert mask[100, 150]
    assert not mask[300, 300]


def test_an_eraser_alone_protects_a_part() -> None:
    mask = painted([Stroke(((100.0, 100.0),), 10.0, erase=True)], SIDE)
    assert mask is not None
    assert not mask[100, 100]
    assert mask[300, 300]


def test_an_edit_has_the_drags_and_the_mask() -> None:
    drawing = Drawing((((100.5, 90.25), (120.0, 80.0)),), (Stroke(((100.0, 90.0),), 20.0),))
    edit = drawing.edit(SIDE)
    assert edit.size == (SIDE, SIDE)
    assert edit.handles.tolist() == [[100.5, 90.25]]
    assert edit.targets.tolist() == [[120.0, 80.0]]
    assert edit.mask is not None
    assert bool(edit.mask[90, 100])
    assert not bool(edit.mask[0, 0])


@pytest.mark.parametrize(
    ("drawing", "sentence"),
    [
        (Drawing(), "There is nothing to drag yet"),
        (Drawing((((5.0, 5.0), (5.0, 5.0)),)), "Drag 1 goes nowhere"),
        (Drawing((((5.0, 5.0), (900.0, 5.0)),)), "Drag 1 ends outside the picture"),
        (Drawing((((1.0, 1.0), (9.0, 9.0)),) * 33), "33 points are too many"),
        (
            Drawing((((5.0, 5.0), (9.0, 9.0)),), (Stroke(((99.0, 99.0),), 5.0),)),
            "Drag 1 starts where the mask forbids motion",
        ),
    ],
)
def test_an_edit_that_cannot_be_done_says_why(drawing: Drawing, sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        drawing.edit(SIDE)
