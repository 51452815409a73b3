"""Put a face of the model where the photo's is: pose, expression and shape, whatever its colours.

Damped least squares (Levenberg 1944, Marquardt 1963) along the model's axes. The regressor says
how the points move; where they are is looked up in the picture itself, a few times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import WStatistics, activation, before_activation

from .landmark_loss import LandmarkLoss, slopes

LOOKS = 3  # at pictures of a fit: more bring nothing
PRIOR = 3e-6  # of a squared standard deviation against a mean squared distance in shares of a side
DAMPING = 1e-6  # of a squared step along an axis, likewise

Points = Float[Tensor, "points 2"]
Look = Callable[[Float[Tensor, " w"]], Points | None]
"""Where the points are in the picture of a w, px; None where no face is seen."""


@dataclass(frozen=True)
class Placed:
    """A face of the model: ``error`` is the mean distance of its points, in shares of the side."""

    w: Float[Tensor, " w"]
    error: float


@dataclass(frozen=True)
class GeometryFit:
    """Least squares in the coordinates v along the axes.

    Args:
        goal: where the points should be.
        axes: along which w moves before its last activation.
        statistics: of w, which say how unusual a face is.
        start: w from where it is moved.
    """

    goal: LandmarkLoss
    axes: Float[Tensor, "k w"]
    statistics: WStatistics
    start: Float[Tensor, " w"]

    def steps(self, look: Look, looks: int = LOOKS) -> Iterator[Placed]:
        """Ever better faces, each the best so far; as many as are looked at."""
        v = self.axes.new_zeros(len(self.axes), dtype=torch.float64)
        best = v, self.goal.points(self.w(v)[None])[0].double(), float("inf")
        damping, found = 0.0, None
        for _ in range(looks):
            v = best[0] + self._step(best[0], best[1], damping)
            points = look(self.w(v))
            cost = float("inf") if points is None else self._cost(v, points.to(v))
            if points is not None and cost < best[2]:
                best, damping = (v, points.to(v), cost), DAMPING
                found = Placed(self.w(v), self._error(points.to(v)))
            else:
                damping = 8 * max(damping, DAMPING)
            if found is not None:
                yield found

    def w(self, v: Float[Tensor, " k"]) -> Float[Tensor, " w"]:
        """The w so far along the axes."""
        return activation(before_activation(self.start) + v.to(self.axes) @ self.axes)

    def _away(self, points: Points) -> Points:
        return (self.goal.wanted.to(points) - points) / self.goal.side

    def _error(self, points: Points) -> float:
        return float(self._away(points).norm(dim=1).mean())

    def _unusual(self, v: Float[Tensor, " k"]) -> Float[Tensor, " n"]:
        return self.statistics.to_v(self.w(v)).double()

    def _cost(self, v: Float[Tensor, " k"], points: Points) -> float:
        squares = self.goal.weights.to(points) @ self._away(points).square().sum(1)
        return float(squares + PRIOR * self._unusual(v).square().sum())

    def _step(self, v: Tensor, points: Points, damping: float) -> Float[Tensor, " k"]:
        """The normal equations' answer, where these v show these points."""
        weights = self.goal.weights.to(points).sqrt()[:, None]
        along = slopes(self.goal.from_w, self.axes)
        moves = (along.double() / self.goal.side * weights).flatten(1)
        centre = activation(self.statistics.centre + self.axes)
        spread = self.statistics.to_v(centre).double()
        square = moves @ moves.T + PRIOR * spread @ spread.T
        square += (damping + 1e-12) * torch.eye(len(v)).to(square)
        pull = moves @ (self._away(points) * weights).flatten() - PRIOR * spread @ self._unusual(v)
        return torch.linalg.solve(square, pull)
