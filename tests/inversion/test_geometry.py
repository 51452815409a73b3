"""A face of the model goes where the photo's is, by looking at its pictures."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from worlds import small_generator

from inversion import LOOKS, GeometryFit, LandmarkLoss
from inversion.geometry import Placed
from stylegan import WStatistics, w_statistics

SIDE, POINTS = 100, 30


@pytest.fixture(scope="module")
def statistics() -> WStatistics:
    return w_statistics(small_generator().mapping, 500)


@pytest.fixture(scope="module")
def axes(statistics: WStatistics) -> Tensor:
    """Half of the directions in which w spreads."""
    return statistics.axes[: len(statistics.axes) // 2]


@pytest.fixture(scope="module")
def from_w(statistics: WStatistics) -> Tensor:
    """Points that move by some px with each axis."""
    source = torch.Generator().manual_seed(2)
    found = torch.randn(len(statistics.centre) + 1, POINTS, 2, generator=source)
    return found * 3 / statistics.axes.norm(dim=1).max()


def fit(from_w: Tensor, statistics: WStatistics, axes: Tensor, v: Tensor) -> GeometryFit:
    """One whose photo shows the face at ``v`` along the axes."""
    weights = torch.ones(POINTS) / POINTS
    goal = LandmarkLoss(from_w, torch.zeros(POINTS, 2), SIDE, weights)
    blank = GeometryFit(goal, axes, statistics, statistics.to_w(0 * statistics.axes[:, 0]))
    wanted = goal.points(blank.w(v)[None])[0]
    goal = LandmarkLoss(from_w, wanted, SIDE, weights)
    return GeometryFit(goal, axes, statistics, blank.start)


def truly(found: GeometryFit) -> Callable[[Tensor], Tensor]:
    """Pictures that show what the regressor says."""
    return lambda w: found.goal.points(w[None])[0]


def bent(found: GeometryFit) -> Callable[[Tensor], Tensor]:
    """Pictures in which everything moves half as far again."""
    start = found.goal.points(found.start[None])[0]
    return lambda w: start + 1.5 * (found.goal.points(w[None])[0] - start)


def away(fit: GeometryFit, face: Placed, look: Callable[[Tensor], Tensor]) -> float:
    return float((look(face.w) - fit.goal.wanted).norm(dim=1).mean()) / SIDE


@pytest.mark.parametrize("world", [truly, bent])
def test_the_points_arrive(world, from_w: Tensor, statistics: WStatistics, axes: Tensor) -> None:
    wanted = torch.randn(len(axes), generator=torch.Generator().manual_seed(3))
    made = fit(from_w, statistics, axes, wanted)
    look = world(made)
    faces = list(made.steps(look, 6))
    assert [face.error for face in faces] == pytest.approx([away(made, f, look) for f in faces])
    begun = away(made, Placed(made.start, 0.0), look)
    assert faces[-1].error < 0.35 * begun
    if world is truly:
        assert faces[0].error < 0.05 * begun


def test_a_face_that_is_not_seen_is_stepped_back_from(
    from_w: Tensor, statistics: WStatistics, axes: Tensor
) -> None:
    made = fit(from_w, statistics, axes, torch.ones(len(axes)))
    lengths: list[float] = []

    def look(w: Tensor) -> Tensor | None:
        lengths.append(float(statistics.to_v(w).norm()))
        return made.goal.points(w[None])[0] if len(lengths) > 2 else None

    faces = list(made.steps(look, 4))
    assert len(faces) == 2
    assert lengths[2] <= lengths[1] <= lengths[0]
    assert not list(made.steps(lambda w: None))


def test_each_face_is_the_best_so_far(
    from_w: Tensor, statistics: WStatistics, axes: Tensor
) -> None:
    made = fit(from_w, statistics, axes, torch.ones(len(axes)))
    source = torch.Generator().manual_seed(6)

    def noisy(w: Tensor) -> Tensor:
        return truly(made)(w) + torch.randn(POINTS, 2, generator=source)

    errors = [face.error for face in made.steps(noisy)]
    assert len(errors) == LOOKS
    assert min(errors) == pytest.approx(errors[-1], rel=0.1)
