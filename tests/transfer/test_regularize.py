"""A smooth field from what was seen, and what it cannot show."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import texture

from transfer.flow import Motion
from transfer.regularize import WarpConstraints, disocclusions, regularize_flow

SIDE = 64


def test_the_field_keeps_to_handles_and_is_still_far_away():
    motion = Motion(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE)))
    start, end = np.array([[30.0, 32.0]]), np.array([[34.0, 32.0]])
    flow = regularize_flow(motion, WarpConstraints(start, end, 10.0))
    assert np.abs(flow[32, 34] - [-4, 0]).max() < 0.5
    assert np.abs(flow[2, 2]).max() < 0.02


def test_nothing_moves_where_the_mask_forbids_it():
    motion = Motion(np.full((SIDE, SIDE, 2), -3.0), np.ones((SIDE, SIDE)))
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, SIDE // 2 :] = True
    point = np.array([[48.0, 32.0]])
    flow = regularize_flow(motion, WarpConstraints(point, point + 3, 30.0, mask))
    assert np.abs(flow[:, : SIDE // 2 - 1]).max() < 0.05
    assert np.abs(flow[32, 48]).max() > 1


def opening(row: int) -> np.ndarray:
    """A field that pulls the rows above and below this one apart, here and nowhere else."""
    y = np.arange(SIDE) - row
    flow = np.zeros((SIDE, SIDE, 2))
    flow[..., 1] = (-0.6 * y * np.exp(-((y / 8) ** 2)))[:, None]
    return flow


@pytest.mark.parametrize("grey", [0, 255])
def test_what_comes_to_light_is_painted_where_the_picture_opens(grey: int):
    before, after = texture(SIDE), texture(SIDE)
    after[30:35, 28:36] = grey
    confidence = np.ones((SIDE, SIDE))
    confidence[30:35, 28:36] = 0
    motion = Motion(opening(32), confidence)
    overlay = disocclusions(before, after, motion, motion.flow, at(32, 32))
    change = overlay[32, 32, :3] - overlay[32, 32, 3] * before[32, 32]  # row 32 stays where it is
    assert np.abs(change).mean() > 20
    elsewhere = disocclusions(before, after, motion, motion.flow, at(57, 57))
    assert np.abs(elsewhere).max() < 1
    unopened = disocclusions(before, after, motion, np.zeros((SIDE, SIDE, 2)), at(32, 32))
    assert np.abs(unopened).max() == 0


def at(x: float, y: float, **more: np.ndarray) -> WarpConstraints:
    """What was dragged is here now."""
    return WarpConstraints(np.array([[x - 3.0, y]]), np.array([[float(x), y]]), 8.0, **more)


def away_from(x: float, y: float, radius: float) -> np.ndarray:
    """How far each pixel is from a round face, in shares of the side."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.maximum(np.hypot(columns - x, rows - y) - radius, 0) / SIDE


FACE = away_from(32, 32, 18)


SHIFT = Motion(np.full((SIDE, SIDE, 2), [-3.0, 0.0]), np.ones((SIDE, SIDE)))


def test_the_face_follows_at_least_half_of_the_way_and_what_is_around_it_stays():
    whole, part = (regularize_flow(SHIFT, at(22, 32, **more)) for more in ({"face": FACE}, {}))
    inner = away_from(32, 32, 14) == 0
    assert (whole[inner] @ [-1, 0] > 1.5).all()
    assert np.abs(whole[32, 24] - [-3, 0]).max() < 0.2
    assert np.abs(part[32, 44]).max() < 1
    assert np.abs(whole[32, 58:]).max() < 1


def test_even_a_face_is_still_at_the_rim_and_where_the_mask_forbids_motion():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, : SIDE // 2] = True
    everywhere = np.zeros((SIDE, SIDE))
    flow = regularize_flow(SHIFT, at(22, 32, face=everywhere, mask=mask))
    assert np.abs(flow[:, SIDE // 2 + 1 :]).max() < 0.05
    flow = regularize_flow(SHIFT, at(22, 32, face=everywhere))
    rim = np.ones((SIDE, SIDE), bool)
    rim[2:-2, 2:-2] = False
    assert np.abs(flow[rim]).max() < 0.02
    assert (flow[8:-8, 8:-8] @ [-1, 0] > 1).all()


def lips() -> np.ndarray:
    """1 between them: four rows high, sixteen px wide, with soft ends."""
    plane = np.zeros((SIDE, SIDE))
    plane[30:35, 24:40] = 1
    return cv2.GaussianBlur(plane, (0, 0), 1.0)


def test_an_opened_mouth_is_painted_however_far_the_handle_and_well_the_motion_is_known():
    before, after = texture(SIDE), texture(SIDE)
    after[29:36, 22:42] = [90, 10, 10]
    motion = Motion(opening(32), np.ones((SIDE, SIDE)))
    far = at(60, 60, mouth=lips())
    overlay = disocclusions(before, after, motion, motion.flow, far)
    assert overlay[32, 32, 3] > 0.8
    assert overlay[:25, :, 3].max() < 0.02
    assert overlay[:, :18, 3].max() < 0.02
    assert not disocclusions(before, after, motion, motion.flow, at(60, 60)).any()
    assert not disocclusions(before, after, motion, np.zeros((SIDE, SIDE, 2)), far).any()
    mask = np.zeros((SIDE, SIDE), bool)
    mask[50:] = True
    held = disocclusions(before, after, motion, motion.flow, at(60, 60, mouth=lips(), mask=mask))
    assert held[:40].max() < 1e-3


def test_a_change_of_light_is_not_painted():
    before = np.full((SIDE, SIDE, 3), 100, np.uint8)
    after = np.full((SIDE, SIDE, 3), 130, np.uint8)
    after[30:35, 24:40] = [120, 40, 40]
    confidence = np.ones((SIDE, SIDE))
    confidence[30:35, 24:40] = 0
    motion = Motion(opening(32), confidence)
    overlay = disocclusions(before, after, motion, motion.flow, at(60, 60, mouth=lips()))
    colour = overlay[32, 32, :3] / overlay[32, 32, 3]
    assert colour == pytest.approx([90, 10, 10], abs=2)


@given(st.integers(0, 99), st.floats(0, 3), st.tuples(st.integers(4, 60), st.integers(4, 60)))
def test_a_share_is_a_share_and_colours_are_no_brighter_than_it(
    seed: int, strength: float, place: tuple[int, int]
):
    source = np.random.default_rng(seed)
    motion = Motion(strength * opening(32), source.uniform(0, 1, (SIDE, SIDE)))
    before, after = texture(SIDE, seed), texture(SIDE, seed + 1)
    overlay = disocclusions(before, after, motion, motion.flow, at(*place, mouth=lips()))
    assert overlay.min() >= 0
    assert overlay[..., 3].max() <= 1
    assert (overlay[..., :3] <= 255 * overlay[..., 3:] + 1e-6).all()
