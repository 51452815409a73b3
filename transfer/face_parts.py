"""Parts of a face in its picture, by the points of its mesh (photo/mesh.py)."""

import cv2
import numpy as np

from photo.mesh import INNER_LIPS, OVAL, FacePoints

from .flow import Plane

SOFT = 1.5  # px


def face_distance(points: FacePoints, side: int) -> Plane:
    """Of each pixel from the face, chin to forehead, as a share of the side; 0 inside."""
    hull = cv2.convexHull(points[list(OVAL)].astype(np.float32))
    return cv2.distanceTransform(1 - _filled(hull, side), cv2.DIST_L2, 5) / side


def mouth_mask(points: FacePoints, side: int) -> Plane:
    """1 between the lips, 0 elsewhere, with a soft edge."""
    inside = _filled(points[list(INNER_LIPS)], side).astype(np.float32)
    return cv2.GaussianBlur(inside, (0, 0), SOFT)


def _filled(polygon: np.ndarray, side: int) -> np.ndarray:
    empty = np.zeros((side, side), np.uint8)
    return cv2.fillPoly(empty, [np.round(polygon).astype(np.int32)], 1)
