"""Eight drags that people ask for, placed on any face by its mesh.

Sizes are in distances between the eyes; across and down are those of the face's own upright
frame, which the line through the eyes turns.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from photo.mesh import (
    BROWS,
    CHIN,
    JAW,
    MOUTH_CORNERS,
    NOSE_TIP,
    OUTER_LIPS,
    UPPER_LIDS,
    Mesh,
    eye_distance,
    eyes_and_mouth,
)

LIP = OUTER_LIPS[15]  # the middle of the lower lip's lower edge
PULLS: dict[str, tuple[tuple[int, float, float], ...]] = {
    "smile": ((MOUTH_CORNERS[0], -0.15, -0.12), (MOUTH_CORNERS[1], 0.15, -0.12)),
    "mouth": ((LIP, 0.0, 0.35),),
    "nose left": ((NOSE_TIP, -0.4, 0.0),),
    "nose right": ((NOSE_TIP, 0.4, 0.0),),
    "lids": ((UPPER_LIDS[0], 0.0, 0.12), (UPPER_LIDS[1], 0.0, 0.12)),
    "brows": ((BROWS[0], 0.0, -0.2), (BROWS[1], 0.0, -0.2)),
    "jaw": ((JAW[0], 0.2, 0.0), (JAW[1], -0.2, 0.0)),
    "head up": ((NOSE_TIP, 0.0, -0.3), (CHIN, 0.0, -0.25)),
}
"""(row of the mesh, across, down) of each handle."""


@dataclass(frozen=True)
class FaceDrag:
    """Drags of points of a face.

    Args:
        rows: of the mesh, the handles.
        starts: where they are, px.
        ways: how far they should go, px.
    """

    rows: list[int]
    starts: Float[np.ndarray, "p 2"]
    ways: Float[np.ndarray, "p 2"]

    @property
    def pairs(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """(handle, target) of each, as the engine takes them."""
        ends = self.starts + self.ways
        return [((a, b), (c, d)) for (a, b), (c, d) in zip(self.starts, ends, strict=True)]


def face_drags(mesh: Mesh) -> dict[str, FaceDrag]:
    """The drags of PULLS on a face, in px of its photo."""
    left, right, _ = eyes_and_mouth(mesh)
    across = (right - left) / np.linalg.norm(right - left)
    frame = eye_distance(mesh) * np.stack([across, [-across[1], across[0]]])
    found: dict[str, FaceDrag] = {}
    for name, pulls in PULLS.items():
        rows = [row for row, *_ in pulls]
        found[name] = FaceDrag(rows, mesh[rows, :2], np.array([way for _, *way in pulls]) @ frame)
    return found
