"""Parts of a face in its picture, by the 68 points of iBUG's convention."""

import cv2
import numpy as np
from jaxtyping import Float

from .flow import Plane

BROWS, INNER_LIPS = slice(17, 27), slice(60, 68)
FOREHEAD = 0.12  # of the picture's side, above the brows
SOFT = 1.5  # px

Points = Float[np.ndarray, "68 2"]


def face(points: Points, side: int) -> Plane:
    """How far each pixel is from the face, from the chin to the forehead, in shares of the side."""
    above = points[BROWS] - [0, FOREHEAD * side]
    hull = cv2.convexHull(np.concatenate([points, above]).astype(np.float32))
    return cv2.distanceTransform(1 - _filled(hull, side), cv2.DIST_L2, 5) / side


def mouth(points: Points, side: int) -> Plane:
    """1 between the lips, 0 elsewhere, with a soft edge."""
    inside = _filled(points[INNER_LIPS], side).astype(np.float32)
    return cv2.GaussianBlur(inside, (0, 0), SOFT)


def _filled(polygon: np.ndarray, side: int) -> np.ndarray:
    empty = np.zeros((side, side), np.uint8)
    return cv2.fillPoly(empty, [np.round(polygon).astype(np.int32)], 1)
