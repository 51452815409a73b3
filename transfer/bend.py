"""The map of a bent head, drawn triangle by triangle, the nearest last."""

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from photo import mesh

from .flow import pixels
from .rig import Vertices

SHIFT = 4  # OpenCV draws at 1 / 16 px
SOFT = 1.0  # px: the map is a little smoother than its triangles
LEAST_AREA = 0.05  # px^2 of a triangle that is drawn; a smaller one is seen from its edge


def bend(before: Vertices, after: Vertices, size: tuple[int, int]) -> Float32[np.ndarray, "h w 2"]:
    """Px from where a pixel is shown to where it was; 0 where no head is.

    Args:
        before: vertices of a rig, px of the picture.
        after: the same where they are now.
        size: (height, width) of the picture.
    """
    corners = triangles(len(before))
    order, affine = _visible(before, after, corners)
    index = np.full(size, len(corners), np.int32)  # no triangle
    fixed = np.round(after[:, :2] * 2**SHIFT).astype(np.int32)
    for number in order:
        cv2.fillConvexPoly(index, fixed[corners[number]], int(number), cv2.LINE_8, SHIFT)
    own = pixels(*size)
    shift = np.stack(
        [
            affine[k, 0][index] * own[..., 0]
            + affine[k, 1][index] * own[..., 1]
            + affine[k, 2][index]
            for k in (0, 1)
        ],
        -1,
    )
    return _softened(shift, index < len(corners))


def _softened(
    shift: Float32[np.ndarray, "h w 2"], drawn: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w 2"]:
    """The shift, smoother, where it is drawn."""
    weight = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), SOFT)
    total = cv2.GaussianBlur(shift, (0, 0), SOFT)
    return np.where(drawn[..., None], total / np.maximum(weight, 1e-3)[..., None], 0)


def _visible(
    before: Vertices, after: Vertices, corners: Int[np.ndarray, "t 3"]
) -> tuple[Int[np.ndarray, " n"], Float32[np.ndarray, "2 3 _"]]:
    """(triangles from the farthest to the nearest, the affine maps of the shift; the last: none).

    Left out are those that are turned away from the camera.
    """
    ends, area = after[corners], _areas(after[corners])
    to = np.concatenate([ends[..., :2], np.ones((*corners.shape, 1))], 2)
    kept = area > 0.5 * LEAST_AREA
    safe = np.where(kept[:, None, None], to, np.eye(3))
    shift = before[corners, :2] - ends[..., :2]
    matrices = np.linalg.solve(safe, shift).transpose(2, 1, 0)
    order = np.argsort(-ends[..., 2].mean(1))
    return order[kept[order]], np.pad(matrices, [(0, 0), (0, 0), (0, 1)]).astype(np.float32)


def _areas(ends: Float[np.ndarray, "t 3 _"]) -> Float[np.ndarray, " t"]:
    """Of triangles, px^2; positive where they face the camera."""
    (ax, ay), (bx, by) = ((ends[:, k, :2] - ends[:, 0, :2]).T for k in (1, 2))
    return (ax * by - ay * bx) / 2


@cache
def triangles(count: int) -> Int[np.ndarray, "t 3"]:
    """Of the mesh and of rings around it, by rows of so many vertices; all in the same order."""
    rings = [np.array(mesh.OVAL), *np.arange(468, count).reshape(-1, len(mesh.OVAL))]
    strips = [mesh.triangles()]
    for inner, outer in pairwise(rings):
        following = (np.roll(inner, -1), np.roll(outer, -1))
        strips += [np.stack([inner, outer, following[1]], 1)]
        strips += [np.stack([inner, following[1], following[0]], 1)]
    oval = mesh.canonical()[list(mesh.OVAL)]
    flat = np.concatenate([mesh.canonical(), *(k * oval for k in range(2, len(rings) + 1))])
    corners = np.concatenate(strips)
    wrong = _areas(flat[corners]) < 0
    return np.where(wrong[:, None], corners[:, ::-1], corners)
