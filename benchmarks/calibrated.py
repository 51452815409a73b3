"""The landmarks of a face by the face net, without what it gets wrong on pictures as renders are.

The net was made for photographs. Of a render it sees the nose go 1.23 times as far as it does, of a
smile two thirds (``benchmarks.truth.face_net``). What is linear of that is learnt from renders of
faces that no training has seen, whose landmarks are known: from the principal components of all
points that the net sees, ridge regression to the true landmarks. No generator, no coordinate head
and no drag has part in it. ``python -m benchmarks.truth.calibration`` makes the file.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from photo.faces import SURE
from photo.mesh import IBUG
from photo.nets import aligned_points
from transfer.flow import Picture

FILE = Path(__file__).parent / "calibrated.npz"
LANDMARKS = len(IBUG)
Seen = Float[np.ndarray, "n points 2"]
Marks = Float[np.ndarray, "n 68 2"]


@dataclass(frozen=True)
class Calibration:
    """From points that the net sees to landmarks; both as shares of the picture's side.

    Args:
        mean: of the points.
        basis: principal components of the points, one over its standard deviation each.
        weights: of 1 and each component, for each coordinate of a landmark.
    """

    mean: Float[np.ndarray, " seen"]
    basis: Float[np.ndarray, "k seen"]
    weights: Float[np.ndarray, "k+1 marks"]

    @staticmethod
    def fit(seen: Seen, truth: Marks, components: int, ridge: float) -> "Calibration":
        """By least squares, with so much of a penalty on each weight's square."""
        flat = seen.reshape(len(seen), -1)
        mean = flat.mean(0)
        _, size, rows = np.linalg.svd(flat - mean, full_matrices=False)
        basis = rows[:components] / (size[:components, None] / np.sqrt(len(seen)))
        known = np.c_[np.ones(len(seen)), (flat - mean) @ basis.T]
        penalty = np.diag(np.r_[0, np.full(components, ridge)])
        normal = known.T @ known + penalty
        weights = np.linalg.solve(normal, known.T @ truth.reshape(len(truth), -1))
        return Calibration(mean, basis, weights)

    def landmarks(self, seen: Seen) -> Marks:
        """Of each picture."""
        components = (seen.reshape(len(seen), -1) - self.mean) @ self.basis.T
        known = np.c_[np.ones(len(seen)), components]
        return (known @ self.weights).reshape(len(seen), LANDMARKS, 2)

    def save(self, file: Path) -> None:
        """As half floats."""
        mean, basis, weights = (p.astype(np.float16) for p in (self.mean, self.basis, self.weights))
        np.savez_compressed(file, mean=mean, basis=basis, weights=weights)

    @staticmethod
    def load(file: Path = FILE) -> "Calibration":
        """What ``save`` wrote."""
        with np.load(file) as parts:
            return Calibration(
                *(parts[name].astype(float) for name in ("mean", "basis", "weights"))
            )


@cache
def calibration() -> Calibration:
    """The one that lies beside this file."""
    return Calibration.load()


def shares(points: Float[np.ndarray, "*n 2"], side: int) -> Float[np.ndarray, "*n 2"]:
    """Px of a picture as shares of its side."""
    return (points + 0.5) / side


def seen(picture: Picture) -> tuple[Float[np.ndarray, "68 2"], Float[np.ndarray, "68 2"]]:
    """Landmarks, px of a picture cut as FFHQ's: (as the net sees them, calibrated).

    nan where the net sees no face.
    """
    points, sure = aligned_points(picture)
    if not sure > SURE:
        points = np.full_like(points, np.nan)
    side = len(picture)
    better = calibration().landmarks(shares(points, side)[None])[0] * side - 0.5
    return points[list(IBUG)], better
