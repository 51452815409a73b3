"""Handles arrive, by the motion of the part that they are on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_rig import FACE, rig, turn

from photo.mesh import BROWS, CHIN, LOWER_LIDS, LOWER_LIP, NOSE_TIP, OVAL, STABLE, UPPER_LIDS
from transfer.handles import with_handles
from transfer.head import VERTICES
from transfer.rig import Rig, Shifts, Similarity, rest

FREE = np.ones(VERTICES)


def still(own: Rig) -> Shifts:
    return np.zeros_like(own.vertices), np.zeros_like(own.vertices)


@given(st.floats(-25, 25), st.floats(-25, 25))
def test_handles_arrive_exactly(x: float, y: float) -> None:
    own = rig()
    handle = FACE[NOSE_TIP, :2]
    free = np.ones(VERTICES)
    target = handle + np.array([x, y])
    drags = np.stack([handle, target])[None]
    vertices = with_handles(own, rest(own), still(own), drags, free)
    np.testing.assert_allclose(vertices[NOSE_TIP, :2], target, atol=0.5)
    assert np.abs(vertices[CHIN] - FACE[CHIN]).max() < 1


def test_two_handles_arrive_together_and_what_is_fixed_stays() -> None:
    own, rows = rig(), [61, 291]
    handles = FACE[rows, :2]
    free = np.ones(VERTICES)
    free[LOWER_LIP] = 0
    drags = np.stack([handles, handles + np.array([[-8, -6], [8, -6]])], 1)
    vertices = with_handles(own, rest(own), still(own), drags, free)
    np.testing.assert_allclose(vertices[rows, :2], drags[:, 1], atol=0.5)
    np.testing.assert_array_equal(vertices[LOWER_LIP], FACE[LOWER_LIP])


def test_what_is_still_is_moved_by_no_handle() -> None:
    own = rig()
    handle = own.vertices[468 + 3 * len(OVAL), :2]  # next to the outermost ring
    drags = np.stack([handle, handle + 20.0])[None]
    vertices = with_handles(own, rest(own), still(own), drags, np.ones(VERTICES))
    outermost = slice(-len(OVAL), None)
    np.testing.assert_array_equal(vertices[outermost], own.vertices[outermost])
    assert np.abs(vertices - own.vertices).max() > 15


def nodding(own: Rig) -> Shifts:
    """The head nods, and the upper lids come down a little."""
    nod = Similarity(
        1.0, turn(0.0, 0.15, 0.0), FACE.mean(0) + np.array([0.0, 80.0, 0.0]), np.zeros(3)
    )
    face = np.zeros_like(own.vertices)
    face[list(UPPER_LIDS), 1] = 3.0
    return own.follow[:, None] * (nod(own.vertices) - own.vertices), face


def test_lids_come_down_without_the_head() -> None:
    own, rows = rig(), list(UPPER_LIDS)
    handles = FACE[rows, :2]
    drags = np.stack([handles, handles + np.array([0.0, 6.0])], 1)
    vertices = with_handles(own, rest(own), nodding(own), drags, FREE)
    np.testing.assert_allclose(vertices[rows, :2], drags[:, 1], atol=0.5)
    assert np.abs(vertices[list(STABLE)] - FACE[list(STABLE)]).max() < 1.5
    assert np.abs(vertices[468:] - own.vertices[468:]).max() < 0.1  # hair and ears


def test_a_chin_that_goes_with_an_opened_mouth_does_not_nod_the_head() -> None:
    own, rows = rig(), [LOWER_LIP, 17, 84, CHIN]
    skull, face = nodding(own)
    face[:] = 0.0
    face[rows, 1] = [9.0, 8.0, 10.0, 7.0]
    handles = FACE[rows, :2]
    drags = np.stack([handles, handles + np.array([0.0, 12.0])], 1)
    vertices = with_handles(own, rest(own), (skull, face), drags, FREE)
    np.testing.assert_allclose(vertices[rows, :2], drags[:, 1], atol=2)
    assert np.linalg.norm(skull[OVAL[0]]) > 5
    assert np.abs(vertices[OVAL[0]] - own.vertices[OVAL[0]]).max() < 0.5


def test_lips_and_chin_leave_the_head_where_it_is_even_if_the_model_nods() -> None:
    own, rows = rig(), [LOWER_LIP, 17, CHIN]
    skull, face = nodding(own)
    handles = FACE[rows, :2]
    drags = np.stack([handles, handles + skull[rows, :2]], 1)
    vertices = with_handles(own, rest(own), (skull, face), drags, FREE)
    np.testing.assert_allclose(vertices[rows, :2], drags[:, 1], atol=2)
    assert np.abs(vertices[OVAL[0]] - own.vertices[OVAL[0]]).max() < 0.5


@pytest.mark.parametrize("rows", [[CHIN], [LOWER_LIP, CHIN, NOSE_TIP]])
def test_a_chin_alone_and_what_the_face_leaves_take_the_head_along(rows: list[int]) -> None:
    own = rig()
    skull, face = nodding(own)
    handles = FACE[rows, :2]
    drags = np.stack([handles, handles + skull[rows, :2]], 1)
    vertices = with_handles(own, rest(own), (skull, face), drags, FREE)
    moved, whole = (np.linalg.norm(way[OVAL[0]]) for way in (vertices - own.vertices, skull))
    assert moved > 0.6 * whole


def test_a_nose_takes_the_head_along() -> None:
    own = rig()
    skull, face = nodding(own)
    handle = FACE[NOSE_TIP, :2]
    drags = np.stack([handle, handle + skull[NOSE_TIP, :2]])[None]
    vertices = with_handles(own, rest(own), (skull, face), drags, FREE)
    moved, whole = (np.linalg.norm(way[OVAL[0]]) for way in (vertices - own.vertices, skull))
    assert moved > 0.7 * whole


@pytest.mark.parametrize("far", [10.0, 20.0])
def test_lids_do_not_cross(far: float) -> None:
    own, rows = rig(), list(UPPER_LIDS)
    handles = FACE[rows, :2]
    drags = np.stack([handles, handles + np.array([0.0, far])], 1)
    vertices = with_handles(own, rest(own), still(own), drags, FREE)
    open_ = vertices[list(LOWER_LIDS), 1] - vertices[rows, 1]
    assert (open_ > -1e-6).all()
    assert np.abs(vertices[list(BROWS)] - FACE[list(BROWS)]).max() < 0.2 * far
