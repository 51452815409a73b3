"""The map of a bent head: triangle by triangle over a grid of the wide crop, the nearest last."""

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from photo import mesh

from .rig import GRID, MARGIN, RIG_SIDE, Pose, Rig, Vertices

SHIFT = 4  # OpenCV draws at 1 / 16 px
SOFT = 1.0  # px of the grid: the map is a little smoother than its triangles
ACTS = 0.5  # px of the crop: what moves further is part of an edit
LEAST_AREA = 0.05  # px^2 of a triangle that is drawn; a smaller one is seen from its edge


def bend(rig: Rig, pose: Pose) -> Float32[np.ndarray, "g g 2"]:
    """Px of the grid of the wide crop from where a pixel is shown to where it was."""
    before, after = (v + np.array([MARGIN, MARGIN, 0]) for v in (rig.vertices, pose.vertices))
    corners = triangles(len(before))
    order, matrices = _visible(before, after, corners)
    index = _drawn(after, corners, order)
    row, column = np.nonzero(index >= 0)
    affine = matrices[index[row, column]]
    x, y = column.astype(np.float32), row.astype(np.float32)
    shift = np.zeros((GRID, GRID, 2), np.float32)
    for k in (0, 1):
        shift[row, column, k] = affine[:, k, 0] * x + affine[:, k, 1] * y + affine[:, k, 2]
    return _softened(shift, index >= 0)


def acting(rig: Rig, pose: Pose) -> Bool[np.ndarray, "r r"]:
    """What of the crop has moved visibly."""
    inner = slice(round(MARGIN), round(MARGIN) + RIG_SIDE)
    return np.abs(bend(rig, pose)[inner, inner]).max(2) > ACTS


def _softened(
    shift: Float32[np.ndarray, "g g 2"], drawn: Bool[np.ndarray, "g g"]
) -> Float32[np.ndarray, "g g 2"]:
    """The shift, smoother, and going on for some px beyond where it is drawn."""
    weight = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), SOFT)
    total = cv2.GaussianBlur(shift, (0, 0), SOFT)
    return np.where(weight[..., None] > 1e-3, total / np.maximum(weight, 1e-3)[..., None], 0)


def _drawn(
    vertices: Vertices, corners: Int[np.ndarray, "t 3"], order: Int[np.ndarray, " n"]
) -> Int[np.ndarray, "g g"]:
    """Which triangle each pixel shows, those first in the order covered by later ones; -1: none."""
    index = np.full((GRID, GRID), -1, np.int32)
    fixed = np.round(vertices[:, :2] * 2**SHIFT).astype(np.int32)
    for number in order:
        cv2.fillConvexPoly(index, fixed[corners[number]], int(number), cv2.LINE_8, SHIFT)
    return index


def _visible(
    before: Vertices, after: Vertices, corners: Int[np.ndarray, "t 3"]
) -> tuple[Int[np.ndarray, " n"], Float32[np.ndarray, "t 2 3"]]:
    """(triangles from the farthest to the nearest, of each the affine map of the shift).

    Left out are those that are turned away from the camera.
    """
    ends, area = after[corners], _areas(after[corners])
    to = np.concatenate([ends[..., :2], np.ones((*corners.shape, 1))], 2)
    kept = area > 0.5 * LEAST_AREA
    safe = np.where(kept[:, None, None], to, np.eye(3))
    shift = before[corners, :2] - ends[..., :2]
    matrices = np.linalg.solve(safe, shift).transpose(0, 2, 1)
    order = np.argsort(-ends[..., 2].mean(1))
    return order[kept[order]], matrices.astype(np.float32)


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
