"""The faces of a photo, whichever way up it lies."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from . import nets
from .decoder.process import Photo
from .mesh import OVAL, Mesh, eyes_and_mouth
from .nets import Detection, detect

SURE = 0.5  # score of the detector, and presence of the mesh net, from which there is a face
TURNED_SURE = 0.7  # the same of the detector in a photo that has no upright face
OVERLAP = 0.3  # of the smaller box, from which two are of the same face
TILE = 384  # px of the shorter side: larger photos are also searched in parts
SMALLEST = 160  # px of the parts, in which no face was found in larger ones
MOST = 20  # faces of a photo


@dataclass(frozen=True)
class Face:
    """A face of a photo.

    Args:
        mesh: its points in px of the photo; see ``mesh``.
        presence: how surely it is one, 0 to 1.
    """

    mesh: Mesh
    presence: float

    @property
    def eyes_and_mouth(self) -> Float[np.ndarray, "3 2"]:
        """Left eye, right eye (as seen) and mouth, photo px."""
        return eyes_and_mouth(self.mesh)

    @property
    def size(self) -> float:
        """The geometric mean of its oval's width and height, px."""
        return float(np.sqrt(np.prod(np.ptp(self.mesh[list(OVAL), :2], axis=0))))

    def distance(self, point: Float[np.ndarray, "2"]) -> float:
        """How far a point is from the face's middle, in sizes of the face."""
        middle = self.mesh[list(OVAL), :2].mean(0)
        return float(np.linalg.norm(point - middle)) / max(1.0, self.size)


def find_faces(photo: Photo) -> list[Face]:
    """All faces of a photo, the largest first; those of a photo that lies on its side too."""
    for turns in range(4):
        found = _upright(np.ascontiguousarray(np.rot90(photo, turns)), turns)
        if found:
            back = [Face(_turned_back(f.mesh, turns, photo), f.presence) for f in found]
            return sorted(back, key=lambda face: -face.size)[:MOST]
    return []


def nearest_face(faces: list[Face], point: Float[np.ndarray, "2"]) -> Face | None:
    """The face that a point of the photo is on, or next to; None where there is none at all."""
    return min(faces, key=lambda face: face.distance(point), default=None)


def _upright(photo: Photo, turns: int) -> list[Face]:
    """Faces that are about upright."""
    least = TURNED_SURE if turns else SURE
    kept: list[Detection] = []
    for parts in _levels(photo, turns):
        for left, top, side in parts:
            seen = detect(photo[top : top + side, left : left + side], least)
            offset = np.array([left, top])
            kept += [
                Detection(d.score, d.box + np.tile(offset, 2), d.points + offset) for d in seen
            ]
        if kept:
            break
    faces = [_face(photo, each) for each in _distinct(kept)]
    return _apart([face for face in faces if face.presence > SURE])


def _levels(photo: Photo, turns: int) -> Iterator[list[tuple[int, int, int]]]:
    """What is searched: (left, top, side) of parts, those of a level together.

    The whole and its halves; then, for faces that are small, ever smaller parts.
    """
    height, width = photo.shape[:2]
    whole = (0, 0, max(height, width))
    side = min(height, width)
    yield [whole, *(_tiles(photo, side * 2 // 3) if side > TILE and not turns else [])]
    while not turns and side > 2 * SMALLEST:
        side //= 2
        yield _tiles(photo, side)


def _tiles(photo: Photo, side: int) -> list[tuple[int, int, int]]:
    """Squares that cover the photo and overlap by a third or more."""
    starts = [
        np.linspace(0, length - side, -(-(length - side) // (side * 2 // 3)) + 1).astype(int)
        for length in photo.shape[:2]
    ]
    return [(int(left), int(top), side) for top in starts[0] for left in starts[1]]


def _face(photo: Photo, seen: Detection) -> Face:
    right, left = seen.points[:2]  # the person's
    box = seen.box.reshape(2, 2)
    return Face(*nets.mesh(photo, box.mean(0), float(np.ptp(box, axis=0).max()), left - right))


def _distinct(seen: list[Detection]) -> list[Detection]:
    """The surest of each face's detections."""
    kept: list[Detection] = []
    for each in sorted(seen, key=lambda d: -d.score):
        if all(_overlap(each.box, other.box) < OVERLAP for other in kept):
            kept.append(each)
    return kept[:MOST]


def _apart(faces: list[Face]) -> list[Face]:
    """One of each, where several detections led to the same face."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.presence):
        middle = face.mesh[:, :2].mean(0)
        if all(other.distance(middle) > 0.4 for other in kept):
            kept.append(face)
    return kept


def _overlap(first: Float[np.ndarray, "4"], second: Float[np.ndarray, "4"]) -> float:
    """Of two boxes, as a share of the smaller one."""
    both = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    areas = [float(np.prod(box[2:] - box[:2])) for box in (first, second)]
    return float(np.prod(both.clip(0))) / max(1e-6, min(areas))


def _turned_back(points: Mesh, turns: int, photo: Photo) -> Mesh:
    """Points of a photo turned left by so many quarters, in px of the photo as it was."""
    x, y = points[:, 0], points[:, 1]
    height, width = photo.shape[:2]
    turned = [(x, y), (width - 1 - y, x), (width - 1 - x, height - 1 - y), (y, height - 1 - x)]
    return np.column_stack([*turned[turns], points[:, 2]])
