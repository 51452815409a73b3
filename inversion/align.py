"""Find the face, cut it out as the generator expects it, remember where it was.

The crop is FFHQ's: a square whose place, size and tilt follow from the eyes and the mouth
(Karras et al. 2019, appendix A). OpenCV's detector finds the box of a face, the landmark net looks
twice into it; where the net is in doubt, or there is none, OpenCV's eye detector has to do.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from torch import Tensor

from stylegan import from_uint8

from .landmarks import SIDE, LandmarkNet, eyes_and_mouth, locate
from .photo import Photo, PhotoError

DETECTION_SIDE = 640  # px of the longer side; faces are searched in a copy of this size
# Where MakeHuman-like faces have their features in OpenCV's face box, as shares of its side.
EYES_IN_BOX = ((0.315, 0.385), (0.685, 0.385))
MOUTH_IN_BOX = (0.5, 0.765)
NET_SHARE = 0.8  # of the face's crop is what the landmark net sees
MOST_DOUBT = 0.15  # of the distance between the eyes; where the net expects more, it is not used

Points = Float[np.ndarray, "3 2"]
Quad = Float[np.ndarray, "4 2"]


@dataclass(frozen=True)
class Crop:
    """A square part of a photo.

    Args:
        image: the part, in [-1, 1].
        quad: its corners in photo px: top left, bottom left, bottom right, top right.
    """

    image: Float[Tensor, "3 r r"]
    quad: Quad


def find_faces(photo: Photo, net: LandmarkNet | None = None) -> list[Points]:
    """Left eye, right eye (as seen) and mouth of each face, in photo px, the largest face first."""
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
) -> Points:
    """Eyes and mouth in a detector's box; ``seen`` is what it looked at and its scale."""
    grey, scale = seen
    left, top, side, _ = box
    guess = np.array([left, top]) + side * np.array([*EYES_IN_BOX, MOUTH_IN_BOX])
    if net is not None:
        found = face_points(photo, _unscaled(guess, scale), net)
        if found is not None:
            return eyes_and_mouth(found)
    return _unscaled(_by_eyes(grey, box, guess), scale)


def _unscaled(points: Points, scale: float) -> Points:
    return (points + 0.5) / scale - 0.5


def face_points(photo: Photo, guess: Points, net: LandmarkNet) -> Float[np.ndarray, "p 2"] | None:
    """All of the net's points of the face about here, in photo px; None where it is in doubt.

    The first look shows where to look more closely, upright and at the right size.
    """
    points, doubt = guess, 0.0
    for _ in range(2):
        eyes = eyes_and_mouth(points) if len(points) > 3 else points
        try:
            quad = shrunk(face_quad(eyes), NET_SHARE)
        except PhotoError:
            return None
        found = locate(net, cut(photo, quad, SIDE).image)
        points = _moved(np.linalg.inv(to_crop(quad, SIDE)), found.points)
        eyes = eyes_and_mouth(found.points)
        doubt = found.doubt / max(1e-6, float(np.linalg.norm(eyes[1] - eyes[0])))
    return points if doubt < MOST_DOUBT else None


def _moved(matrix: Float[np.ndarray, "3 3"], points: np.ndarray) -> np.ndarray:
    ahead = np.c_[points, np.ones(len(points))] @ matrix.T
    return ahead[:, :2] / ahead[:, 2:]


def _by_eyes(grey: np.ndarray, box: list[int], guess: Points) -> Points:
    """Found where the eye detector sees both eyes in the box, else the guess by proportion."""
    left, top, side, _ = box
    corner = np.array([left, top], dtype=np.float64)
    upper = grey[top + side // 6 : top + side * 6 // 10, left : left + side]
    found = _cascade("haarcascade_eye_tree_eyeglasses.xml").detectMultiScale(
        upper, scaleFactor=1.05, minNeighbors=3, minSize=(side // 8, side // 8)
    )
    eyes = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    centres = corner + [0, side // 6] + eyes[:, :2] + eyes[:, 2:] / 2
    pair: list[np.ndarray] = []
    for expected in guess[:2]:
        away = np.linalg.norm(centres - expected, axis=1)
        if len(away) == 0 or away.min() > 0.13 * side:
            return guess
        pair.append(centres[away.argmin()])
    return _with_mouth(pair[0], pair[1], guess)


def _with_mouth(left: np.ndarray, right: np.ndarray, guess: Points) -> Points:
    """Put the mouth where the guess has it, seen from the eyes (turned and scaled with them)."""
    before, after = guess[1] - guess[0], right - left
    scale = np.linalg.norm(after) / np.linalg.norm(before)
    angle = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    down = guess[2] - (guess[0] + guess[1]) / 2
    return np.stack([left, right, (left + right) / 2 + scale * turn @ down])


def face_quad(points: Points) -> Quad:
    """FFHQ's crop from left eye, right eye and mouth in photo px.

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


def shrunk(quad: Quad, share: float) -> Quad:
    """The middle of a quad: this share of its side."""
    middle = quad.mean(0)
    return middle + share * (quad - middle)


def box_quad(left: float, top: float, side: float) -> Quad:
    """An upright square of the photo, for anything that is not a face.

    Raises:
        PhotoError: the box is smaller than 16 px.
    """
    if side < 16:
        raise PhotoError("This box is too small: draw one of at least 16 px.")
    low, high = np.array([left, top]), np.array([left, top]) + side
    return np.array([low, [low[0], high[1]], high, [high[0], low[1]]])


def cut(photo: Photo, quad: Quad, side: int) -> Crop:
    """The part inside the quad at ``side`` px; beyond the photo's edge it is mirrored.

    Pixels are averaged, not picked, where the photo is finer than the crop.
    """
    span = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[1] - quad[0]))
    fine = side * max(1, min(8, round(span / side)))
    warped = cv2.warpPerspective(
        photo,
        to_crop(quad, fine),
        (fine, fine),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    small = cv2.resize(warped, (side, side), interpolation=cv2.INTER_AREA)
    return Crop(from_uint8(small.astype(np.uint8)), quad)


def to_crop(quad: Quad, side: int) -> Float[np.ndarray, "3 3"]:
    """The matrix from photo px to crop px (both: (0, 0) is the centre of the first pixel)."""
    corners = np.array([[0, 0], [0, side], [side, side], [side, 0]]) - 0.5
    return cv2.getPerspectiveTransform(quad.astype(np.float32), corners.astype(np.float32))


def align(
    photo: Photo, side: int, points: Points | None = None, net: LandmarkNet | None = None
) -> Crop:
    """The crop of the largest face, or of the face with these eyes and mouth.

    Raises:
        PhotoError: no face was found and no points were given.
    """
    if points is None:
        faces = find_faces(photo, net)
        if not faces:
            raise PhotoError("No face was found: mark the two eyes and the mouth.")
        points = faces[0]
    return cut(photo, face_quad(points), side)
