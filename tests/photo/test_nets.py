"""The face nets: their files, what they see of a face, and the names of the mesh's rows."""

import hashlib
import re

import numpy as np
import pytest
from skimage.data import astronaut

from photo import mesh as rows
from photo import nets
from photo.align import face_quad
from photo.faces import Face, find_faces

AXIS = (10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 13, 14, 0, 17, 152)


@pytest.fixture(scope="module")
def face() -> Face:
    return find_faces(astronaut())[0]


def mirror() -> np.ndarray:
    """For each row the row at the other side of the neutral face."""
    here = rows.canonical()
    away = np.linalg.norm(here[:, None] - here * (-1, 1, 1), axis=2)
    assert away.min(1).max() < 0.01  # cm
    return away.argmin(1)


def test_the_files_are_those_that_the_readme_names() -> None:
    text = (rows.FOLDER / "README.md").read_text("utf-8")
    told = dict(re.findall(r"\| `([\w.]+)` \| `([0-9a-f]{64})`", text))
    files = {
        file.name: file for file in rows.FOLDER.iterdir() if file.suffix in (".tflite", ".npz")
    }
    assert told == {
        name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()
    }


def test_names_of_the_left_are_mirrored_on_the_right() -> None:
    other = mirror()
    points = rows.BROWS, rows.JAW, rows.UPPER_LIDS, rows.LOWER_LIDS, rows.MOUTH_CORNERS
    pairs = [((left,), (right,)) for left, right in points]
    pairs += [(rows.LEFT_EYE, rows.RIGHT_EYE), (rows.LEFT_CORNERS, rows.RIGHT_CORNERS[::-1])]
    for left, right in pairs:
        assert other[list(left)].tolist() == list(right)
        assert (rows.canonical()[list(left), 0] < 0).all()
    for whole in (rows.OVAL, rows.INNER_LIPS, rows.OUTER_LIPS, rows.STABLE):
        assert set(other[list(whole)].tolist()) == set(whole)
        assert len(set(whole)) == len(whole)


def test_names_in_the_middle_lie_there_from_top_to_chin() -> None:
    middle = rows.canonical()[list(AXIS)]
    assert np.abs(middle[:, 0]).max() < 0.01
    assert {rows.NOSE_TIP, rows.CHIN, rows.UPPER_LIP, rows.LOWER_LIP} <= set(AXIS)
    assert middle[0, 1] == rows.canonical()[list(rows.OVAL), 1].min()
    assert rows.canonical()[rows.CHIN, 1] == rows.canonical()[:, 1].max()
    assert rows.canonical()[rows.NOSE_TIP, 2] == pytest.approx(
        rows.canonical()[:, 2].min(), abs=0.3
    )


def test_outlines_go_around_clockwise() -> None:
    """From the top or the left; as seen, where y grows downwards."""
    for outline in (rows.OVAL, rows.INNER_LIPS, rows.OUTER_LIPS, rows.LEFT_EYE):
        x, y = rows.canonical()[list(outline), :2].T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0
        steps = np.linalg.norm(np.diff(np.c_[x, y], axis=0, append=[[x[0], y[0]]]), axis=1)
        assert steps.max() < 2.5  # cm: neighbours follow each other


def test_triangles_cover_the_face_once() -> None:
    corners = rows.triangles()
    assert corners.shape == (898, 3)
    assert set(corners.ravel().tolist()) == set(range(468))
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), 1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2


def test_the_mesh_is_a_face_of_the_photo(face: Face) -> None:
    neutral, seen = rows.canonical(), face.mesh
    scale = rows.eye_distance(seen) / rows.eye_distance(neutral)
    centred = [points - points[list(rows.STABLE)].mean(0) for points in (neutral * scale, seen)]
    left, _, right = np.linalg.svd(centred[0].T @ centred[1])
    away = np.linalg.norm(centred[0] @ (left @ right) - centred[1], axis=1)
    assert away.mean() < 0.2 * rows.eye_distance(seen)  # she smiles
    assert seen[rows.NOSE_TIP, 2] < seen[list(rows.OVAL), 2].min()


def test_irises_lie_inside_the_openings_of_the_eyes(face: Face) -> None:
    found = nets.irises(astronaut(), face.mesh)
    for iris, eye in zip(found, (rows.LEFT_EYE, rows.RIGHT_EYE), strict=True):
        low, high = face.mesh[list(eye), :2].min(0), face.mesh[list(eye), :2].max(0)
        assert (low < iris[0]).all()
        assert (iris[0] < high).all()
        right, top, left, bottom = iris[1:]
        assert left[0] < iris[0, 0] < right[0]
        assert top[1] < iris[0, 1] < bottom[1]
        assert 3 < right[0] - left[0] < (high - low)[0]


def test_the_matte_holds_the_person_and_not_what_is_behind(face: Face) -> None:
    seen = nets.matte(astronaut(), face_quad(face.eyes_and_mouth))
    assert seen.shape == (nets.MATTE_SIDE, nets.MATTE_SIDE)
    assert seen.min() >= 0
    assert seen.max() <= 1
    assert seen[100:156, 100:156].min() > 0.9
    assert seen[:24, :24].max() < 0.1


def test_a_detection_keeps_its_place_with_a_margin() -> None:
    plain, small = (nets.detect(astronaut(), 0.5, margin)[0] for margin in (0.0, 0.12))
    assert np.abs(plain.box - small.box).max() < 10
    assert np.abs(plain.points - small.points).max() < 10
    right, left, nose, mouth = plain.points[:4]
    assert right[0] < nose[0] < left[0]
    assert right[1] < nose[1] < mouth[1]
