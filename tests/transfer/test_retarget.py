"""The same edit on another head: exact on the same one, and as the other one is turned."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float

from photo.mesh import (
    INNER_LIPS,
    LEFT_EYE,
    LOWER_LIDS,
    LOWER_LIP,
    OVAL,
    RIGHT_EYE,
    UPPER_LIDS,
    canonical,
)
from transfer.backdrop import NO_BACKDROP
from transfer.retarget import RetargetError, retargeted
from transfer.rig import Pose, Rig, Similarity, head_motion

FACE = 20 * canonical() + (256, 270, 0)
MIDDLE = FACE.mean(0)
angles = st.floats(-0.6, 0.6)
seeds = st.integers(0, 2**31)
LID = [159, 160, 158, 161, 157]


def turn(yaw: float, roll: float) -> Float[np.ndarray, "3 3"]:
    (c, s), (d, t) = ((np.cos(a), np.sin(a)) for a in (yaw, roll))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ np.array(
        [[d, -t, 0], [t, d, 0], [0, 0, 1]]
    )


def rig(seed: int = 0, noise: float = 0.0) -> Rig:
    """A mean face with rings; with noise, somebody's."""
    face = FACE + noise * np.random.default_rng(seed).normal(size=FACE.shape)
    rings = [k * (face[list(OVAL)] - MIDDLE) + MIDDLE for k in (1.2, 1.4, 1.6, 1.8, 2.5)]
    follow = np.repeat([1, 1, 0.9, 0.7, 0.4, 0], [468, *5 * [len(OVAL)]])
    irises = np.zeros((2, 5, 2))
    return Rig(np.concatenate([face, *rings]), follow, follow.copy(), irises, NO_BACKDROP)


def posed(own: Rig, seed: int, yaw: float = 0.3, roll: float = 0.1) -> Pose:
    """The head turned, the face in another expression, the eyes elsewhere."""
    source = np.random.default_rng(seed)
    head = Similarity(1.02, turn(yaw, roll), MIDDLE, np.array([9.0, -4.0, 2.0]))
    vertices = own.vertices + own.follow[:, None] * (head(own.vertices) - own.vertices)
    vertices += own.follow[:, None] * source.normal(size=vertices.shape)
    return Pose(vertices, source.normal(size=(2, 2)))


@given(seeds, angles, angles)
def test_on_the_same_head_it_is_the_same_pose(seed: int, yaw: float, roll: float) -> None:
    own = rig(seed, 2.0)
    pose = posed(own, seed, yaw, roll)
    found = retargeted(own, pose, own)
    np.testing.assert_allclose(found.vertices, pose.vertices, atol=0.01)
    np.testing.assert_allclose(found.gaze, pose.gaze, atol=0.01)


@given(seeds, st.floats(0.3, 3), angles, st.floats(-90, 90))
def test_a_head_that_is_larger_tilted_or_elsewhere_moves_so(
    seed: int, scale: float, roll: float, shift: float
) -> None:
    own = rig(seed, 2.0)
    pose = posed(own, seed)
    change = Similarity(scale, turn(0, roll), MIDDLE, np.array([shift, -shift, 5.0]))
    found = retargeted(own, pose, replace(own, vertices=change(own.vertices)))
    np.testing.assert_allclose(found.vertices, change(pose.vertices), atol=0.01)
    flat = turn(0, roll)[:2, :2]
    np.testing.assert_allclose(found.gaze, scale * pose.gaze @ flat.T, atol=0.01)


@given(seeds, angles)
def test_a_head_that_is_turned_moves_in_its_own_frame(seed: int, yaw: float) -> None:
    own = rig(seed, 2.0)
    pose = posed(own, seed)
    change = Similarity(1.0, turn(yaw, 0), MIDDLE, np.zeros(3))
    found = retargeted(own, pose, replace(own, vertices=change(own.vertices)))
    apart = {*LEFT_EYE, *RIGHT_EYE, *INNER_LIPS}  # kept so as they are seen
    rows = [row for row in range(468) if row not in apart]
    away = np.linalg.norm(found.vertices - change(pose.vertices), axis=1)[rows]
    assert np.median(away) < 0.01
    assert away.max() < 5


@given(seeds, st.floats(-1.5, 1.5))
def test_what_stands_still_does_so_on_others(seed: int, yaw: float) -> None:
    own, other = rig(seed, 1.0), rig(seed + 1, 3.0)
    found = retargeted(own, posed(own, seed, yaw), other)
    np.testing.assert_array_equal(found.vertices[-len(OVAL) :], other.vertices[-len(OVAL) :])


def test_a_turn_is_the_same_turn() -> None:
    own, other = rig(1, 2.0), rig(2, 2.0)
    found = retargeted(own, posed(own, 3, 0.4, 0.0), other)
    head = head_motion(other.vertices[:468], found.vertices[:468])
    np.testing.assert_allclose(head.turn, turn(0.4, 0.0), atol=0.08)


def test_eyes_that_shut_do_so_on_others_whose_eyes_are_wider() -> None:
    own, other = rig(), rig()
    wide = other.vertices.copy()
    wide[LID] -= (0, 5, 0)
    gap = own.vertices[LOWER_LIDS[0], 1] - own.vertices[UPPER_LIDS[0], 1]
    shut = own.vertices.copy()
    shut[LID] += (0, gap, 0)
    found = retargeted(own, Pose(shut, np.zeros((2, 2))), replace(other, vertices=wide)).vertices
    left = found[LOWER_LIDS[0], 1] - found[UPPER_LIDS[0], 1]
    assert -0.01 <= left < 0.3 * (gap + 5)


def test_lips_that_close_do_not_cross_where_they_are_less_open() -> None:
    own, shut = rig(), rig().vertices.copy()
    open_ = own.vertices.copy()
    open_[[LOWER_LIP, 17]] += (0, 20, 0)
    found = retargeted(replace(own, vertices=open_), Pose(shut, np.zeros((2, 2))), own).vertices
    gap = own.vertices[LOWER_LIP, 1] - own.vertices[13, 1]
    assert found[LOWER_LIP, 1] - found[13, 1] >= min(0, gap) - 0.01


def test_what_may_not_change_is_carried_along() -> None:
    own = rig()
    fixed = np.zeros((64, 64), bool)
    fixed[:, :32] = True
    pose = replace(posed(own, 0), fixed=fixed)
    same = retargeted(own, pose, own).fixed
    assert same is not None
    np.testing.assert_array_equal(same, fixed)
    shift = Similarity(1.0, np.eye(3), MIDDLE, np.array([80.0, 0, 0]))
    moved = retargeted(own, pose, replace(own, vertices=shift(own.vertices))).fixed
    assert moved is not None
    np.testing.assert_array_equal(moved, np.roll(fixed, 10, 1) | (np.arange(64) < 10))


def test_of_a_head_of_no_size_nothing_can_be_told() -> None:
    own = rig()
    tiny = replace(own, vertices=0.001 * own.vertices)
    for first, second in ((own, tiny), (tiny, own)):
        with pytest.raises(RetargetError, match="too small"):
            retargeted(first, Pose(first.vertices, np.zeros((2, 2))), second)
