"""From a photo to the square that the generator expects, and where each pixel went."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut

from photo import PhotoError
from photo.align import face_quad
from photo.crop import Crop, box_quad, resized
from stylegan import to_uint8

POINTS = np.array([[203.0, 102.0], [248.0, 104.0], [223.0, 148.0]])  # of the astronaut
place = st.tuples(st.floats(20, 480), st.floats(20, 480))


def ramps(height: int, width: int) -> np.ndarray:
    """Red tells the column, green the row."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.zeros_like(x)], 2).astype(np.uint8)


@pytest.mark.parametrize(
    ("left", "top", "box", "side"),
    [(10.0, 14.2, 32.0, 32), (10.5, 9.7, 48.0, 24), (20.0, 21.0, 16.0, 64), (6.1, 7.0, 48.0, 16)],
)
def test_a_crop_keeps_coordinates(left: float, top: float, box: float, side: int) -> None:
    crop = Crop(box_quad(left, top, box), side)
    y, x = (np.mgrid[:side, :side] * 1.0).reshape(2, -1)
    origin = crop.to_photo(np.stack([x, y], 1))
    seen = to_uint8(crop.cut(4 * ramps(62, 62))).reshape(-1, 3)[:, :2] / 4
    assert np.abs(seen - origin).max() < 0.25


def test_a_box_at_its_own_size_is_the_photos_pixels() -> None:
    photo = ramps(200, 220)
    crop = Crop(box_quad(29.5, 49.5, 64.0), 64)  # edges lie half a px before the centres
    assert np.array_equal(to_uint8(crop.cut(photo)), photo[50:114, 30:94])


@given(st.floats(0.5, 3.0), st.floats(0, 6.28))
def test_corners_of_a_quad_are_corners_of_the_crop(scale: float, angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    quad = face_quad(scale * POINTS @ turn.T)
    corners = Crop(quad, 64).from_photo(quad)
    assert np.abs(corners - [[-0.5, -0.5], [-0.5, 63.5], [63.5, 63.5], [63.5, -0.5]]).max() < 0.01


@given(st.lists(place, min_size=2, max_size=5), st.integers(16, 512), st.integers(16, 512))
def test_points_come_back_from_a_crop_of_any_side(
    places: list[tuple[float, float]], side: int, other: int
) -> None:
    points, crop = np.array(places), Crop(face_quad(POINTS), side)
    here, there = crop.from_photo(points), crop.at(other).from_photo(points)
    np.testing.assert_allclose(crop.to_photo(here), points, atol=1e-3)
    np.testing.assert_allclose(resized(here, side, other), there, atol=1e-3)
    moved = np.diff(points, axis=0)
    np.testing.assert_allclose(crop.motion_to_photo(np.diff(here, axis=0)), moved, atol=1e-2)
    lengths = [np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (points, here)]
    np.testing.assert_allclose(lengths[1] * crop.photo_px, lengths[0], atol=1e-2)


def test_beyond_the_edge_the_photo_is_mirrored() -> None:
    photo = ramps(100, 100)
    seen = to_uint8(Crop(box_quad(-32.5, -0.5, 64.0), 64).cut(photo))
    assert np.array_equal(seen[:, 32:], photo[:64, :32])
    assert np.array_equal(seen[:, :32], photo[:64, 32:0:-1])


def test_fine_pixels_are_averaged_not_picked() -> None:
    checks = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    seen = to_uint8(Crop(box_quad(32.0, 32.0, 128.0), 32).cut(checks))
    assert abs(seen.astype(int) - 127.5).max() <= 2


def ffhq_quad(left: np.ndarray, right: np.ndarray, mouth: np.ndarray) -> np.ndarray:
    """Transcribed from NVlabs/ffhq-dataset, download_ffhq.py (research/inversion.md, 1.3)."""
    eye_avg = (left + right) * 0.5
    eye_to_eye = right - left
    eye_to_mouth = mouth - eye_avg
    x = eye_to_eye - np.flipud(eye_to_mouth) * [-1, 1]
    x /= np.hypot(*x)
    x *= max(np.hypot(*eye_to_eye) * 2.0, np.hypot(*eye_to_mouth) * 1.8)
    y = np.flipud(x) * [-1, 1]
    c = eye_avg + eye_to_mouth * 0.1
    return np.stack([c - x - y, c - x + y, c + x + y, c + x - y])


@given(place, place, place)
def test_the_face_quad_is_ffhqs(
    left: tuple[float, float], right: tuple[float, float], mouth: tuple[float, float]
) -> None:
    points = np.array([left, right, mouth])
    try:
        quad = face_quad(points)
    except PhotoError:
        return
    np.testing.assert_allclose(quad, ffhq_quad(*points), rtol=1e-9, atol=1e-6)
    sides = np.linalg.norm(quad - np.roll(quad, 1, 0), axis=1)
    np.testing.assert_allclose(sides, sides[0])


@given(st.floats(-3.1, 3.1), st.floats(0.3, 5.0), place)
def test_a_turned_face_has_a_turned_quad(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    quad = face_quad(POINTS @ turn.T + shift)
    np.testing.assert_allclose(quad, face_quad(POINTS) @ turn.T + shift, rtol=1e-6, atol=1e-6)


def test_the_first_corner_of_an_upright_face_is_top_left() -> None:
    quad = face_quad(np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]) * 30 + 200)
    assert np.all(np.sign(quad - quad.mean(0)) == [[-1, -1], [-1, 1], [1, 1], [1, -1]])


@pytest.mark.parametrize(
    "points",
    [
        [[10.0, 10.0], [12.0, 10.0], [11.0, 40.0]],
        [[10.0, 10.0], [40.0, 10.0], [25.0, 12.0]],
        [[10.0, 10.0], [10.0, 10.0], [10.0, 10.0]],
    ],
)
def test_points_that_lie_too_close_are_refused(points: list[list[float]]) -> None:
    with pytest.raises(PhotoError, match="the points lie too close together"):
        face_quad(np.array(points))


@given(st.floats(0.1, 2.0))
def test_a_shrunk_quad_keeps_its_middle_and_tilt(share: float) -> None:
    quad = face_quad(POINTS)
    less = Crop(quad, 64).shrunk(share).quad
    np.testing.assert_allclose(less.mean(0), quad.mean(0))
    np.testing.assert_allclose(less[3] - less[0], share * (quad[3] - quad[0]), atol=1e-9)


def test_a_box_smaller_than_16_px_is_refused() -> None:
    box_quad(0.0, 0.0, 16.0)
    with pytest.raises(PhotoError, match="at least 16 px"):
        box_quad(0.0, 0.0, 15.9)


def test_the_face_is_upright_in_its_crop() -> None:
    crop = Crop(face_quad(POINTS), 64)
    image = crop.cut(astronaut())
    assert image.shape == (3, 64, 64)
    assert -1 <= image.min() < image.max() <= 1
    eyes = crop.from_photo(POINTS[:2])
    assert abs(eyes[0, 1] - eyes[1, 1]) < 3  # upright, and in the upper half
    assert np.all(eyes[:, 1] < 32)
