"""How a head will move when it is pulled, to first order and without looking at any picture.

A drag seeks the handles' way at the least cost along the model's axes (``alike``). To first order
that is damped least squares, and the landmarks are linear in the axes: a browser can solve it while
a handle is pulled (ui/canvas/guess.js).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inversion.landmark_loss import slopes
from photo.mesh import STABLE, canonical
from transfer.rig import RIG_SIDE, Vertices, head_motion

DIRECTIONS = 24  # of the motion: more bring nothing (benchmarks/real/preview.py)


@dataclass(frozen=True)
class Guess:
    """What a unit along each direction moves, px of the crop at RIG_SIDE.

    Args:
        skull: turn about x, y, z (rad), growth, and shift in x, y, to first order.
        face: of the mesh, what is left.
        centre: of the skull's turn.
    """

    skull: Float[np.ndarray, "n 6"]
    face: Float[np.ndarray, "n 468 2"]
    centre: Float[np.ndarray, "3"]


def directions(
    from_w: Float[Tensor, "inputs points 2"], axes: Float[Tensor, "k w"], side: int
) -> Float[np.ndarray, "n 468 2"]:
    """Orthogonal directions along the axes that move the mesh most, px of the crop at RIG_SIDE.

    Args:
        from_w: see ``LandmarkLoss``; its first points are those of the mesh.
        axes: a unit along each costs the same.
        side: of the picture in whose px ``from_w`` counts.
    """
    moves = slopes(from_w, axes)[:, :468].double().cpu() * (RIG_SIDE / side)
    _, lengths, rows = torch.linalg.svd(moves.flatten(1), full_matrices=False)
    kept = lengths[:DIRECTIONS, None] * rows[:DIRECTIONS]
    return kept.reshape(-1, 468, 2).numpy()


def guess(moves: Float[np.ndarray, "n 468 2"], vertices: Vertices) -> Guess:
    """What of each motion is the skull's: least squares for the points no expression moves.

    They are as deep as in the canonical face: a photo's rig is flatter, so that it can be turned.
    """
    mesh, rows = vertices[:468].copy(), list(STABLE)
    mesh[:, 2] = head_motion(canonical(), mesh)(canonical())[:, 2]
    turns = _turns(mesh - mesh[rows].mean(0))
    seen = moves[:, rows].reshape(len(moves), -1)
    skull = np.linalg.lstsq(turns[rows].reshape(-1, 6), seen.T, rcond=None)[0].T
    face = moves - np.einsum("pak,nk->npa", turns, skull)
    return Guess(skull, face, vertices[rows].mean(0))


def _turns(points: Float[np.ndarray, "p 3"]) -> Float[np.ndarray, "p 2 6"]:
    """How the skull's six moves shift points around its centre."""
    x, y, z = points.T
    none, one = np.zeros_like(x), np.ones_like(x)
    across = np.stack([none, z, -y, x, one, none], 1)
    down = np.stack([-z, none, x, y, none, one], 1)
    return np.stack([across, down], 1)
