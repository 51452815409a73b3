"""Every face of a photo is found: half, turned, small, several; where there is none, none is."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut, chelsea

from photo.faces import Face, _overlap, _tiles, _turned_back, find_faces, followed, nearest_face
from photo.mesh import CHIN, OVAL, canonical

POINTS = np.array([[203.0, 101.0], [247.0, 103.0], [223.0, 140.0]])  # of the astronaut
SIZE = 100.0  # of her face
side = st.floats(1, 200)
place = st.floats(-200, 200)


def only(photo: np.ndarray) -> Face:
    (face,) = find_faces(np.ascontiguousarray(photo))
    return face


def off(face: Face, expected: np.ndarray, size: float = SIZE) -> float:
    """Mean error of eyes and mouth, in sizes of the face."""
    return float(np.linalg.norm(face.eyes_and_mouth - expected, axis=1).mean()) / size


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def turned(points: np.ndarray, degrees: float, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the photo turned about its middle, on grey, and where its points are)."""
    length = int(1.5 * max(photo.shape))
    matrix = cv2.getRotationMatrix2D((photo.shape[1] / 2, photo.shape[0] / 2), degrees, 1.0)
    matrix[:, 2] += length / 2 - np.array(photo.shape[1::-1]) / 2
    shown = cv2.warpAffine(photo, matrix, (length, length), borderValue=(128, 128, 128))
    return shown, points @ matrix[:, :2].T + matrix[:, 2]


@pytest.mark.parametrize("zoom", [1, 3])
def test_an_upright_face_is_found_where_it_is(zoom: int) -> None:
    face = only(astronaut().repeat(zoom, 0).repeat(zoom, 1))
    assert off(face, (POINTS + 0.5) * zoom - 0.5, zoom * SIZE) < 0.02
    assert face.presence > 0.9
    assert face.size == pytest.approx(zoom * SIZE, rel=0.1)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_that_lies_on_its_side_has_the_same_face(turns: int) -> None:
    upright, photo = only(astronaut()), np.ascontiguousarray(np.rot90(astronaut(), turns))
    back = np.array([[0, 1], [-1, 0]])  # a quarter to the left about the middle
    expected = (POINTS - 255.5) @ np.linalg.matrix_power(back.T, turns) + 255.5
    assert off(only(photo), expected) < 0.02
    assert only(photo).size == pytest.approx(upright.size, rel=0.1)


@pytest.mark.parametrize("degrees", [30, 120, 130, 235])
def test_a_tilted_face_is_found_as_well_as_an_upright_one(degrees: float) -> None:
    photo, expected = turned(POINTS, degrees, astronaut()[:400])
    assert off(only(photo), expected) < 0.02


@pytest.mark.parametrize("cut", [205, 225])
def test_half_a_face_at_an_edge_is_found(cut: int) -> None:
    """What the mesh says of the half that is outside the photo is a guess."""
    assert off(only(astronaut()[:, cut:]), POINTS - (cut, 0)) < 0.15
    mirrored = astronaut()[:, ::-1]
    expected = (511 - POINTS[[1, 0, 2], 0] - cut - 40, POINTS[[1, 0, 2], 1])
    assert off(only(mirrored[:, cut + 40 :]), np.stack(expected, 1)) < 0.15


@pytest.mark.parametrize(("height", "width"), [(186, 186), (600, 900), (1200, 1600)])
def test_a_face_of_40_px_is_found(height: int, width: int) -> None:
    small = cv2.resize(astronaut(), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)[:186, :186]
    photo, (x, y) = grey(height, width), ((width - 186) * 2 // 3, (height - 186) // 3)
    photo[y : y + 186, x : x + 186] = small
    assert off(only(photo), (POINTS + 0.5) * 0.4 - 0.5 + (x, y), 40) < 0.05


def test_two_people_are_two_faces_the_largest_first() -> None:
    small = cv2.resize(astronaut(), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    both = grey(512, 512 + len(small))
    both[: len(small), : len(small)], both[:, len(small) :] = small, astronaut()
    first, second = find_faces(both)
    expected = POINTS + np.array([len(small), 0])
    assert off(first, expected) < 0.02
    assert off(second, (POINTS + 0.5) * 0.6 - 0.5, 60) < 0.03
    for face in (first, second):
        assert nearest_face([first, second], face.mesh[4, :2]) is face
    assert nearest_face([first, second], np.array([900.0, 500.0])) is first
    assert nearest_face([], np.zeros(2)) is None


@pytest.mark.parametrize(
    "photo",
    [
        grey(300, 200), grey(64, 512), grey(1, 1), grey(1, 900),
        np.random.default_rng(0).integers(0, 256, (500, 400, 3), np.uint8), chelsea(),
    ],
    ids=["grey", "strip", "one", "line", "noise", "cat"],
)  # fmt: skip
def test_where_there_is_no_face_none_is_found(photo: np.ndarray) -> None:
    assert find_faces(photo) == []


def test_threads_find_what_one_finds_alone() -> None:
    photos = [np.ascontiguousarray(np.rot90(astronaut()[:300, 80:380], k)) for k in range(4)]
    alone = [only(photo).mesh for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = [face.mesh for face in pool.map(only, photos * 4)]
    for k, mesh in enumerate(together):
        assert np.array_equal(mesh, alone[k % 4])


@given(st.tuples(place, place, side, side), st.tuples(place, place, side, side))
def test_boxes_overlap_by_a_share_of_the_smaller(
    one: tuple[float, ...], other: tuple[float, ...]
) -> None:
    first, second = np.array(one), np.array(other)
    first[2:] += first[:2]
    second[2:] += second[:2]
    share = _overlap(first, second)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(_overlap(second, first))
    assert _overlap(first, first) == pytest.approx(1)
    inner = np.r_[first[:2] * 0.75 + first[2:] * 0.25, first[:2] * 0.25 + first[2:] * 0.75]
    assert _overlap(first, inner) == pytest.approx(1)
    if (first[2:] <= second[:2]).any() or (second[2:] <= first[:2]).any():
        assert share == 0


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3), st.data())
def test_points_of_a_turned_photo_come_back(
    height: int, width: int, turns: int, data: st.DataObject
) -> None:
    """The pixel that a point of the turned photo is on is the photo's own."""
    photo = np.arange(height * width).reshape(height, width)
    shown = np.rot90(photo, turns)
    x = data.draw(st.integers(0, shown.shape[1] - 1))
    y = data.draw(st.integers(0, shown.shape[0] - 1))
    mesh = np.tile([x, y, 7.0], (468, 1))
    back = _turned_back(mesh, turns, photo[..., None].repeat(3, 2).astype(np.uint8))[0]
    assert photo[int(back[1]), int(back[0])] == shown[y, x]
    assert back[2] == 7


@given(st.integers(16, 3000), st.integers(16, 3000), st.integers(1, 6))
def test_parts_cover_the_photo(height: int, width: int, share: int) -> None:
    length = max(3, min(height, width) // share)
    parts = _tiles(np.broadcast_to(np.uint8(0), (height, width, 3)), length)
    for axis, whole in ((0, width), (1, height)):
        starts = sorted({part[axis] for part in parts})
        assert starts[0] == 0
        assert starts[-1] + length == whole
        assert all(b - a <= length * 2 // 3 + 1 for a, b in pairwise(starts))


def test_a_point_is_as_far_from_a_face_as_that_is_large() -> None:
    face = Face(10 * canonical() + (300, 200, 0), 1.0)
    top, chin = face.mesh[[OVAL[0], CHIN], :2]
    assert face.distance((top + chin) / 2) < 0.2
    assert 0.4 < face.distance(chin) < 0.8
    assert face.distance(chin + np.array([0, 10 * face.size])) == pytest.approx(10.5, abs=0.3)


def test_a_face_is_followed_as_far_as_it_moves_between_frames_of_a_clip() -> None:
    photo, before = astronaut(), only(astronaut())
    now = followed(np.roll(photo, (5, 12), (0, 1)), before)
    assert now is not None
    assert off(now, before.eyes_and_mouth + np.array([12.0, 5.0])) < 0.02
    assert followed(grey(512, 512), before) is None
