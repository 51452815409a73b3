"""Parts of a face by the points of its mesh."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from photo.mesh import INNER_LIPS, OVAL, POINTS
from transfer import face_parts

SIDE = 128


def points(x: float = 64.0, y: float = 64.0, open_: float = 6.0) -> np.ndarray:
    """A square face of 60 px around here, its mouth 16 px below."""
    found = np.tile([x, y], (POINTS, 1)).astype(np.float64)
    turn = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    circle = np.stack([np.sin(turn), -np.cos(turn)], 1)
    found[list(OVAL)] += 30 * (circle * 1.5).clip(-1, 1)
    turn = np.linspace(0, 2 * np.pi, len(INNER_LIPS), endpoint=False)
    sides = np.stack([-np.cos(turn), -np.sin(turn)], 1)
    found[list(INNER_LIPS)] += [0, 16] + (2 * sides).clip(-1, 1) * [10, open_]
    return found


def test_the_face_reaches_from_the_chin_over_the_brows_to_the_forehead() -> None:
    away = face_parts.face_distance(points(), SIDE)
    assert away.shape == (SIDE, SIDE)
    assert not away[34:95, 40:88].any()
    assert (away[:33] > 0).all()
    assert (away[96:] > 0).all()


@given(st.integers(5, 25))
def test_around_the_face_it_is_the_way_to_it_in_shares_of_the_side(px: int) -> None:
    away = face_parts.face_distance(points(), SIDE)
    for place in ((94 + px, 64), (64, 34 - px), (64, 94 + px)):
        assert abs(away[place] * SIDE - px) < 1.5


@given(st.integers(-20, 20), st.integers(-10, 20))
def test_the_parts_move_with_the_face(dx: int, dy: int) -> None:
    for part in (face_parts.face_distance, face_parts.mouth_mask):
        here, there = part(points(), SIDE), part(points(64 + dx, 64 + dy), SIDE)
        back = np.roll(there, (-dy, -dx), axis=(0, 1))
        assert np.abs(back - here)[30:98, 30:98].max() < 0.02


@given(st.floats(3, 12))
def test_the_mouth_is_what_is_between_the_lips(open_: float) -> None:
    mouth = face_parts.mouth_mask(points(open_=open_), SIDE)
    assert mouth[80, 64] > 0.9
    assert 0 <= mouth.min() <= mouth.max() <= 1
    for far in (mouth[: int(80 - open_) - 6], mouth[int(80 + open_) + 7 :], mouth[:, :48]):
        assert far.max() < 0.01
    height = 2 * open_ + 1
    assert abs(mouth[:, 64].sum() - height) < 1.5


def test_closed_lips_leave_next_to_nothing() -> None:
    assert face_parts.mouth_mask(points(open_=0.0), SIDE).max() < 0.4


def test_points_outside_the_picture_are_no_harm() -> None:
    for part in (face_parts.face_distance, face_parts.mouth_mask):
        assert np.isfinite(part(points(-300, 64), SIDE)).all()
        assert np.isfinite(part(points(120, 300), SIDE)).all()
