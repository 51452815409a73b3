"""Dense correspondence by what two pictures show: no patch is compared.

The generator's coordinate head says of each pixel which point of the neutral face it shows (see
stylegan/coordinates.py), in decimetres. A pixel corresponds to the place in another picture that
shows the same point.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy.spatial import KDTree
from torch import Tensor

from stylegan import to_points

from .flow import Flow, Motion, pixels

COVERED = 0.5  # probability from which a pixel counts as part of the head
TOLERANCE = 0.06  # dm; where the nearest point shown is this far off, confidence is 1/e
PIXEL_COST = 0.001  # dm a px: of points that are as alike, the nearer one in the picture
DISCONTINUITY = 0.25  # dm; neighbours further apart lie on different parts of the face
MOST_STEP = 1.0  # px between a place and the centre of the pixel that is most alike
SCALES = (2.0, 6.0, 18.0)  # px over which motion spreads to where it is not known


@dataclass(frozen=True)
class CoordinateMap:
    """What a picture shows: points of the neutral face in dm, and where it shows any."""

    points: Float32[np.ndarray, "h w 3"]
    covered: Bool[np.ndarray, "h w"]


def coordinate_map(painted: Float[Tensor, "4 h w"], box: Float[Tensor, "2 3"]) -> CoordinateMap:
    """The map that the coordinate head painted; see ``stylegan.to_points`` for the box."""
    points, chance = to_points(painted[None].detach().float().cpu(), box.cpu())
    covered = ((chance[0] > COVERED) & points[0].isfinite().all(0)).numpy()
    return CoordinateMap(points[0].permute(1, 2, 0).contiguous().numpy(), covered)


def motion_between(source: CoordinateMap, target: CoordinateMap) -> Motion:
    """Where each pixel of the source is in the target, px of the maps.

    Where nothing is shown, or the same point is hidden, it is the motion of the surroundings and
    the confidence 0.
    """
    own = pixels(*source.covered.shape)
    flow, confidence = np.zeros_like(own), np.zeros_like(own[..., 0])
    here = np.nonzero(source.covered)
    places, distance = nearest(source.points[here], target, own[here])
    flow[here] = (places - own[here]) * np.isfinite(distance)[:, None]
    confidence[here] = confidence_of(distance)
    return Motion(_filled(flow, confidence), confidence)


def nearest(
    points: Float32[np.ndarray, "n 3"],
    shown: CoordinateMap,
    near: Float32[np.ndarray, "n 2"] | None = None,
) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """Where a picture shows these points of the face.

    The pixel of the nearest point (k-d tree), then one Gauss-Newton step along the surface.

    Args:
        points: of the neutral face, dm.
        shown: what the picture shows.
        near: (x, y) px: of places that are as alike, the nearest to here.

    Returns:
        (x, y) px of each, and the distance in dm of what is shown there; infinite where the
        picture shows no face.
    """
    row, column = np.nonzero(shown.covered)
    if len(row) == 0 or len(points) == 0:
        return np.zeros((len(points), 2), np.float32), np.full(len(points), np.inf, np.float32)
    offered, wanted = shown.points[row, column], points
    places = np.stack([column, row], axis=1).astype(np.float32)
    if near is not None:
        offered, wanted = np.c_[offered, PIXEL_COST * places], np.c_[wanted, PIXEL_COST * near]
    best = np.asarray(KDTree(offered).query(wanted)[1])
    step, distance = _gauss_newton(points, shown, (row[best], column[best]))
    return places[best] + step, distance


def confidence_of(distance: Float32[np.ndarray, "*n"]) -> Float32[np.ndarray, "*n"]:
    """1 for a point that is shown exactly, 0 for one that is not shown; distance in dm."""
    return np.exp(-np.square(distance / TOLERANCE))


def _gauss_newton(
    points: Float32[np.ndarray, "n 3"],
    shown: CoordinateMap,
    here: tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]],
) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """(step (x, y) px from these pixels (row, column) to the points, distance left in dm).

    Solves the damped normal equations (J^T J + damping) step = J^T difference (Levenberg 1944), J
    the change of the point shown by one px.
    """
    along = [_gradient(shown, axis)[here] for axis in (1, 0)]
    difference = points - shown.points[here]
    xx, yy, xy = ((p * q).sum(1) for p, q in ((along[0],) * 2, (along[1],) * 2, along))
    x, y = ((p * difference).sum(1) for p in along)
    damping = 1e-6 + 1e-3 * (xx + yy)
    det = (xx + damping) * (yy + damping) - xy * xy
    step = np.stack([(yy + damping) * x - xy * y, (xx + damping) * y - xy * x], 1) / det[:, None]
    step *= np.minimum(1, MOST_STEP / (np.linalg.norm(step, axis=1, keepdims=True) + 1e-9))
    left = difference - step[:, :1] * along[0] - step[:, 1:] * along[1]
    return step, np.linalg.norm(left, axis=1)


def _gradient(shown: CoordinateMap, axis: int) -> Float32[np.ndarray, "h w 3"]:
    """Change of the point by one px along an axis: the mean of both sides of the same part."""
    ahead = np.diff(shown.points, axis=axis)
    joined = np.delete(shown.covered, 0, axis) & np.delete(shown.covered, -1, axis)
    joined &= np.linalg.norm(ahead, axis=2) < DISCONTINUITY
    ahead = ahead * joined[..., None]
    pads = [[(0, 0)] * 2 for _ in range(2)]
    pads[0][axis], pads[1][axis] = (0, 1), (1, 0)
    total = sum(np.pad(ahead, [*pad, (0, 0)]) for pad in pads)
    count = sum(np.pad(joined.astype(np.float32), pad) for pad in pads)
    return (total / np.maximum(count, 1)[..., None]).astype(np.float32)


def _filled(flow: Flow, confidence: Float32[np.ndarray, "h w"]) -> Flow:
    """The flow with that of ever wider confident surroundings where it is not confident itself.

    Normalized convolution (Knutsson and Westin 1993) with Gaussians of SCALES.
    """
    weight = confidence
    for sigma in SCALES:
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        mean = cv2.GaussianBlur(flow * weight[..., None], (0, 0), sigma)
        mean = mean / np.maximum(near, 1e-6)[..., None]
        flow = weight[..., None] * flow + (1 - weight[..., None]) * mean
        weight = np.maximum(weight, np.minimum(1, 4 * near))
    return flow.astype(np.float32)
