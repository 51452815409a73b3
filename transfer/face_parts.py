"""Parts of a face in its picture, by the 68 points of iBUG's convention."""

import cv2
import numpy as np
from jaxtyping import Float

from .flow import Plane

BROWS, INNER_LIPS = slice(17, 27), slice(60, 68)
FOREHEAD = 0.12  # of the picture's side, above the brows
SOFT = 1.5  # px

Landmarks = Float[np.ndarray, "68 2"]  # (x, y) px


def face_distance(landmarks: Landmarks, side: int) -> Plane:
    """Of each pixel from the face, chin to forehead, as a share of the side; 0 inside."""
    above = landmarks[BROWS] - [0, FOREHEAD * side]
    hull = cv2.convexHull(np.concatenate([landmarks, above]).astype(np.float32))
    return cv2.distanceTransform(1 - _filled(hull, side), cv2.DIST_L2, 5) / side


def mouth_mask(landmarks: Landmarks, side: int) -> Plane:
    """1 between the lips, 0 elsewhere, with a soft edge."""
    inside = _filled(landmarks[INNER_LIPS], side).astype(np.float32)
    return cv2.GaussianBlur(inside, (0, 0), SOFT)


def _filled(polygon: np.ndarray, side: int) -> np.ndarray:
    empty = np.zeros((side, side), np.uint8)
    return cv2.fillPoly(empty, [np.round(polygon).astype(np.int32)], 1)
