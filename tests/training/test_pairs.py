"""Where the points of a made-up head go when one factor of its code is moved."""

import numpy as np
import pytest
from makehuman import expect_opengl, write

from training.renderer import traits as T
from training.renderer.assets import read_assets
from training.renderer.pairs import MOVES, UNSEEN, Pair, moved, pair, pairs
from training.renderer.portrait import Portraits
from training.renderer.render import code

FACE = [*range(17, 68)]  # landmarks that a head turned a little still shows


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Portraits:
    expect_opengl()
    return Portraits(read_assets(write(tmp_path_factory.mktemp("makehuman"))))


def made(portraits: Portraits, factor: str, by: float) -> Pair:
    z = code(1, 0)
    found = pair(portraits, factor, np.stack([z, moved(z, factor, by)]))
    assert found is not None
    return found


def test_one_dim_is_moved_a_pose_towards_its_mean() -> None:
    z = np.zeros(T.Z_DIM, np.float32)
    for value in (-1.0, 1.0):
        for factor, by in MOVES.items():
            dim = T.DIMS[factor].start
            z[:] = value
            change = np.flatnonzero(moved(z, factor, by) != z)
            assert change.tolist() == [dim]
        assert abs(moved(z, "yaw", 0.5)[T.DIMS["yaw"].start]) == 0.5


def test_a_face_that_stays_is_all_seen_again(portraits: Portraits) -> None:
    same = made(portraits, "yaw", 0.0)
    assert same.covered.mean() > 0.2
    np.testing.assert_allclose(same.motion, 0, atol=1e-3)
    assert (same.visible == same.covered).all()


@pytest.mark.parametrize("factor", ["yaw", "pitch", "smile"])
def test_landmarks_go_where_the_motion_says(portraits: Portraits, factor: str) -> None:
    found = made(portraits, factor, MOVES[factor])
    before, after = (marks[FACE] for marks in found.landmarks)
    column, row = before.round().astype(int).T
    seen = found.visible[row, column]
    assert seen.mean() > 0.6
    away = np.linalg.norm(before + found.motion[row, column] - after, axis=1)[seen]
    assert np.median(away) < 0.3


def test_a_turn_hides_a_part(portraits: Portraits) -> None:
    found = made(portraits, "yaw", 1.5)
    assert np.linalg.norm(found.motion, axis=2)[found.visible].mean() > 2
    hidden = found.covered & ~found.visible
    assert 0.005 < hidden.sum() / found.covered.sum() < 0.4


def test_pairs_are_unseen_faces_and_the_same_every_time(portraits: Portraits) -> None:
    first, again = ([*pairs(portraits, 2, 1)] for _ in range(2))
    assert [one.factor for one in first] == [*MOVES][:2]
    assert all((a.motion == b.motion).all() for a, b in zip(first, again, strict=True))
    assert any((first[0].z[0] == code(1, UNSEEN + k)).all() for k in range(20))
