"""What is drawn on the canvas, as the drag understands it."""

import time
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag import EditError
from editor.drawing import DRAWING, Drawing, Stroke, painted, parsed

SIDE = 512
place = st.tuples(st.floats(60, 450), st.floats(60, 450))
radius = st.floats(4, 50)


def read(**sent: object) -> Drawing:
    return parsed(DRAWING.validate_python, {"drags": [], "strokes": [], **sent})


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


def test_what_cannot_be_dragged_or_saved_is_no_drawing() -> None:
    def dab(points: int = 1, radius: object = 5, x: object = 9) -> dict[str, object]:
        return {"points": [[x, 9.0]] * points, "radius": radius}

    def refused(sentence: str, **sent: object) -> None:
        with pytest.raises(EditError, match=sentence):
            read(**sent)
        with pytest.raises(ValueError, match="validation error"):
            Drawing(**sent)

    assert len(read(strokes=[dab(101)] * 198).strokes) == 198
    refused("too much paint", strokes=[dab(101)] * 199)  # few strokes, too many points in all
    refused("too much paint", strokes=[dab()] * 201)
    refused("33 arrows are too many", drags=[[1, 1, 9, 9]] * 33)
    for bad in (float("nan"), float("inf"), -1e7, 10**400, True, "9", None, [9], {}):
        refused("cannot be read", drags=[[1, 1, bad, 9]])
        refused("cannot be read", strokes=[dab(x=bad)])
        refused("cannot be read", strokes=[dab(radius=bad)])
    for none in (dab(0), dab(radius=1e7), dab(radius=-1), dab() | {"erase": 1}, {}, [], "abc", 3):
        refused("cannot be read", strokes=[none])
    for none in ([1, 1, 9], [[1, 1], [9, 9], [9, 9]], [[1, 1, 1], [9, 9, 9]], "abcd", 3, {}):
        refused("cannot be read", drags=[none])


def test_an_arrow_is_four_numbers_or_two_places() -> None:
    flat, paired = (read(drags=[drag]) for drag in ([1, 2, 3, 4.5], [[1, 2], [3, 4.5]]))
    assert flat == paired == Drawing((((1.0, 2.0), (3.0, 4.5)),))


def test_what_is_far_from_the_picture_is_painted_in_time() -> None:
    ends, near = [[-30_000, -30_000], [30_000, 30_000]], [[-90.0, -90.0], [90.0, 90.0]]
    begun = time.process_time()
    for radius in (5, 30_000):
        sent = [{"points": points * 50, "radius": radius} for points in (ends, near)]
        masks = [painted(read(strokes=[stroke] * 40).strokes, 90) for stroke in sent]
        assert np.array_equal(*masks)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("drawing", "sentence"),
    [
        (Drawing(), "There is nothing to drag yet"),
        (Drawing((((5.0, 5.0), (5.0, 5.0)),)), "Drag 1 goes nowhere"),
        (Drawing((((5.0, 5.0), (900.0, 5.0)),)), "Drag 1 ends outside the picture"),
        (
            Drawing((((5.0, 5.0), (9.0, 9.0)),), (Stroke(((99.0, 99.0),), 5.0),)),
            "Drag 1 starts where the mask forbids motion",
        ),
    ],
)
def test_an_edit_that_cannot_be_done_says_why(drawing: Drawing, sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        drawing.edit(SIDE)
