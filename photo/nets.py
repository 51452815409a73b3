"""Face nets trained on real photographs (MediaPipe, see mediapipe/README.md), by OpenCV's DNN.

Each takes a crop and gives points of its photo. A net of OpenCV holds what it was last shown:
one caller at a time.
"""

from dataclasses import dataclass, field
from functools import cache
from threading import Lock

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from .crop import Crop, Quad, resized
from .decoder.process import Photo
from .mesh import FOLDER, LEFT_CORNERS, RIGHT_CORNERS, FacePoints, Mesh, eyes_and_mouth

DETECTOR_SIDE, MESH_SIDE, IRIS_SIDE, MATTE_SIDE = 192, 192, 64, 256  # px of the nets' inputs
CELLS = 48  # the detector looks around the centres of so many cells a side
AROUND_FACE = 1.5  # times a face's longer side is what the mesh net sees
AROUND_EYE = 2.3  # times the distance between an eye's corners is what the iris net sees
SHIFTS = ((0.0, 0.0, 1.0), (0.02, -0.01, 0.96), (-0.02, 0.01, 1.04))  # of the last look's crops
MOST_LOOKS, SETTLED = 20, 0.04  # until the corners of what is seen move by less of its side
IRIS_POINTS = 5  # its centre first
ALIGNED_SIDE = 512  # px: pictures that are cut as FFHQ's are looked at in this size
ALIGNED_CENTRE, ALIGNED_FACE = (0.5, 0.557), 0.605  # where a face is in them, shares of the side


@dataclass(frozen=True)
class Net:
    """A file's net, ready to run."""

    name: str
    lock: Lock = field(default_factory=Lock)

    def __call__(self, picture: Float[np.ndarray, "s s 3"]) -> list[Float32[np.ndarray, "..."]]:
        """Its outputs, in the order of the file, for a picture of its size."""
        net = _loaded(self.name)
        with self.lock:
            net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
            return [np.asarray(out).copy() for out in net.forward(_outputs(self.name))]


DETECTOR, MESH = Net("face_detection_full_range"), Net("face_landmark")
IRIS, MATTE = Net("iris_landmark"), Net("selfie_segmentation")


@dataclass(frozen=True)
class Detection:
    """A face that the detector sees: px of what it was shown.

    Args:
        score: 0 to 1.
        box: left, top, right, bottom.
        points: right eye, left eye, nose, mouth, right ear, left ear, as the person has them.
    """

    score: float
    box: Float[np.ndarray, "4"]
    points: Float[np.ndarray, "6 2"]


def detect(photo: Photo, least: float, margin: float = 0.0) -> list[Detection]:
    """Faces in a photo, or a part of one, about upright; the surest first, some more than once.

    Args:
        photo: where to look.
        least: score from which there is a face.
        margin: of grey around the photo, in its longer sides: with one, half a face is seen too.
    """
    scale = DETECTOR_SIDE / max(photo.shape[:2]) / (1 + 2 * margin)
    rows, columns = (max(1, round(scale * length)) for length in photo.shape[:2])
    start = round(DETECTOR_SIDE * margin / (1 + 2 * margin))
    shown = np.full((DETECTOR_SIDE, DETECTOR_SIDE, 3), 127.5, np.float32)
    small = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA)
    shown[start : start + rows, start : start + columns] = small
    scores, raw = DETECTOR(shown / 127.5 - 1)
    chance = 1 / (1 + np.exp(-scores[0, :, 0].clip(-50, 50)))
    sure = np.flatnonzero(chance > least)
    centres = (np.stack([sure % CELLS, sure // CELLS], 1) + 0.5) * DETECTOR_SIDE / CELLS - start
    places = raw[0, sure].astype(np.float64).reshape(-1, 8, 2)
    half = places[:, 1] / 2
    middle = places[:, 0] + centres
    boxes = np.c_[middle - half, middle + half] / scale - 0.5
    points = (places[:, 2:] + centres[:, None]) / scale - 0.5
    order = np.argsort(-chance[sure])
    return [Detection(float(chance[sure[k]]), boxes[k], points[k]) for k in order]


def mesh(photo: Photo, centre: np.ndarray, side: float, along: np.ndarray) -> tuple[Mesh, float]:
    """(the mesh of the face about here, how surely there is one: 0 to 1).

    Each look is guided by what the one before sees, until they agree: the net takes a mouth for
    closed that it sees too closely. The last one is a mean of three.

    Args:
        photo: where it is.
        centre: (x, y) of its middle, px.
        side: of its box, px.
        along: (x, y) from its left eye to its right one, as seen.
    """
    quad = _square(centre, AROUND_FACE * side, along)
    for count in range(MOST_LOOKS):
        before, quad = quad, _around(_look(photo, quad)[0])
        moved = np.abs(quad - before).max() / np.linalg.norm(quad[3] - quad[0])
        if count > 0 and moved < SETTLED:
            break
    x, y = quad[3] - quad[0], quad[1] - quad[0]
    seen = [
        _look(photo, Crop(quad + right * x + down * y, MESH_SIDE).shrunk(zoom).quad)
        for right, down, zoom in SHIFTS
    ]
    return np.mean([points for points, _ in seen], 0), min(sure for _, sure in seen)


def irises(photo: Photo, points: Mesh) -> Float[np.ndarray, "2 5 2"]:
    """Left and right iris (as seen) in photo px: centre, right, top, left, bottom of each."""
    found: list[np.ndarray] = []
    for corners, mirrored in ((LEFT_CORNERS, False), (RIGHT_CORNERS, True)):
        first, last = points[list(corners), :2]
        side = AROUND_EYE * float(np.linalg.norm(last - first))
        crop = Crop(_square((first + last) / 2, side, last - first), IRIS_SIDE)
        shown = _cut(crop, photo)
        _, out = IRIS(shown[:, ::-1] if mirrored else shown)
        places = out.reshape(IRIS_POINTS, 3)[:, :2].astype(np.float64) - 0.5
        if mirrored:
            places = np.c_[IRIS_SIDE - 1 - places[:, 0], places[:, 1]][[0, 3, 2, 1, 4]]
        found.append(crop.to_photo(places))
    return np.stack(found)


def aligned_points(picture: UInt8[np.ndarray, "s s 3"]) -> tuple[FacePoints, float]:
    """(points of the face in a picture that is cut as FFHQ's, px; how surely there is one).

    Photos and a generator's pictures are measured alike by it.
    """
    side, size = ALIGNED_SIDE, (ALIGNED_SIDE, ALIGNED_SIDE)
    way = cv2.INTER_AREA if len(picture) > side else cv2.INTER_CUBIC
    shown = np.asarray(cv2.resize(picture, size, interpolation=way))
    centre = side * np.array(ALIGNED_CENTRE)
    points, sure = mesh(shown, centre, side * ALIGNED_FACE, np.array([1.0, 0.0]))
    both = np.concatenate([points[:, :2], irises(shown, points).reshape(-1, 2)])
    return resized(both, side, len(picture)), sure


def matte(photo: Photo, quad: Quad) -> Float32[np.ndarray, "256 256"]:
    """How much of each pixel of a part of the photo is person, 0 to 1."""
    return MATTE(_cut(Crop(quad, MATTE_SIDE), photo, True))[0][0, 0].clip(0, 1)


def _look(photo: Photo, quad: Quad) -> tuple[Mesh, float]:
    crop = Crop(quad, MESH_SIDE)
    presence, out = MESH(_cut(crop, photo))
    points = out.reshape(-1, 3).astype(np.float64)
    flat = crop.to_photo(points[:, :2] - 0.5)
    sure = float(1 / (1 + np.exp(-presence.item())))
    return np.c_[flat, points[:, 2] * crop.photo_px], sure


def _around(points: Mesh) -> Quad:
    """What the net is to see of a face: upright, and somewhat more than it."""
    left, right, _ = eyes_and_mouth(points)
    across = (right - left) / max(1e-6, float(np.linalg.norm(right - left)))
    turn = np.stack([across, [-across[1], across[0]]])
    turned = points[:, :2] @ turn.T
    low, high = turned.min(0), turned.max(0)
    return _square((low + high) / 2 @ turn, AROUND_FACE * float((high - low).max()), across)


def _square(centre: np.ndarray, side: float, along: np.ndarray) -> Quad:
    """Corners of a square whose upper edge runs along this direction."""
    x = np.asarray(along[:2], np.float64) * (side / 2 / max(1e-6, float(np.hypot(*along[:2]))))
    y = np.array([-x[1], x[0]])
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def _cut(crop: Crop, photo: Photo, mirrored: bool = False) -> Float32[np.ndarray, "s s 3"]:
    """The crop in [0, 1]; a mirrored half face would be taken for a whole one."""
    return (crop.cut(photo, mirrored).permute(1, 2, 0).numpy() + 1) / 2


@cache
def _loaded(name: str) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromTFLite(str(FOLDER / f"{name}.tflite"))


@cache
def _outputs(name: str) -> tuple[str, ...]:
    return tuple(_loaded(name).getUnconnectedOutLayersNames())
