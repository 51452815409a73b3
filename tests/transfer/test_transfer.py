"""The photo moved and painted over as an edit says, and nothing else of it."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from worlds import texture

from photo.crop import Crop, box_quad
from transfer.warp import Warp, chain, paste, render

SIDE = 64


def nothing() -> Warp:
    return Warp(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE, 4)))


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
    change = Warp(cv2.GaussianBlur(flow, (0, 0), 2) * (flow != 0), np.zeros((SIDE, SIDE, 4)))
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
    result, _ = render(photo, box_quad(-0.5, -0.5, 256.0), Warp(flow, np.zeros((SIDE, SIDE, 4))))
    assert np.array_equal(result[100:150, 100:150], photo[100:150, 96:146])


def test_two_changes_are_one():
    photo = texture(256)
    quad = box_quad(-0.5, -0.5, 256.0)
    flow = np.zeros((SIDE, SIDE, 2))
    flow[4:60, 4:60] = [-1, 0]
    one = Warp(flow, np.zeros((SIDE, SIDE, 4)))
    twice, _ = render(render(photo, quad, one)[0], quad, one)
    once, _ = render(photo, quad, chain(one, one))
    assert np.array_equal(twice[100:150, 100:150], once[100:150, 100:150])


def test_a_mask_of_the_photo_is_cut_like_the_photo():
    mask = np.zeros((200, 300), bool)
    mask[50:100, 100:200] = True
    small = Crop(box_quad(100.0, 50.0, 100.0), 50).cut_mask(mask)
    assert small[:24].all()
    assert not small[26:].any()


def painted(colour: tuple[float, ...], share: float, where: slice = slice(16, 48)) -> Warp:
    """This colour over a square of the crop, and nothing moves."""
    change = nothing()
    change.overlay[where, where] = [*(share * np.array(colour)), share]
    return change


def test_paint_that_covers_all_is_what_is_shown():
    photo, change = texture(256), painted((200, 30, 90), 1.0)
    result, edited = render(photo, box_quad(-0.5, -0.5, 256.0), change)
    assert (result[76:180, 76:180] == [200, 30, 90]).all()
    assert np.array_equal(result[:56], photo[:56])
    assert np.array_equal((result != photo).any(2), edited)


colour = st.tuples(*[st.integers(0, 255)] * 3)
share = st.floats(0, 1)


@given(colour, share, colour, share)
def test_of_two_paints_the_later_one_lies_over_the_other(
    one: tuple[int, ...], thin: float, other: tuple[int, ...], thick: float
):
    photo, quad = texture(128), box_quad(-0.5, -0.5, 128.0)
    first, then = painted(one, thin), painted(other, thick)
    twice, _ = render(render(photo, quad, first)[0], quad, then)
    once, _ = render(photo, quad, chain(first, then))
    middle = slice(44, 84)
    away = once[middle, middle].astype(int) - twice[middle, middle]
    assert np.abs(away).max() <= 1  # rounded once, not twice
    if thick == 1:
        assert (once[middle, middle] == other).all()


@given(st.lists(st.tuples(colour, share), min_size=3, max_size=3))
def test_it_does_not_matter_which_of_three_changes_are_joined_first(layers: list):
    a, b, c = (painted(*layer) for layer in layers)
    left, right = chain(chain(a, b), c), chain(a, chain(b, c))
    np.testing.assert_allclose(left.overlay, right.overlay, atol=1e-3)


def test_paint_moves_along_with_what_it_is_on():
    flow = np.zeros((SIDE, SIDE, 2))
    flow[4:60, 4:60] = [-3, 0]
    moved = chain(painted((9, 9, 9), 1.0), Warp(flow, nothing().overlay))
    assert moved.overlay[30, 19:51, 3].tolist() == [1] * 32
    assert moved.overlay[30, 12:19, 3].tolist() == [0] * 7


def test_a_change_acts_if_it_moves_or_paints():
    assert not nothing().acts
    assert painted((0, 0, 0), 0.1).acts
    flow = np.zeros((SIDE, SIDE, 2))
    flow[30, 30] = 0.1
    assert Warp(flow, nothing().overlay).acts


def acting(*rows: int) -> Warp:
    flow = np.zeros((SIDE, SIDE, 2))
    flow[slice(*rows), 20:44] = [0, 1]
    return Warp(flow, nothing().overlay)


@given(st.floats(-20, 120), st.floats(-20, 120), st.floats(40, 150), st.integers(0, 9))
def test_nothing_but_the_part_that_acts_is_pasted(left: float, top: float, side: float, seed: int):
    photo, quad = texture(200), box_quad(left, top, side)
    result = paste(photo, quad, acting(20, 44).where, texture(SIDE, seed + 1))
    y, x = np.nonzero((result != photo).any(2))
    near = 11 / SIDE * side + 1  # px of the photo: how far over the edge it fades
    for places, start in ((x, left), (y, top)):
        assert len(places) == 0 or places.min() >= start + 20 / SIDE * side - near
        assert len(places) == 0 or places.max() <= start + 44 / SIDE * side + near
    assert np.array_equal(paste(photo, quad, nothing().where, texture(SIDE, seed + 1)), photo)


def test_the_picture_is_shown_where_the_change_acts():
    photo, picture = texture(200), texture(SIDE, 3)
    quad = box_quad(9.5, 19.5, float(SIDE))  # a px of the picture is one of the photo
    for change in (acting(20, 44), painted((0, 0, 0), 0.5, slice(20, 44))):
        result = paste(photo, quad, change.where, picture)
        shown = result[42:62, 32:52].astype(int)  # rows and columns 22 to 42 of the picture
        assert np.abs(shown - picture[22:42, 22:42]).max() <= 2
    flat = paste(photo, quad, acting(20, 44).where, np.full((SIDE, SIDE, 3), 200, np.uint8))
    assert (flat[42:62, 32:52] == 200).all()


def test_a_motion_of_a_fraction_of_a_pixel_is_not_pasted():
    photo, change = texture(200), acting(20, 44)
    still = Warp(change.flow * 0.2, change.overlay)
    quad = box_quad(9.5, 19.5, float(SIDE))
    assert np.array_equal(paste(photo, quad, still.where, texture(SIDE, 3)), photo)
