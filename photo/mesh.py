"""The 468 points of a face by name: what the rows of MediaPipe's mesh are, and its triangles.

"Left" and "right" are as seen in the picture. Points are (x, y, z) px of the photo; z has the same
scale and grows away from the camera.
"""

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

Mesh = Float[np.ndarray, "468 3"]
FacePoints = Float[np.ndarray, "478 2"]
"""The mesh in the picture, then both irises, left and right: centre, right, top, left, bottom."""

FOLDER = Path(__file__).parent / "mediapipe"
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face, clockwise from the middle of the forehead."""
INNER_LIPS = (
    78,
    191,
    80,
    81,
    82,
    13,
    312,
    311,
    310,
    415,
    308,
    324,
    318,
    402,
    317,
    14,
    87,
    178,
    88,
    95,
)
"""Around the opening of the mouth, from its left corner over the upper lip."""
OUTER_LIPS = (
    61,
    185,
    40,
    39,
    37,
    0,
    267,
    269,
    270,
    409,
    291,
    375,
    321,
    405,
    314,
    17,
    84,
    181,
    91,
    146,
)
LEFT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
"""Around the opening of the eye, from its outer corner over the upper lid."""
RIGHT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
LEFT_BROW = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55)
RIGHT_BROW = (300, 293, 334, 296, 336, 276, 283, 282, 295, 285)
LEFT_CORNERS, RIGHT_CORNERS = (33, 133), (362, 263)
MOUTH_CORNERS = (61, 291)
NOSE_TIP, CHIN, UPPER_LIP, LOWER_LIP = 4, 152, 13, 14
BROWS, JAW = (105, 334), (172, 397)
UPPER_LIDS, LOWER_LIDS = (159, 386), (145, 374)
POINTS, IRISES = 478, range(468, 478)  # of FacePoints
IBUG = (
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 98, 97, 2, 326, 327,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The 68 landmarks of iBUG's convention: jaw, brows, nose, eyes, lips; their nearest vertices."""
STABLE = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 103, 67, 109, 338, 297, 332, 54, 284, 21, 251, 162,
    389, 127, 356, 234, 454, 93, 323, 116, 345, 117, 346, 50, 280,
)  # fmt: skip
"""Forehead, bridge of the nose, temples and cheekbones: what moves with the skull alone."""


def eyes_and_mouth(points: Float[np.ndarray, "468 _"]) -> Float[np.ndarray, "3 2"]:
    """Left eye, right eye and the middle of the mouth's corners: FFHQ's crop is made of these."""
    parts = (LEFT_EYE, RIGHT_EYE, MOUTH_CORNERS)
    return np.stack([points[list(part), :2].mean(0) for part in parts])


def eye_distance(points: Float[np.ndarray, "468 _"]) -> float:
    """Between the middles of the eyes' corners, in three dimensions if there are as many; px."""
    left, right = (points[list(part)].mean(0) for part in (LEFT_CORNERS, RIGHT_CORNERS))
    return float(np.linalg.norm(right - left))


@cache
def triangles() -> Int[np.ndarray, "898 3"]:
    """Rows of the mesh, three to a triangle; eyes and mouth are filled."""
    return _file()["triangles"].astype(np.int64)


@cache
def canonical() -> Float[np.ndarray, "468 3"]:
    """The neutral mean face in cm, y down and z away from the camera as in pictures."""
    return _file()["vertices"].astype(np.float64) * (1, -1, -1)


def _file() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "face_mesh.npz", allow_pickle=False) as file:
        return dict(file)
