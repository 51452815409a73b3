"""Sheets bend as they should, and a photo without a model follows what pulls it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import texture

from photo.crop import box_quad
from transfer import arap
from transfer.cutout import cutout
from transfer.elastic import Pulled, pull
from transfer.flow import Picture
from transfer.sheet import Sheet, sheet, sources
from transfer.warp import render

SIDE = 128


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.hypot(columns - x, rows - y) < radius


def ball(x: int = 64, y: int = 64, radius: int = 12) -> Picture:
    """Red, with a dark stripe, on a green that grows brighter."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[:] = np.linspace(90, 140, SIDE)[:, None] * [0.3, 1, 0.4]
    cv2.circle(picture, (x, y), radius, (220, 40, 40), -1)
    cv2.circle(picture, (x, y), radius // 3, (60, 10, 10), -1)
    return picture


def shown(picture: Picture, pulled: Pulled) -> Picture:
    return render(picture, box_quad(-0.5, -0.5, float(len(picture))), pulled.change)[0]


def points(*places: tuple[float, float]) -> np.ndarray:
    return np.array(places, float)


def bent(made: Sheet, start: np.ndarray, end: np.ndarray, held: np.ndarray) -> np.ndarray:
    *_, vertices = arap.bent(made, arap.Pull(start, end, held, 1.0))
    return vertices


def test_a_sheet_covers_what_it_should_with_even_triangles():
    where = disc(60, 50, 25)
    made = sheet(where, 4)
    places, there = sources(made, made.vertices, where.shape)
    assert there[where].all()
    assert not there[~disc(60, 50, 25 + 4 + 3 * made.step)].any()
    y, x = np.nonzero(there)
    np.testing.assert_allclose(places[there], np.stack([x, y], 1), atol=1e-3)
    assert (made.areas(made.vertices) == 1).all()
    lengths = np.linalg.norm(np.diff(made.vertices[made.edges], axis=1), axis=2)
    np.testing.assert_allclose(lengths, made.step)


@given(turn=st.floats(-1.2, 1.2), dx=st.floats(-40, 40), dy=st.floats(-40, 40))
def test_a_sheet_that_nothing_holds_turns_and_moves_rigidly(turn: float, dx: float, dy: float):
    made = sheet(disc(64, 64, 20), 2)
    start = points((56, 60), (70, 70))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    end = (start - 64) @ turned + 64 + [dx, dy]
    vertices = bent(made, start, end, np.zeros(len(made.vertices)))
    expected = (made.vertices - 64) @ turned + 64 + [dx, dy]
    np.testing.assert_allclose(vertices, expected, atol=0.7)


@given(x=st.floats(48, 80), y=st.floats(48, 80), dx=st.floats(-60, 60), dy=st.floats(-60, 60))
def test_no_triangle_ever_folds(x: float, y: float, dx: float, dy: float):
    made = sheet(disc(64, 64, 30), 2)
    held = np.where(np.linalg.norm(made.vertices - 64, axis=1) > 26, 1e3, 0.0)
    start = points((x, y))
    for vertices in arap.bent(made, arap.Pull(start, start + np.array([dx, dy]), held, 6.0)):
        assert made.areas(vertices).min() > arap.FLAT or np.array_equal(vertices, made.vertices)


def test_a_ball_that_is_painted_moves_whole_and_what_is_behind_it_is_filled():
    picture, mask = ball(), disc(64, 64, 13)
    *_, last = pull(picture, points((64, 64)), points((90, 70)), mask)
    after, goal = shown(picture, last).astype(float), ball(90, 70).astype(float)
    np.testing.assert_allclose(last.handles, [[90, 70]], atol=0.05)
    assert np.abs(after - goal)[disc(90, 70, 9)].max() < 3
    assert np.abs(after - goal)[disc(64, 64, 20) & ~disc(90, 70, 20)].max() < 8
    assert np.abs(after - goal).mean() < 0.6


def test_paint_without_an_edge_stays_joined_to_the_rest():
    picture = texture(SIDE)
    mask = disc(64, 64, 30)
    picture[:] = picture // 20 + 100
    *_, last = pull(picture, points((64, 64)), points((70, 60)), mask)
    after = shown(picture, last)
    assert np.array_equal(after[~disc(64, 64, 32)], picture[~disc(64, 64, 32)])
    assert (after != picture)[disc(64, 64, 8)].any()
    assert not last.change.overlay[..., 3].any()


def test_without_paint_what_is_far_stays():
    picture = texture(SIDE)
    *_, last = pull(picture, points((40, 64)), points((46, 64)))
    after = shown(picture, last)
    assert np.array_equal(after[:, 90:], picture[:, 90:])
    assert np.abs(last.handles - [[46, 64]]).max() < 0.2


def test_a_bar_is_found_by_a_handle_on_it():
    picture = np.full((SIDE, SIDE, 3), (40, 90, 200), np.uint8)
    picture[20:, 58:70] = (230, 220, 60)
    found = cutout(picture, points((64, 30)), 40.0, None)
    bar = np.zeros((SIDE, SIDE), bool)
    bar[20:, 58:70] = True
    assert (found.where & bar)[:70].sum() > 0.9 * bar[:70].sum()
    assert (found.where & ~bar)[:60].sum() < 0.2 * bar[:60].sum()
    again = cutout(picture, points((64, 30)), 40.0, None)
    assert np.array_equal(found.where, again.where)


@pytest.mark.parametrize("level", [0, 128])
def test_a_picture_of_one_colour_can_be_pulled(level: int):
    picture = np.full((SIDE, SIDE, 3), level, np.uint8)
    *_, last = pull(picture, points((0, 127)), points((30, 100)))
    assert np.array_equal(shown(picture, last), picture)


def test_steps_lead_to_the_target():
    picture = ball()
    steps = list(pull(picture, points((64, 64)), points((84, 64)), disc(64, 64, 13)))
    np.testing.assert_allclose([s.handles[0, 0] for s in steps], [69, 74, 79, 84], atol=0.1)
