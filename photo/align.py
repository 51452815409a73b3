"""Find the face, and where it is to be cut as the generator expects it.

The crop is FFHQ's: a square whose place, size and tilt follow from the eyes and the mouth
(Karras et al. 2019, appendix A). OpenCV's detector finds the box of a face, the landmark net looks
twice into it; where the net is in doubt, or there is none, OpenCV's eye detector has to do.
"""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float

from .crop import Crop, Quad, resized
from .decoder.bounds import PhotoError
from .decoder.process import Photo
from .landmarks import SIDE, LandmarkNet, eyes_and_mouth, locate

DETECTION_SIDE = 640  # px of the longer side; faces are searched in a copy of this size
# Where MakeHuman-like faces have their features in OpenCV's face box, as shares of its side.
EYES_IN_BOX = ((0.315, 0.385), (0.685, 0.385))
MOUTH_IN_BOX = (0.5, 0.765)
NET_SHARE = 0.8  # of the face's crop is what the landmark net sees
MOST_DOUBT = 0.15  # of the distance between the eyes; where the net expects more, it is not used

EyesMouth = Float[np.ndarray, "3 2"]
"""Left eye, right eye (as seen) and mouth: (x, y) px."""


def find_faces(photo: Photo, net: LandmarkNet | None = None) -> list[EyesMouth]:
    """Eyes and mouth of each face in photo px, the largest face first.

    OpenCV's cascade (Viola and Jones 2001) finds frontal faces of at least a twelfth of the shorter
    side; without ``net`` its eye detector says where in the box the eyes are.
    """
    scale = min(1.0, DETECTION_SIDE / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    least = max(24, min(grey.shape) // 12)
    faces = _cascade("haarcascade_frontalface_alt2.xml").detectMultiScale(
        grey, scaleFactor=1.05, minNeighbors=5, minSize=(least, least)
    )
    boxes = sorted(np.asarray(faces).reshape(-1, 4).tolist(), key=lambda box: -box[2])
    return [_face(photo, (grey, scale), box, net) for box in boxes]


def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))


def _face(
    photo: Photo, seen: tuple[np.ndarray, float], box: list[int], net: LandmarkNet | None
) -> EyesMouth:
    """Eyes and mouth in a detector's box; ``seen`` is what it looked at and its scale."""
    grey, scale = seen
    left, top, side, _ = box
    guess = np.array([left, top]) + side * np.array([*EYES_IN_BOX, MOUTH_IN_BOX])
    if net is not None:
        points = face_points(photo, resized(guess, scale, 1.0), net)
        if points is not None:
            return eyes_and_mouth(points)
    return resized(_by_eyes(grey, box, guess), scale, 1.0)


def face_points(
    photo: Photo, guess: EyesMouth, net: LandmarkNet
) -> Float[np.ndarray, "p 2"] | None:
    """All of the net's points of the face about here, in photo px; None where it is in doubt.

    The first look shows where to look more closely, upright and at the right size.
    """
    points, doubt = guess, 0.0
    for _ in range(2):
        eyes = eyes_and_mouth(points) if len(points) > 3 else points
        try:
            crop = Crop(face_quad(eyes), SIDE).shrunk(NET_SHARE)
        except PhotoError:
            return None
        located = locate(net, crop.cut(photo))
        points = crop.to_photo(located.points)
        eyes = eyes_and_mouth(located.points)
        doubt = located.doubt / max(1e-6, float(np.linalg.norm(eyes[1] - eyes[0])))
    return points if doubt < MOST_DOUBT else None


def _by_eyes(grey: np.ndarray, box: list[int], guess: EyesMouth) -> EyesMouth:
    """Where the eye detector sees both eyes in the box, else the guess; px of ``grey``."""
    left, top, side, _ = box
    corner = np.array([left, top], dtype=np.float64)
    upper = grey[top + side // 6 : top + side * 6 // 10, left : left + side]
    boxes = _cascade("haarcascade_eye_tree_eyeglasses.xml").detectMultiScale(
        upper, scaleFactor=1.05, minNeighbors=3, minSize=(side // 8, side // 8)
    )
    eyes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    centres = corner + [0, side // 6] + eyes[:, :2] + eyes[:, 2:] / 2
    pair: list[np.ndarray] = []
    for expected in guess[:2]:
        distance = np.linalg.norm(centres - expected, axis=1)
        if len(distance) == 0 or distance.min() > 0.13 * side:
            return guess
        pair.append(centres[distance.argmin()])
    return _with_mouth(pair[0], pair[1], guess)


def _with_mouth(left: np.ndarray, right: np.ndarray, guess: EyesMouth) -> EyesMouth:
    """Put the mouth where the guess has it, seen from the eyes (turned and scaled with them)."""
    before, after = guess[1] - guess[0], right - left
    scale = np.linalg.norm(after) / np.linalg.norm(before)
    angle = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    down = guess[2] - (guess[0] + guess[1]) / 2
    return np.stack([left, right, (left + right) / 2 + scale * turn @ down])


def face_quad(points: EyesMouth) -> Quad:
    """FFHQ's crop in photo px (Karras et al. 2019, appendix A): corners as ``crop.Quad``.

    Raises:
        PhotoError: the points lie on top of each other.
    """
    left, right, mouth = points
    eyes, across = (left + right) / 2, right - left
    down = mouth - eyes
    x = across + np.array([down[1], -down[0]])
    if np.linalg.norm(across) < 4 or np.linalg.norm(down) < 4 or np.linalg.norm(x) < 4:
        raise PhotoError("Mark the two eyes and the mouth: the points lie too close together.")
    x *= max(2.0 * np.linalg.norm(across), 1.8 * np.linalg.norm(down)) / np.linalg.norm(x)
    y = np.array([-x[1], x[0]])
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])
