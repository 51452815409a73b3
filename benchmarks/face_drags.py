"""Eight drags that people ask for, placed on any face by its mesh.

Sizes are in distances between the eyes; across and down are those of the face's own upright
frame, which the line through the eyes turns.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cli.samples import ON_FACE, upright
from photo.mesh import BROWS, JAW, NOSE_TIP, Mesh

PULLS: dict[str, tuple[tuple[int, float, float], ...]] = {
    "smile": ON_FACE["smile"],
    "mouth": ON_FACE["mouth open"],
    "nose left": ON_FACE["nose left"],
    "nose right": ((NOSE_TIP, 0.4, 0.0),),
    "lids": ON_FACE["lids"],
    "brows": ((BROWS[0], 0.0, -0.2), (BROWS[1], 0.0, -0.2)),
    "jaw": ((JAW[0], 0.2, 0.0), (JAW[1], -0.2, 0.0)),
    "head up": ON_FACE["head up"],
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
    frame = upright(mesh)
    found: dict[str, FaceDrag] = {}
    for name, pulls in PULLS.items():
        rows = [row for row, *_ in pulls]
        found[name] = FaceDrag(rows, mesh[rows, :2], np.array([way for _, *way in pulls]) @ frame)
    return found
