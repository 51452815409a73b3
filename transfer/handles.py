"""Handles arrive: how far a head and its face go for them, and what is added where they lack.

Lids, brows and lips move on their own: dragged, they leave the head where it is, and so does the
chin with lips. All else is of the skull, or hardly moves on it.
"""

import numpy as np
from jaxtyping import Float
from scipy.optimize import lsq_linear

from photo.mesh import INNER_LIPS, LEFT_BROW, LEFT_EYE, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE

from .rig import Pose, Rig, Shifts, Vertices

MOST_BUMP = 0.3  # of the distance between the eyes: what a handle may be moved on its own
STILL = (0.01, 0.05), (20.0, 0.01)
"""Cost of a vertex' squared motion, a mean, against that of what handles lack: the skull's and the
face's, and the same where all handles are of parts that move without the skull."""
MOST_SHARES = (1.5, 1.0), (0.0, 1.5)  # times the skull's and the face's motion, likewise
BUMP, SCALED = 0.4, 0.8
"""Of the distance between the eyes: how wide a handle's own motion is, and how far around handles
the face's is another share than elsewhere."""
PARTS = {
    "lids": (0.18, 0.4, (*LEFT_EYE, *RIGHT_EYE)),
    "lips": (0.3, 0.8, (*INNER_LIPS, *OUTER_LIPS)),
    "brows": (0.45, 0.5, (*LEFT_BROW, *RIGHT_BROW)),
    "chin": (BUMP, SCALED, (152, 148, 377, 176, 400, 171, 396, 175, 199, 200)),
}
"""What moves on its own: both of it, the second where the skull stays; its rows of the mesh."""
WITH = "chin", "lips"  # the first moves without the skull only where the second is dragged, too
DAMPING = 0.03  # of the bumps' heights: handles side by side that part are not torn apart
NEAR = 0.15  # distances between the eyes from such a row, where a handle drags it
EXPLAINED = 0.6  # of its ways that the face's own motion may lack, and is still what was meant

Ends = tuple[Float[np.ndarray, "p 3"], Float[np.ndarray, "p 3"]]
"""How the skull's motion moves the handles, and how the face's own does."""


def with_handles(
    rig: Rig, start: Pose, shifts: Shifts, drags: Float[np.ndarray, "p 2 2"],
    free: Float[np.ndarray, " v"],
) -> Vertices:  # fmt: skip
    """The vertices with the handles at their targets, or near those that are far.

    First each part of the motion is taken as far as suits all handles and moves little else, so
    that the head stays where the face's own motion will do. What then lacks is added as Gaussian
    bumps.

    Args:
        rig: of the photo.
        start: before the drag; the handles lie on its surface.
        shifts: the generator's motion.
        drags: (handle, target) of each.
        free: 0 for vertices that may not move, else up to 1.
    """
    base, handles, wanted = start.vertices, drags[:, 0], drags[:, 1] - drags[:, 0]
    near = np.linalg.norm(base[:, None, :2] - handles[None], axis=2)
    anchors = [np.argsort(column)[:3] for column in near.T]

    def at(values: np.ndarray) -> np.ndarray:
        return np.stack([_weighted(values[rows], near[rows, k]) for k, rows in enumerate(anchors)])

    skull, face = whole = free[:, None] * shifts[0], free[:, None] * shifts[1]
    found = at(skull), at(face)
    parts = [_part(near[:, k] / rig.eyes) for k in range(len(handles))]
    parts = [part if part != WITH[0] or WITH[1] in parts else "" for part in parts]
    alone = _alone(parts, found, whole, wanted)
    share, own = _shares(found, whole, wanted, alone)
    far = 0.0 if alone else min(own, 1.0)
    reach = [PARTS[part][1] if part and alone else SCALED for part in parts]
    around = np.exp(-0.5 * (near / (np.array(reach) * rig.eyes)) ** 2).max(1)
    shift = share * skull + (far * (1 - around) + own * around)[:, None] * face
    loose = free * np.minimum(1, 4 * rig.follow)
    wide = [PARTS[part][0] if part else BUMP for part in parts]
    bumps = loose[:, None] * np.exp(-0.5 * (near / (np.array(wide) * rig.eyes)) ** 2)
    lacking = wanted - at(shift[:, :2])
    length = np.linalg.norm(lacking, axis=1, keepdims=True)
    lacking *= np.minimum(1, MOST_BUMP * rig.eyes / np.maximum(length, 1e-6))
    shift[:, :2] += bumps @ _heights(at(bumps), lacking)
    return lids_apart(base + shift)


def _part(away: Float[np.ndarray, " v"]) -> str:
    """Which of the PARTS a handle drags, so far from each vertex; "" for none."""
    nearest, name = min((float(away[list(rows)].min()), name) for name, (*_, rows) in PARTS.items())
    return name if nearest < NEAR else ""


def _alone(parts: list[str], found: Ends, whole: Shifts, wanted: Float[np.ndarray, "p 2"]) -> bool:
    """Whether the skull stays: all handles drag parts, or most do and the face moves as they ask.

    A cheek goes up with the corner of a mouth that smiles, and the head does not nod for it.
    """
    if all(parts) or 2 * sum(map(bool, parts)) < len(parts):
        return all(parts)
    ways = np.einsum("k,kpc->pc", _shares(found, whole, wanted, True), np.stack(found)[..., :2])
    return float(np.linalg.norm(wanted - ways)) <= EXPLAINED * float(np.linalg.norm(wanted))


def lids_apart(vertices: Vertices) -> Vertices:
    """The same with lower lids no higher than upper ones, which push them down."""
    for eye in (LEFT_EYE, RIGHT_EYE):
        corner, upper, lower = eye[0], list(eye[1:8]), list(eye[:8:-1])
        across = vertices[eye[8], :2] - vertices[corner, :2]
        down = np.array([-across[1], across[0]]) * np.sign(across[0])
        down /= max(1e-6, float(np.linalg.norm(down)))
        open_ = (vertices[lower, :2] - vertices[upper, :2]) @ down
        vertices[lower, :2] += np.maximum(0, -open_)[:, None] * down
    return vertices


def _shares(
    found: Ends,
    whole: Shifts,
    wanted: Float[np.ndarray, "p 2"],
    alone: bool,
) -> tuple[float, float]:
    """How far to take the skull's motion and the face's: bounded least squares.

    Args:
        found: how they move the handles.
        whole: how they move all.
        wanted: how the handles should move.
        alone: they can do so without the skull.
    """
    costs = [
        np.sqrt(cost * np.square(part[:468, :2]).sum(1).mean())
        for cost, part in zip(STILL[alone], whole, strict=True)
    ]
    rows = np.stack([part[:, :2].ravel() for part in found], 1) / np.sqrt(len(wanted))
    goal = np.r_[wanted.ravel() / np.sqrt(len(wanted)), 0, 0]
    bounds = (0, 1e-3 + np.array(MOST_SHARES[alone]))
    skull, face = lsq_linear(np.vstack([rows, np.diag(costs)]), goal, bounds).x
    return float(skull), float(face)


def _heights(ways: Float[np.ndarray, "p p"], lacking: Float[np.ndarray, "p 2"]) -> np.ndarray:
    """The bumps' heights by damped least squares; ``ways``: how each moves each handle."""
    square = ways.T @ ways
    damping = DAMPING**2 * np.trace(square) + 1e-9
    return np.linalg.solve(square + damping * np.eye(len(square)), ways.T @ lacking)


def _weighted(values: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Their mean, the nearer ones counting more."""
    weight = 1 / (distance + 0.5) ** 2
    return (values * (weight / weight.sum())[:, None]).sum(0)
