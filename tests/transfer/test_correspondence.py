"""Motion read from what two maps show, on surfaces whose motion is known."""

import numpy as np
import pytest
import torch

from transfer.correspondence import CoordinateMap, coordinate_map, motion_between, nearest

SIDE = 64
Y, X = np.mgrid[:SIDE, :SIDE].astype(np.float32)


def face(x: np.ndarray, y: np.ndarray) -> CoordinateMap:
    """A dome of 1.6 decimetres; each pixel shows the dome's point (x, y), given in -1..1."""
    round_ = 1 - np.square(x) - np.square(y)
    points = np.stack([0.8 * x, 0.8 * y, 0.6 * np.sqrt(np.maximum(round_, 0))], axis=2)
    return CoordinateMap(points.astype(np.float32), round_ > 0.05)


def plain() -> CoordinateMap:
    return face((X - 31.5) / 24, (Y - 31.5) / 24)


def inside(map_: CoordinateMap) -> np.ndarray:
    """Pixels of the map that are not at its border."""
    return map_.covered & (np.hypot(X - 31.5, Y - 31.5) < 18)


def turned(
    angle: float, scale: float, shift: tuple[float, float]
) -> tuple[CoordinateMap, np.ndarray]:
    """The dome turned, scaled and shifted in the picture, and where each pixel went."""
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    grid = np.stack([X, Y], 2) - 31.5
    back = (grid - np.array(shift)) @ np.linalg.inv(turn).T / 24
    return face(back[..., 0], back[..., 1]), grid @ turn.T + np.array(shift) - grid


@pytest.mark.parametrize(
    ("angle", "scale", "shift"), [(0, 1, (0, 0)), (0, 1, (2.3, -1.6)), (0.2, 1.1, (1.0, 0.5))]
)
def test_a_similarity_is_found_to_a_fraction_of_a_px(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    before, (after, truth) = plain(), turned(angle, scale, shift)
    found = motion_between(before, after)
    away = np.linalg.norm(found.flow - truth, axis=2)[inside(before)]
    assert away.mean() < 0.03
    assert away.max() < 0.15
    assert found.confidence[inside(before)].min() > 0.95


def test_a_bend_is_smooth() -> None:
    def bent(x: np.ndarray) -> np.ndarray:
        return 1.5 * np.sin(x / 7)

    after = face((X - 31.5) / 24, (Y - bent(X) - 31.5) / 24)
    found = motion_between(plain(), after)
    away = np.abs(found.flow[..., 1] - bent(X))[inside(plain())]
    assert away.max() < 0.2
    change = np.abs(np.diff(found.flow[20:44, 20:44], axis=1))
    assert change.max() < 0.45, "jumps: the bend itself changes by 0.21 px a px"


def test_what_is_hidden_is_not_trusted_and_moves_with_its_surroundings() -> None:
    before, (after, _) = plain(), turned(0, 1, (3, 0))
    hair = (np.abs(X - 34) < 8) & (np.abs(Y - 31) < 8)  # something else, in front
    points = np.where(hair[..., None], np.float32([0.1, 2.0, 0.9]), after.points)
    found = motion_between(before, CoordinateMap(points, after.covered))
    hidden = (np.abs(X - 31) < 3) & (np.abs(Y - 31) < 3)
    assert found.confidence[hidden].max() < 0.1
    assert np.abs(found.flow[hidden] - [3, 0]).max() < 0.5
    beside = inside(before) & ((np.abs(X - 31) > 10) | (np.abs(Y - 31) > 10))
    assert found.confidence[beside].min() > 0.9


def test_of_two_places_that_are_as_alike_the_nearer_one_is_taken() -> None:
    one = plain()
    twice = CoordinateMap(np.tile(one.points, (2, 2, 1)), np.tile(one.covered, (2, 2)))
    found = motion_between(twice, twice)
    assert np.abs(found.flow[twice.covered]).max() < 1e-3


def test_nothing_shown_is_nothing_trusted() -> None:
    nothing = CoordinateMap(np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE), bool))
    for pair in ((plain(), nothing), (nothing, plain())):
        found = motion_between(*pair)
        assert not found.flow.any()
        assert not found.confidence.any()


def test_a_larger_picture_moves_by_more_px() -> None:
    after, truth = turned(0, 1, (2, 1))
    found = motion_between(plain(), after).resized(2 * SIDE)
    assert found.flow.shape == (2 * SIDE, 2 * SIDE, 2)
    np.testing.assert_allclose(found.flow[64, 64], 2 * truth[32, 32], atol=0.05)


def test_points_are_found_where_they_are_shown() -> None:
    places, off = nearest(np.float32([[0.2, -0.1, 0.6 * 0.96], [0, 3, 0]]), plain())
    expected = np.array([0.25, -0.125]) * 24 + 31.5
    np.testing.assert_allclose(places[0], expected, atol=0.3)
    assert off[0] < 0.03
    assert off[1] > 1


def test_a_head_is_read_in_decimetres() -> None:
    painted = torch.zeros(4, 2, 2)
    painted[3] = torch.tensor([[5.0, -5.0], [0.1, -0.1]])
    painted[0] = 0.5
    read = coordinate_map(painted, torch.tensor([[0.0, 0, 0], [4, 4, 8]]))
    assert read.covered.tolist() == [[True, False], [True, False]]
    np.testing.assert_allclose(read.points[0, 0], [3, 2, 4])
