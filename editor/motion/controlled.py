"""A photo's head where named controls want it, and the model's face after it.

The photo moves by exactly what is asked, its skull rigidly, so that a value means the same for
every face and every model; the model follows along its axes as far as it knows such faces.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inversion.landmark_loss import slopes
from photo.align import face_quad
from photo.crop import Crop
from photo.mesh import STABLE, eyes_and_mouth
from transfer.handles import lids_apart
from transfer.rig import Pose, Rig, Similarity, carried, head_motion

from ..controls import Values
from .wanted import NECK, gaze, mean, turned, wanted

DAMPING = 10.0  # px^2 of the generator's picture, all points together, for a unit along an axis


def controlled(rig: Rig, start: Pose, before: Values, after: Values) -> Pose:
    """The pose with the controls at other values: what else was done to it stays.

    Args:
        rig: of the photo.
        start: its pose at the values ``before``.
        before: see ``editor/controls.py``.
        after: the same.
    """
    rest = head_motion(mean(), rig.vertices[:468]).undone(rig.vertices[:468])
    frame = head_motion(mean(), start.vertices[:468])
    change = wanted(after, rest) - wanted(before, rest)
    turn = turned(before).T @ turned(after)
    at = mean()[list(STABLE)].mean(0) - NECK
    skull = Similarity(
        1.0, frame.turn @ turn @ frame.turn.T, start.vertices[list(STABLE)].mean(0),
        frame.scale * frame.turn @ (turn @ at - at),
    )  # fmt: skip
    shifts = carried(rig, start, skull, frame.scale * change @ frame.turn.T)
    look = frame.scale * frame.turn[:2, :2] @ (gaze(after) - gaze(before))
    return Pose(lids_apart(start.vertices + sum(shifts)), start.gaze + look, start.fixed)


def followed(
    from_w: Float[Tensor, "inputs points 2"],
    axes: Float[Tensor, "k w"],
    side: int,
    poses: tuple[Rig, Pose, Pose],
) -> Float[Tensor, " k"]:
    """How far along the axes a model's face moves as the photo's has: damped least squares.

    Args:
        from_w: see ``LandmarkLoss``.
        axes: a unit along each costs the same.
        side: of the picture in whose px ``from_w`` counts.
        poses: the rig, and two poses of it.
    """
    before, after = (_placed(poses[0], pose, side) for pose in poses[1:])
    moves = slopes(from_w, axes).flatten(1).double()
    way = torch.from_numpy(after - before).to(moves).flatten()
    square = moves @ moves.T + DAMPING * torch.eye(len(axes)).to(moves)
    return torch.linalg.solve(square, moves @ way).to(axes)


def _placed(rig: Rig, pose: Pose, side: int) -> Float[np.ndarray, "478 2"]:
    """Mesh and irises in the crop of the head: a model's are all upright, in the middle, as large.

    The crop is that of the face at rest, turned as the head is.
    """
    rest, mesh = rig.vertices[:468], pose.vertices[:468]
    crop = Crop(face_quad(eyes_and_mouth(head_motion(rest, mesh)(rest))), side)
    irises = [pose.iris(rig, number) for number in (0, 1)]
    return crop.from_photo(np.concatenate([mesh[:, :2], *irises]))
