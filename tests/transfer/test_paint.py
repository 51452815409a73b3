"""A photo with its head bent, judged by the face net: it took no part in the drawing."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.time.large_photos import resident, watching
from photo import Photo, crop, nets, read_photo
from photo.align import face_quad
from photo.crop import Crop, Quad, resized
from photo.mesh import (
    BROWS,
    CHIN,
    INNER_LIPS,
    LEFT_EYE,
    LOWER_LIDS,
    MOUTH_CORNERS,
    OUTER_LIPS,
    RIGHT_EYE,
    UPPER_LIDS,
)
from transfer.backdrop import Backdrop, filled
from transfer.bend import bend
from transfer.handles import with_handles
from transfer.head import VERTICES, build
from transfer.mouth import mouth_layer
from transfer.paint import paint
from transfer.rig import RIG_SIDE, Pose, Rig, Similarity, rest

FILE = Path(__file__).parents[2] / "ui/page/examples/astronaut.jpg"


@pytest.fixture(scope="module")
def photo() -> Photo:
    return read_photo(FILE)


@pytest.fixture(scope="module")
def quad(photo: Photo) -> Quad:
    mesh, _ = nets.mesh(photo, np.array([224.0, 125.0]), 100.0, np.array([1.0, 0.0]))
    return face_quad(nets.eyes_and_mouth(mesh))


@pytest.fixture(scope="module")
def rig(photo: Photo, quad: Quad) -> Rig:
    return build(photo, quad, seen(photo, quad))


def seen(photo: Photo, quad: Quad) -> np.ndarray:
    """The mesh of the face about in the middle of the crop, px of the crop."""
    crop = Crop(quad, RIG_SIDE)
    centre = crop.to_photo(np.array([[0.5, 0.58]]) * RIG_SIDE)[0]
    mesh, sure = nets.mesh(photo, centre, 0.68 * RIG_SIDE * crop.photo_px, quad[3] - quad[0])
    assert sure > 0.9
    return np.c_[crop.from_photo(mesh[:, :2]), mesh[:, 2] / crop.photo_px]


def error(rig: Rig, pose: Pose, result: np.ndarray) -> float:
    """Of the mesh in the result against the meant one, in distances of the eyes."""
    off = np.linalg.norm(result[:, :2] - pose.vertices[:468, :2], axis=1)
    return float(off.mean()) / rig.eyes


def turned(rig: Rig, yaw: float) -> Pose:
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    whole = Similarity(1.0, turn, rig.vertices[:468].mean(0), np.zeros(3))(rig.vertices)
    vertices = rig.vertices + rig.follow[:, None] * (whole - rig.vertices)
    return Pose(vertices, np.zeros((2, 2)))


def test_nothing_moved_is_the_photo_itself(photo: Photo, quad: Quad, rig: Rig) -> None:
    result, edited = paint(photo, quad, rig, rest(rig))
    np.testing.assert_array_equal(result, photo)
    assert not edited.any()


@pytest.mark.parametrize("yaw", [-0.25, 0.25])
def test_a_head_turns(photo: Photo, quad: Quad, rig: Rig, yaw: float) -> None:
    pose = turned(rig, yaw)
    result, edited = paint(photo, quad, rig, pose)
    assert error(rig, rest(rig), seen(result, quad)) > 0.045
    assert error(rig, pose, seen(result, quad)) < 0.035
    np.testing.assert_array_equal(edited, (result != photo).any(2))
    np.testing.assert_array_equal(result[-60:], photo[-60:])  # far below: the suit


def test_the_map_does_not_fold(rig: Rig) -> None:
    shift = bend(rig.vertices, turned(rig, 0.1).vertices, (RIG_SIDE, RIG_SIDE))
    (xy, xx), (yy, yx) = (np.gradient(shift[..., k]) for k in (0, 1))
    area = (1 + xx) * (1 + yy) - xy * yx
    assert np.mean((area < 0) | (area > 8)) < 1e-3


def test_lids_come_down_over_the_eyes(photo: Photo, quad: Quad, rig: Rig) -> None:
    lids = np.array([*LEFT_EYE[1:8], *RIGHT_EYE[1:8]])  # the upper ones, between the corners
    below = np.array([*LEFT_EYE[:8:-1], *RIGHT_EYE[:8:-1]])
    drags = np.stack([rig.vertices[lids, :2], rig.vertices[below, :2]], 1)
    free = 1 - np.isin(np.arange(VERTICES), [*below, *BROWS]).astype(float)
    still = np.zeros_like(rig.vertices), np.zeros_like(rig.vertices)
    vertices = with_handles(rig, rest(rig), still, drags, free)
    vertices[lids, :2] = rig.vertices[below, :2]
    result, _ = paint(photo, quad, rig, Pose(vertices, np.zeros((2, 2))))
    before, after = (seen(p, quad) for p in (photo, result))
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        gaps = [float(np.linalg.norm(m[upper, :2] - m[lower, :2])) for m in (before, after)]
        assert gaps[1] < 0.85 * gaps[0]  # the net hardly believes in closed eyes
    for x, y in np.round(Crop(quad, RIG_SIDE).to_photo(rig.irises[:, 0])).astype(int):
        assert photo[y, x].mean() < 90
        assert result[y, x].mean() > photo[y, x].mean() + 40  # skin, where the pupil was


def test_eyes_look_aside(photo: Photo, quad: Quad, rig: Rig) -> None:
    crop, way = Crop(quad, RIG_SIDE), np.array([5.0, 0.0])
    pose = Pose(rig.vertices, np.stack([way, way]))
    result, edited = paint(photo, quad, rig, pose)
    mesh = np.c_[crop.to_photo(rig.vertices[:468, :2]), np.zeros(468)]
    before, after = (crop_points(crop, nets.irises(p, mesh)) for p in (photo, result))
    moved = (after - before)[:, 0, 0]
    assert (moved > 2.5).all()
    assert edited.sum() < 400  # nothing but two eyes


def crop_points(crop: Crop, irises: np.ndarray) -> np.ndarray:
    return np.stack([crop.from_photo(iris) for iris in irises])


def test_a_mouth_opens_on_something_dark_and_teeth(photo: Photo, quad: Quad, rig: Rig) -> None:
    face = rig.vertices[:468]
    below = np.clip(2 * (face[:, 1] - face[14, 1]) / (face[CHIN, 1] - face[14, 1]) + 0.5, 0, 1)
    below[list(INNER_LIPS[11:])] = below[list(OUTER_LIPS[11:])] = 1
    aside = np.abs(face[:, 0] - face[14, 0]) / np.ptp(face[list(MOUTH_CORNERS), 0])
    vertices = rig.vertices.copy()
    vertices[:468, 1] += 0.3 * rig.eyes * below * np.clip(1.3 - 1.5 * aside**2, 0, 1)
    pose = Pose(vertices, np.zeros((2, 2)))
    (layer,) = mouth_layer(photo, quad, rig, pose)
    assert layer.share.max() > 0.99
    inside = layer.colours[layer.share > 0.9].mean(1)
    assert inside.min() < 70
    assert inside.max() > 150
    result, _ = paint(photo, quad, rig, pose)
    gap = [float(np.ptp(seen(p, quad)[[13, 14], 1])) for p in (photo, result)]
    assert gap[1] > gap[0] + 0.12 * rig.eyes


def test_a_mouth_that_stays_closed_is_left_alone(photo: Photo, quad: Quad, rig: Rig) -> None:
    assert not list(mouth_layer(photo, quad, rig, turned(rig, 0.2)))


def test_what_no_edit_may_change_is_the_photos_own(photo: Photo, quad: Quad, rig: Rig) -> None:
    fixed = np.zeros((RIG_SIDE, RIG_SIDE), bool)
    fixed[:, : RIG_SIDE // 2] = True
    pose = turned(rig, 0.2)
    result, edited = paint(photo, quad, rig, Pose(pose.vertices, pose.gaze, fixed))
    inner = np.round(Crop(quad, RIG_SIDE).to_photo(np.array([[100.0, 200.0], [400.0, 200.0]])))
    (x, y), (other, _) = inner.astype(int)
    np.testing.assert_array_equal(
        result[y - 20 : y + 20, x - 5 : x + 5], photo[y - 20 : y + 20, x - 5 : x + 5]
    )
    assert edited[y - 20 : y + 20, other - 20 : other + 20].any()


def test_what_is_hidden_is_filled_with_what_is_beside_it() -> None:
    stripes = np.zeros((96, 96, 3), np.float32)
    stripes[np.arange(96) // 8 % 2 == 1] = 200.0
    there = np.ones((96, 96), bool)
    there[:, 50:] = False
    result = filled(stripes, there)
    np.testing.assert_array_equal(result[there], stripes[there])
    off = np.abs(result - stripes).mean((0, 2))
    assert off[50:60].max() < 45  # the stripes go on,
    assert np.abs(result[:, 92:] - 100).max() < 45  # far away as their mean


def test_where_nothing_is_seen_nothing_is_filled() -> None:
    result = filled(np.full((8, 8, 3), 70.0, np.float32), np.zeros((8, 8), bool))
    assert np.isfinite(result).all()


def test_nothing_of_a_head_stays_where_it_was() -> None:
    person = np.array([[1.0, 1.0, 0.5, 0.0]], np.float32)
    over = np.array([[0.5, 0.0, 0.5, 0.0]], np.float32)  # a soft edge lies over the first pixel
    moves, still = np.ones_like(person), np.zeros_like(person)
    np.testing.assert_allclose(Backdrop.left(person, over, moves), [[1.0, 1.0, 0.5, 0.0]])
    np.testing.assert_allclose(Backdrop.left(person, over, still), [[0.5, 1.0, 0.0, 0.0]])


def test_strips_leave_no_seam(photo: Photo, quad: Quad, rig: Rig, monkeypatch) -> None:
    large, pose = photo.repeat(2, 0).repeat(2, 1), turned(rig, 0.2)
    quad = resized(quad, 512, 1024)
    pose = Pose(pose.vertices, pose.gaze, np.eye(32, dtype=bool))
    whole = paint(large, quad, rig, pose)
    monkeypatch.setattr(crop, "STRIP", 20_000)
    strips = paint(large, quad, rig, pose)
    differ = np.abs(whole[0].astype(int) - strips[0]).max(2)
    assert differ.max() < 4  # OpenCV rounds places from where a picture begins
    assert (differ > 0).sum() < 1e-4 * whole[1].sum()


@pytest.mark.slow
def test_a_face_of_64_megapixels_takes_little_more_than_its_copy(
    photo: Photo, quad: Quad, rig: Rig
) -> None:
    large = cv2.resize(photo, (8000, 8000), interpolation=cv2.INTER_LINEAR)
    ends = resized(quad, 512, 8000), rig, turned(rig, 0.2)
    paint(photo, quad, *ends[1:])
    with watching() as watch:
        base = resident()
        result, edited = paint(large, *ends)
    assert edited.sum() > 2e6
    assert result.shape == large.shape
    assert watch.most - base < (result.nbytes + edited.nbytes) / 1e6 + 150
