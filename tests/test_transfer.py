"""Motion from pictures, and the photo moved by it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inversion import box_quad
from inversion.flow import Motion, Trail
from inversion.transfer import Change, chain, cut_mask, newly_seen, render, settle

SIDE = 64


def texture(side: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (side, side, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), side / 32)
    low, high = smooth.min(), smooth.max()
    return ((smooth - low) / (high - low) * 255).astype(np.uint8)


def shifted(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT_101)


def nothing() -> Change:
    return Change(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE, 3)))


def test_a_shift_is_measured_from_after_to_before():
    picture = texture(SIDE)
    trail = Trail.start(picture).to(shifted(picture, 1, 0.5)).to(shifted(picture, 2, 1))
    motion = trail.motion()
    inner = motion.flow[12:-12, 12:-12]
    assert np.abs(np.median(inner, axis=(0, 1)) - [-2, -1]).max() < 0.25
    assert np.median(motion.trust[12:-12, 12:-12]) > 0.8


def test_new_content_is_not_trusted():
    before, after = texture(SIDE), texture(SIDE)
    after[20:44, 20:44] = texture(SIDE, seed=9)[20:44, 20:44]
    motion = Trail.start(before).to(after).motion()
    assert motion.trust[24:40, 24:40].mean() < motion.trust[:12].mean() - 0.2


def test_the_field_keeps_to_handles_and_is_still_far_away():
    motion = Motion(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE)))
    start, end = np.array([[30.0, 32.0]]), np.array([[34.0, 32.0]])
    flow = settle(motion, start, end, None, 10.0)
    assert np.abs(flow[32, 34] - [-4, 0]).max() < 0.5
    assert np.abs(flow[2, 2]).max() < 0.02


def test_nothing_moves_where_the_mask_forbids_it():
    motion = Motion(np.full((SIDE, SIDE, 2), -3.0), np.ones((SIDE, SIDE)))
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, SIDE // 2 :] = True
    point = np.array([[48.0, 32.0]])
    flow = settle(motion, point, point + 3, mask, 30.0)
    assert np.abs(flow[:, : SIDE // 2 - 1]).max() < 0.05
    assert np.abs(flow[32, 48]).max() > 1


def test_no_change_is_the_photo_bit_for_bit():
    photo = texture(200)
    result, edited = render(photo, box_quad(20.0, 30.0, 100.0), nothing())
    assert np.array_equal(result, photo)
    assert not edited.any()


@given(dx=st.floats(-3, 3), dy=st.floats(-3, 3), left=st.floats(-20, 120), side=st.floats(40, 150))
def test_only_the_edited_region_differs(dx: float, dy: float, left: float, side: float):
    photo = texture(200)
    flow = np.zeros((SIDE, SIDE, 2))
    flow[16:48, 16:48] = [dx, dy]
    change = Change(cv2.GaussianBlur(flow, (0, 0), 2) * (flow != 0), np.zeros((SIDE, SIDE, 3)))
    result, edited = render(photo, box_quad(left, 20.0, side), change)
    assert result.shape == photo.shape
    assert np.array_equal((result != photo).any(2), edited)
    y, x = np.nonzero(edited)
    assert len(x) == 0 or (x.min() >= left - 1 and x.max() <= left + side + 1)
    assert len(y) == 0 or (y.min() >= 19 and y.max() <= 21 + side)


def test_pixels_move_at_the_photos_own_size():
    photo = texture(256)
    flow = np.zeros((SIDE, SIDE, 2))
    flow[8:56, 8:56] = [-1, 0]  # one px of 64 is four of 256
    result, _ = render(photo, box_quad(-0.5, -0.5, 256.0), Change(flow, np.zeros((SIDE, SIDE, 3))))
    assert np.array_equal(result[100:150, 100:150], photo[100:150, 96:146])


def test_two_changes_are_one():
    photo = texture(256)
    quad = box_quad(-0.5, -0.5, 256.0)
    flow = np.zeros((SIDE, SIDE, 2))
    flow[4:60, 4:60] = [-1, 0]
    one = Change(flow, np.zeros((SIDE, SIDE, 3)))
    twice, _ = render(render(photo, quad, one)[0], quad, one)
    once, _ = render(photo, quad, chain(one, one))
    assert np.array_equal(twice[100:150, 100:150], once[100:150, 100:150])


def test_a_mask_of_the_photo_is_cut_like_the_photo():
    mask = np.zeros((200, 300), bool)
    mask[50:100, 100:200] = True
    small = cut_mask(mask, box_quad(100.0, 50.0, 100.0), 50)
    assert small[:24].all()
    assert not small[26:].any()


def opening(row: int) -> np.ndarray:
    """A field that pulls the rows above and below this one apart, here and nowhere else."""
    y = np.arange(SIDE) - row
    flow = np.zeros((SIDE, SIDE, 2))
    flow[..., 1] = (-0.6 * y * np.exp(-((y / 8) ** 2)))[:, None]
    return flow


@pytest.mark.parametrize("grey", [0, 255])
def test_what_comes_to_light_is_added_where_the_picture_opens(grey: int):
    before, after = texture(SIDE), texture(SIDE)
    after[30:35, 28:36] = grey
    trust = np.ones((SIDE, SIDE))
    trust[30:35, 28:36] = 0
    handle = np.array([[32.0, 32.0]])
    motion = Motion(opening(32), trust)
    assert np.abs(newly_seen(before, after, motion, motion.flow, handle)[32, 32]).mean() > 20
    elsewhere = newly_seen(before, after, motion, motion.flow, handle + 25)
    assert np.abs(elsewhere).max() < 1
    unopened = newly_seen(before, after, motion, np.zeros((SIDE, SIDE, 2)), handle)
    assert np.abs(unopened).max() == 0
