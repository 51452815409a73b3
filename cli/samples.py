"""Five drags to try on any photo: those that people ask for on a face, or pulls of the middle."""

import numpy as np

from editor.engine import Pairs
from photo.crop import Quad
from photo.mesh import (
    CHIN,
    MOUTH_CORNERS,
    NOSE_TIP,
    OUTER_LIPS,
    UPPER_LIDS,
    Mesh,
    eye_distance,
    eyes_and_mouth,
)

LIP = OUTER_LIPS[15]  # the middle of the lower lip's lower edge
ON_FACE: dict[str, tuple[tuple[int, float, float], ...]] = {
    "smile": ((MOUTH_CORNERS[0], -0.15, -0.12), (MOUTH_CORNERS[1], 0.15, -0.12)),
    "mouth open": ((LIP, 0.0, 0.35),),
    "nose left": ((NOSE_TIP, -0.4, 0.0),),
    "lids": ((UPPER_LIDS[0], 0.0, 0.12), (UPPER_LIDS[1], 0.0, 0.12)),
    "head up": ((NOSE_TIP, 0.0, -0.3), (CHIN, 0.0, -0.25)),
}
"""(row of the mesh, across, down) of each handle: in distances between the eyes, in their frame."""
ANYWHERE: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "left": ((0.5, 0.5, -0.1, 0.0),),
    "right": ((0.5, 0.5, 0.1, 0.0),),
    "up": ((0.5, 0.5, 0.0, -0.1),),
    "down": ((0.5, 0.5, 0.0, 0.1),),
    "wider": ((0.4, 0.5, -0.06, 0.0), (0.6, 0.5, 0.06, 0.0)),
}
"""(left, top, across, down) of each handle: in sides of the square that may move."""


def on_face(mesh: Mesh) -> dict[str, Pairs]:
    """The drags of ON_FACE, in px of the face's photo."""
    frame = upright(mesh)
    return {
        name: [_pair(mesh[row, :2], np.array(way) @ frame) for row, *way in pulls]
        for name, pulls in ON_FACE.items()
    }


def upright(mesh: Mesh) -> np.ndarray:
    """[2 2]: a face's own axes, across and down, as long as its eyes are apart, px."""
    left, right, _ = eyes_and_mouth(mesh)
    across = (right - left) / np.linalg.norm(right - left)
    return eye_distance(mesh) * np.stack([across, [-across[1], across[0]]])


def anywhere(quad: Quad) -> dict[str, Pairs]:
    """The drags of ANYWHERE, in px of the photo in which the square has these corners."""
    frame = np.stack([quad[3] - quad[0], quad[1] - quad[0]])
    return {
        name: [_pair(quad[0] + np.array(p[:2]) @ frame, np.array(p[2:]) @ frame) for p in pulls]
        for name, pulls in ANYWHERE.items()
    }


def _pair(start: np.ndarray, way: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """(handle, target) of a place and how far it should go, both (x, y)."""
    (x, y), (to_x, to_y) = start.tolist(), (start + way).tolist()
    return (x, y), (to_x, to_y)
