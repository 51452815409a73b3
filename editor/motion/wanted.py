"""Where named controls want the points of a face, in distances between the eyes.

All is said in the frame of the head: x to the right as seen, y down, z away from who looks. How far
lids and lips go is read from the face at rest; all else is the same for everybody.
"""

from functools import cache

import numpy as np
from jaxtyping import Float

from photo.mesh import (
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    LOWER_LIP,
    MOUTH_CORNERS,
    RIGHT_BROW,
    RIGHT_EYE,
    UPPER_LIP,
    Mesh,
    canonical,
    eye_distance,
)
from transfer.layers import smooth

from ..controls import Values

NECK = np.array([0.0, 0.5, 0.7])  # about where a head turns, nods and tilts
GAZE = np.array([0.09, -0.06])  # what an iris moves at most, to the right and up
LIDS = 0.3  # of an eye's opening by which its lid follows an iris up or down
CORNER = np.array([0.11, -0.13, 0.05])  # of the mouth in a smile, the right one
CHEEK, CHEEKS = np.array([0.02, -0.05, -0.02]), (205, 425)  # likewise; rows of the mesh
JAW, EARS = np.deg2rad(12.0), (234, 454)  # how far it opens, around the line between these rows
PURSED = np.array([0.04, 0.0, 0.0])  # a corner of a mouth that opens, the left one
RAISED = np.array([0.0, -0.12, 0.0])  # brows
THINNER = 0.16  # of the face's width
LARGER = 0.28 * np.array([0.8, 1.1, 0.0])  # of an eye's size
LEFT = np.array([-1.0, 1.0, 1.0])  # the other side

Field = Float[np.ndarray, "468 3"]
Rows = tuple[int, ...]


def wanted(values: Values, rest: Mesh) -> Field:
    """How far each point of a face at rest should be from where it is, its head held still.

    Args:
        values: of the controls.
        rest: the face in its head's own frame and in its distances between the eyes.
    """
    opened = values.get("mouth", 0.0)
    shift = values.get("smile", 0.0) * smile() + values.get("brows", 0.0) * brows()
    shift = shift + values.get("slim", 0.0) * slim() + values.get("eyes", 0.0) * eyes()
    shift += (opened if opened > 0 else opened * _closing(rest)) * mouth()
    follows = LIDS * values.get("gaze_y", 0.0)
    for name, eye in (("blink_left", LEFT_EYE), ("blink_right", RIGHT_EYE)):
        shift += min(1.0, values.get(name, 0.0) - follows) * lid(rest, eye)
    return shift


def turned(values: Values) -> Float[np.ndarray, "3 3"]:
    """How the head is turned: about its own axis, then it nods, then it tilts."""
    angles = (np.deg2rad(values.get(name, 0.0)) for name in ("turn", "nod", "tilt"))
    (a, b), (c, d), (e, f) = ((np.cos(angle), np.sin(angle)) for angle in angles)
    turn = np.array([[a, 0, -b], [0, 1, 0], [b, 0, a]])
    nod = np.array([[1, 0, 0], [0, c, -d], [0, d, c]])
    return turn @ nod @ np.array([[e, -f, 0], [f, e, 0], [0, 0, 1]])


def gaze(values: Values) -> Float[np.ndarray, "2"]:
    """Where the irises are beyond their eyes."""
    return GAZE * (values.get("gaze_x", 0.0), values.get("gaze_y", 0.0))


@cache
def mean() -> Field:
    """The mean face."""
    return canonical() / eye_distance(canonical())


@cache
def smile() -> Field:
    """The corners of the mouth out and up, and the cheeks with them."""
    left, right = MOUTH_CORNERS
    corners = _near((left,), 0.2) * LEFT * CORNER + _near((right,), 0.2) * CORNER
    return corners + _near(CHEEKS[:1], 0.22) * LEFT * CHEEK + _near(CHEEKS[1:], 0.22) * CHEEK


@cache
def mouth() -> Field:
    """The jaw turns down around the ears, the upper lip stays; the corners come nearer."""
    centre = mean()[list(EARS)].mean(0)
    _, down, away = (mean() - centre).T
    lower = np.cos(JAW) * down - np.sin(JAW) * away - down
    behind = np.sin(JAW) * down + np.cos(JAW) * away - away
    jaw = _jaw()[:, None] * np.stack([np.zeros(468), lower, behind], 1)
    left, right = MOUTH_CORNERS
    return jaw + _near((left,), 0.12) * PURSED + _near((right,), 0.12) * LEFT * PURSED


def _jaw() -> Float[np.ndarray, "468"]:
    """How much each point goes with the jaw: it takes the lower lip along, half of the corners."""
    x, y, _ = mean().T
    upper, lower = list(INNER_LIPS[:11]), [INNER_LIPS[0], *INNER_LIPS[:9:-1]]
    seam = np.interp(x, x[upper], (y[upper] + y[lower]) / 2)
    half = abs(x[INNER_LIPS[0]])
    middle = np.sqrt(1 - np.clip(np.abs(x) / half, 0, 1) ** 2)
    beside, below = np.maximum(0, np.abs(x) - half), y - seam
    lips = np.where(
        below > 0,
        0.35 + 0.65 * np.maximum(middle, smooth(below / 0.35)),
        0.35 * (1 - middle) * np.exp(np.minimum(below, 0) / 0.12),
    )
    cheeks = smooth(0.5 + below / (0.5 + 2.4 * beside)) * smooth(1.1 - 1.5 * beside)
    return lips + smooth(beside / 0.1) * (cheeks - lips)


def _closing(rest: Mesh) -> float:
    """How much of the field of an opening mouth closes it."""
    way = mouth()[LOWER_LIP, 1] - mouth()[UPPER_LIP, 1]
    return float(np.clip((rest[LOWER_LIP, 1] - rest[UPPER_LIP, 1]) / way, 0, 1))


def lid(rest: Mesh, eye: Rows) -> Field:
    """The upper lid down to the lower one, and the skin above it after it."""
    upper, lower = list(eye[1:8]), list(eye[:8:-1])
    away = np.linalg.norm(mean()[:, None] - mean()[None, upper], axis=2)
    weight = np.exp(-0.5 * (away / 0.05) ** 2) + 1e-12
    way = weight @ (rest[lower] - rest[upper]) / weight.sum(1, keepdims=True)
    shift = np.exp(-0.5 * (away.min(1) / 0.06) ** 2)[:, None] * way
    shift[upper] = rest[lower] - rest[upper]
    edge = mean()[[eye[0], *lower, eye[8]]]
    edge = edge[np.argsort(edge[:, 0])]
    shift[mean()[:, 1] > np.interp(mean()[:, 0], edge[:, 0], edge[:, 1]) - 1e-3] = 0
    shift[[eye[0], eye[8]]] = 0
    return shift


@cache
def brows() -> Field:
    """Both brows up, and the forehead above them a little."""
    lids = _near((*LEFT_EYE, *RIGHT_EYE), 0.07)
    return _near((*LEFT_BROW, *RIGHT_BROW), 0.12) * (1 - 0.9 * lids) * RAISED


@cache
def slim() -> Field:
    """Cheeks and jaw towards the middle."""
    x, y, _ = mean().T
    weight = smooth((y - y[168] - 0.02) / 0.6) * smooth((np.abs(x) - 0.2) / 0.5)
    return np.stack([-THINNER * x * weight, 0 * x, 0 * x], 1)


@cache
def eyes() -> Field:
    """Both eyes grow around their middles."""
    shift = np.zeros((468, 3))
    for eye in (LEFT_EYE, RIGHT_EYE):
        away = mean() - mean()[list(eye)].mean(0)
        shift += np.exp(-0.5 * (np.linalg.norm(away, axis=1) / 0.3) ** 4)[:, None] * LARGER * away
    return shift


def _near(rows: Rows, width: float) -> Float[np.ndarray, "468 1"]:
    """1 at these rows, less around them: a Gaussian."""
    away = np.linalg.norm(mean()[:, None] - mean()[None, list(rows)], axis=2).min(1)
    return np.exp(-0.5 * (away / width) ** 2)[:, None]
