"""How one picture moves into another, read from what both show: no patch is compared.

The generator's coordinate head says of each pixel which point of the neutral face it shows (see
stylegan/coordinates.py). A pixel of the one picture went where the other shows the same point.
"""

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor

from stylegan import to_points

COVERED = 0.5  # probability from which a pixel counts as part of the head
SAME = 0.06  # decimetres of the neutral face; a point found this far off has a trust of 1/e
NEARER = 0.001  # decimetres a px: of points that are as alike, the nearer one in the picture
EDGE = 0.25  # decimetres; neighbours further apart lie on different parts
STEP = 1.0  # px that a place may be from the centre of the pixel that is most alike
SPREAD = (2.0, 6.0, 18.0)  # px over which motion spreads to where it is not known
EXACT = 4  # FLANN's exact tree (KDTREE_SINGLE)

Motion = Float32[np.ndarray, "h w 2"]
Pixels = Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Shown:
    """What a picture shows: points of the neutral face in decimetres, and where it shows any."""

    points: Float32[np.ndarray, "h w 3"]
    covered: Bool[np.ndarray, "h w"]


@dataclass(frozen=True)
class Correspondence:
    """``motion`` leads from a pixel of the map before to its place in the map after, in px.

    ``trust`` is 1 where the same point was found and 0 where it is hidden or nothing was shown;
    there the motion is that of its surroundings.
    """

    motion: Motion
    trust: Float32[np.ndarray, "h w"]

    def enlarged(self, side: int) -> "Correspondence":
        """The same for pictures of another side, in their px; what is trusted counts most."""
        weight = self.trust + 1e-3
        size, scale = (side, side), side / len(self.trust)
        weighed = cv2.resize(self.motion * weight[..., None], size)
        whole = cv2.resize(weight, size)
        motion = scale * weighed / whole[..., None]
        return Correspondence(motion.astype(np.float32), cv2.resize(self.trust, size))


def shown(painted: Float[Tensor, "4 h w"], box: Float[Tensor, "2 3"]) -> Shown:
    """What the coordinate head painted for one picture."""
    points, chance = to_points(painted[None].detach().float().cpu(), box.cpu())
    covered = (chance[0] > COVERED).numpy()
    return Shown(points[0].permute(1, 2, 0).contiguous().numpy(), covered)


def motion_between(before: Shown, after: Shown) -> Correspondence:
    """Where each pixel of the one picture is in the other."""
    height, width = before.covered.shape
    motion, trust = np.zeros((height, width, 2), np.float32), np.zeros((height, width), np.float32)
    row, column = here = np.nonzero(before.covered)
    near = np.stack([column, row], axis=1).astype(np.float32)
    places, off = find(before.points[here], after, near)
    motion[here] = (places - near) * np.isfinite(off)[:, None]
    trust[here] = trusted(off)
    return Correspondence(spread(motion, trust), trust)


def find(
    points: Float32[np.ndarray, "n 3"], shown: Shown, near: Float32[np.ndarray, "n 2"] | None = None
) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """(where a picture shows these points, (x, y) in px; how far off, in decimetres, they are).

    The pixel that shows the most similar point, then a linear step inside its surface. ``near``:
    where to look first, if some place is as similar as another.
    """
    row, column = np.nonzero(shown.covered)
    if len(row) == 0 or len(points) == 0:
        return np.zeros((len(points), 2), np.float32), np.full(len(points), np.inf, np.float32)
    offered, wanted = shown.points[row, column], points
    pixels = np.stack([column, row], axis=1).astype(np.float32)
    if near is not None:
        offered, wanted = np.c_[offered, NEARER * pixels], np.c_[wanted, NEARER * near]
    tree = cast(Any, cv2).flann_Index(offered, {"algorithm": EXACT, "leaf_max_size": 10})
    best = tree.knnSearch(wanted, 1, params={"checks": -1})[0][:, 0]
    step, off = _within(points, shown, (row[best], column[best]))
    return pixels[best] + step, off


def trusted(off: Float32[np.ndarray, "*n"]) -> Float32[np.ndarray, "*n"]:
    """1 for a point that was found exactly, towards 0 for one that is not shown."""
    return np.exp(-np.square(off / SAME))


def _within(
    points: Float32[np.ndarray, "n 3"], shown: Shown, here: tuple[Pixels, Pixels]
) -> tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """(step (x, y) in px from these pixels to the points, what distance is left)."""
    along = [_slope(shown, axis)[here] for axis in (1, 0)]
    away = points - shown.points[here]
    xx, yy, xy = ((p * q).sum(1) for p, q in ((along[0],) * 2, (along[1],) * 2, along))
    x, y = ((p * away).sum(1) for p in along)
    least = 1e-6 + 1e-3 * (xx + yy)
    whole = (xx + least) * (yy + least) - xy * xy
    step = np.stack([(yy + least) * x - xy * y, (xx + least) * y - xy * x], 1) / whole[:, None]
    step *= np.minimum(1, STEP / (np.linalg.norm(step, axis=1, keepdims=True) + 1e-9))
    left = away - step[:, :1] * along[0] - step[:, 1:] * along[1]
    return step, np.linalg.norm(left, axis=1)


def _slope(shown: Shown, axis: int) -> Float32[np.ndarray, "h w 3"]:
    """Change of the point by one px along an axis: the mean of both sides of the same part."""
    ahead = np.diff(shown.points, axis=axis)
    joined = np.delete(shown.covered, 0, axis) & np.delete(shown.covered, -1, axis)
    joined &= np.linalg.norm(ahead, axis=2) < EDGE
    ahead = ahead * joined[..., None]
    pads = [[(0, 0)] * 2 for _ in range(2)]
    pads[0][axis], pads[1][axis] = (0, 1), (1, 0)
    total = sum(np.pad(ahead, [*pad, (0, 0)]) for pad in pads)
    count = sum(np.pad(joined.astype(np.float32), pad) for pad in pads)
    return (total / np.maximum(count, 1)[..., None]).astype(np.float32)


def spread(motion: Motion, trust: Float32[np.ndarray, "h w"]) -> Motion:
    """Where a motion is not trusted, that of ever larger surroundings that are."""
    known, weight = motion.astype(np.float32), trust
    for reach in SPREAD:
        near = cv2.GaussianBlur(weight, (0, 0), reach)
        mean = cv2.GaussianBlur(known * weight[..., None], (0, 0), reach)
        mean = mean / np.maximum(near, 1e-6)[..., None]
        known = weight[..., None] * known + (1 - weight[..., None]) * mean
        weight = np.maximum(weight, np.minimum(1, 4 * near))
    return known.astype(np.float32)
