"""The first order of a head's motion, which the browser solves for the handles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor import models
from editor.motion.guess import directions, guess
from photo.mesh import STABLE, canonical
from transfer.rig import RIG_SIDE

FACE = 20.0 * canonical() + (256, 256, 0)


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return models.engine(models.names()[0]).dragger.directions


def test_the_parts_of_a_motion_are_all_of_it(moves: np.ndarray) -> None:
    found = guess(moves, FACE)
    x, y, z = (FACE - FACE[list(STABLE)].mean(0)).T
    one, none = np.ones_like(x), np.zeros_like(x)
    turned = np.stack([np.c_[none, -z], np.c_[z, none], np.c_[-y, x]])  # about x, y and z
    rest = np.stack([np.c_[x, y], np.c_[one, none], np.c_[none, one]])
    whole = np.tensordot(found.skull, np.concatenate([turned, rest]), 1) + found.face
    np.testing.assert_allclose(whole, moves, atol=1e-6)


@given(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.floats(-5, 5))
def test_a_rigid_motion_is_the_skull_s_alone(turn: float, grown: float, right: float) -> None:
    x, y, z = (FACE - FACE[list(STABLE)].mean(0)).T
    found = guess(np.stack([turn * z + grown * x + right, grown * y], 1)[None], FACE)
    np.testing.assert_allclose(found.skull[0], (0, turn, 0, grown, right, 0), atol=1e-9)
    assert np.abs(found.face).max() < 1e-6


def test_directions_do_not_depend_on_the_picture_s_side() -> None:
    dragger = models.engine(models.names()[0]).dragger
    known, side = dragger.model.landmark_regressor, dragger.model.generator.config.resolution
    assert known is not None
    twice = directions(2 * known, dragger.axes, 2 * side)
    one = directions(known, dragger.axes, side)
    np.testing.assert_allclose(np.abs(twice), np.abs(one), atol=1e-3 * RIG_SIDE)
