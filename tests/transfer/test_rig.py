"""How a head moves: what the mesh of a generator's face does, the photo's does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float

from photo.mesh import CHIN, LOWER_LIP, NOSE_TIP, OVAL, STABLE, canonical
from transfer.backdrop import NO_BACKDROP
from transfer.bend import triangles
from transfer.head import STEEP, VERTICES, unsteep
from transfer.rig import MOST_STRETCH, Pose, Rig, Similarity, head_motion, moved, rest, turned

FACE = 20 * canonical() + (256, 270, 0)
angles = st.floats(-0.6, 0.6)


def turn(yaw: float, pitch: float, roll: float) -> Float[np.ndarray, "3 3"]:
    (c, s), (d, t), (e, u) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    x = np.array([[1, 0, 0], [0, d, -t], [0, t, d]])
    return y @ x @ np.array([[e, -u, 0], [u, e, 0], [0, 0, 1]])


def rig() -> Rig:
    rings = [
        k * (FACE[list(OVAL)] - FACE.mean(0)) + FACE.mean(0) for k in (1.2, 1.4, 1.6, 1.8, 2.5)
    ]
    vertices = np.concatenate([FACE, *rings])
    follow = np.ones(len(vertices))
    follow[-len(OVAL) :] = 0
    near = np.r_[np.ones(468), np.zeros(len(vertices) - 468)]
    return Rig(vertices, follow, near, np.zeros((2, 5, 2)), NO_BACKDROP)


def test_a_rig_has_the_vertices_of_its_rings() -> None:
    assert len(rig().vertices) == VERTICES


@given(angles, angles, angles, st.floats(0.5, 2), st.floats(-50, 50), st.floats(-50, 50))
def test_a_rigid_motion_is_found(
    yaw: float, pitch: float, roll: float, scale: float, x: float, y: float
) -> None:
    true = Similarity(scale, turn(yaw, pitch, roll), FACE.mean(0), np.array([x, y, 3.0]))
    after = true(FACE)
    found = head_motion(FACE, after)
    np.testing.assert_allclose(found(FACE), after, atol=1e-6)
    np.testing.assert_allclose(found.undone(after), FACE, atol=1e-6)


def test_an_open_mouth_does_not_turn_the_head() -> None:
    after = FACE.copy()
    after[[LOWER_LIP, CHIN, 17, 175, 199]] += (0, 40, 0)
    found = head_motion(FACE, after)
    np.testing.assert_allclose(found(FACE), FACE, atol=1e-9)


@given(angles, angles, angles)
def test_a_face_turns_as_the_models_and_the_outermost_ring_stays(
    yaw: float, pitch: float, roll: float
) -> None:
    own, model = rig(), 0.8 * FACE + (40, 10, 0)
    centre = model[list(STABLE)].mean(0)
    motion = Similarity(1.0, turn(yaw, pitch, roll), centre, np.array([4.0, -2.0, 0.0]))
    skull, face = moved(own, rest(own), model, motion(model))
    vertices = own.vertices + skull
    np.testing.assert_allclose(face, 0, atol=1e-6)
    middle = FACE[list(STABLE)].mean(0)
    wanted = Similarity(1.0, motion.turn, middle, motion.shift / 0.8)(own.vertices)
    np.testing.assert_allclose(vertices[:468], wanted[:468], atol=1e-6)
    np.testing.assert_array_equal(vertices[-len(OVAL) :], own.vertices[-len(OVAL) :])


@given(angles, st.floats(0.8, 1.2))
def test_hair_tilts_and_grows_with_the_face(roll: float, scale: float) -> None:
    own = rig()
    motion = Similarity(scale, turn(0, 0, roll), FACE.mean(0), np.array([4.0, -2.0, 0.0]))
    after = turned(own, own.vertices, motion)
    np.testing.assert_allclose(after[:, :2], motion(own.vertices)[:, :2], atol=1e-6)


@given(st.floats(-0.4, 0.4))
def test_a_head_that_turns_becomes_no_narrower(yaw: float) -> None:
    own, outline = rig(), slice(-2 * len(OVAL), -len(OVAL))
    motion = Similarity(1.0, turn(yaw, 0, 0), FACE.mean(0), np.zeros(3))
    after = turned(own, own.vertices, motion)
    rigid = motion(own.vertices)
    before, now, narrow = (np.ptp(each[outline, 0]) for each in (own.vertices, after, rigid))
    assert narrow - 1e-9 <= now <= before + 1e-6
    assert now > 0.94 * before
    far, was = (np.linalg.norm((each[468:] - np.tile(each[list(OVAL)], (5, 1)))[:, :2], axis=1)
                for each in (after, own.vertices))  # fmt: skip
    assert (far <= MOST_STRETCH * was + 1e-6).all()


def test_a_turn_and_back_is_hardly_any() -> None:
    own = rig()
    there = Similarity(1.0, turn(0.2, 0.1, 0.1), FACE.mean(0), np.array([5.0, 3.0, 0.0]))
    after = turned(own, own.vertices, there)
    back = Similarity(1.0, there.turn.T, there.centre + there.shift, -there.shift)
    off, way = (np.abs(each - own.vertices)[:, :2] for each in (turned(own, after, back), after))
    np.testing.assert_allclose(off[:468], 0, atol=1e-9)
    assert off.max() < 0.1 * way.max()


@given(angles)
def test_an_expression_is_turned_as_the_photos_head_is(roll: float) -> None:
    own = rig()
    tilted = Similarity(1.0, turn(0, 0, roll), FACE.mean(0), np.zeros(3))
    own = Rig(tilted(own.vertices), own.follow, own.near, own.irises, NO_BACKDROP)
    after = FACE.copy()
    after[LOWER_LIP] += (0, 12, 0)
    skull, change = moved(own, rest(own), FACE, after)
    np.testing.assert_allclose(skull, 0, atol=1e-6)
    np.testing.assert_allclose(change[LOWER_LIP], turn(0, 0, roll) @ (0, 12, 0), atol=1e-6)
    assert np.abs(np.delete(change, LOWER_LIP, 0)).max() < 1e-6


def test_no_motion_is_none() -> None:
    own = rig()
    np.testing.assert_allclose(moved(own, rest(own), FACE, FACE), 0, atol=1e-9)


def test_a_skull_does_not_grow() -> None:
    own, larger = rig(), 1.3 * (FACE - FACE.mean(0)) + FACE.mean(0)
    skull, _ = moved(own, rest(own), FACE, larger)
    now = own.vertices[:468] + skull[:468]
    assert np.linalg.norm(np.ptp(now, axis=0)) < 1.06 * np.linalg.norm(np.ptp(FACE, axis=0))


@given(st.floats(-0.5, 0.5))
def test_a_surface_comes_nearer_where_it_is_too_steep(yaw: float) -> None:
    steep = rig().vertices @ turn(yaw, 0.0, 0.0).T
    gentle = unsteep(steep)
    np.testing.assert_array_equal(gentle[:, :2], steep[:, :2])
    assert (gentle[:, 2] <= steep[:, 2]).all()
    for first, second in ((0, 1), (1, 2), (2, 0)):
        ends = gentle[triangles(len(gentle))][:, (first, second)]
        rise = np.abs(np.diff(ends[..., 2]))[:, 0]
        assert (
            rise <= STEEP * np.linalg.norm(np.diff(ends[..., :2], axis=1)[:, 0], axis=1) + 1
        ).all()
    assert gentle[NOSE_TIP, 2] == steep[NOSE_TIP, 2]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_pose_goes_to_another(share: float) -> None:
    own = rig()
    first, last = rest(own), Pose(own.vertices + 8, np.ones((2, 2)))
    between = first.towards(last, share)
    np.testing.assert_allclose(between.vertices, own.vertices + 8 * share)
    np.testing.assert_allclose(between.gaze, np.full((2, 2), share))
    assert first.rests(own)
    assert not last.rests(own)
