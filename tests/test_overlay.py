"""Points on pictures: where they should be, and only there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.overlay import HANDLE, TARGET, draw, draw_dots

SIDE = 200
place = st.tuples(st.floats(20, 180), st.floats(20, 180))


def grey(side: int = SIDE) -> np.ndarray:
    return np.full((side, side, 3), 128, np.uint8)


def centre_of(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The mean (x, y) of the pixels of this colour."""
    rows, columns = np.nonzero((picture == colour).all(2))
    return np.array([columns.mean(), rows.mean()])


@given(place)
def test_a_handle_is_centred_on_its_point(point: tuple[float, float]) -> None:
    assert np.allclose(centre_of(draw(grey(), [point], None), HANDLE), point, atol=0.5)


@given(place)
def test_a_dot_is_centred_on_its_place(point: tuple[float, float]) -> None:
    assert np.allclose(centre_of(draw_dots(grey(), [point]), HANDLE), point, atol=0.5)


def test_a_target_is_a_ring_of_another_colour() -> None:
    picture = draw(grey(), [(40.0, 40.0), (140.0, 100.0)], None)
    assert np.allclose(centre_of(picture, TARGET), (140, 100), atol=1)
    assert tuple(picture[40, 40]) == HANDLE
    assert tuple(picture[100, 140]) != TARGET


def test_between_handle_and_target_there_is_an_arrow() -> None:
    alone = draw(grey(), [(40.0, 40.0)], None)
    pair = draw(grey(), [(40.0, 40.0), (140.0, 40.0)], None)
    assert (alone[40, 90] == 128).all()
    assert (pair[40, 90] == 255).all()


def test_what_must_not_move_is_dimmed() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, 100:] = True
    picture = draw(np.full((SIDE, SIDE, 3), 200, np.uint8), [], mask)
    assert (picture[:, 100:] == 200).all()
    assert (picture[:, :100] < 200).all()


def test_without_points_nothing_is_drawn() -> None:
    assert (draw(grey(), [], None) == 128).all()
    assert (draw_dots(grey(), []) == 128).all()


def test_the_picture_given_is_left_alone() -> None:
    picture = grey()
    draw(picture, [(50.0, 50.0), (90.0, 90.0)], np.zeros((SIDE, SIDE), bool))
    draw_dots(picture, [(50.0, 50.0)])
    assert (picture == 128).all()


@pytest.mark.parametrize("point", [(-0.5, -0.5), (SIDE - 0.5, SIDE - 0.5), (-40.0, 900.0)])
def test_points_at_and_beyond_the_edge_are_no_trouble(point: tuple[float, float]) -> None:
    draw(grey(), [point, (100.0, 100.0)], None)
