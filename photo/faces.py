"""The faces of a photo, whichever way up it lies."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from . import nets
from .decoder.process import Photo, Sent
from .mesh import OVAL, Mesh, eyes_and_mouth
from .nets import Detection, detect
from .transparency import on_white

SURE = 0.5  # presence of the mesh net, from which there is a face
PERHAPS = 0.2  # the same where there is no other: of half faces the net is less sure
SEEN, TURNED = 0.35, 0.7  # the detector's score, from which that looks: upright, and turned
MARGIN = 0.12  # of the longer side around a photo, so that half a face at its edge is seen
OVERLAP = 0.3  # of the smaller box, from which two are of the same face
TILE = 384  # px of the shorter side: larger photos are also searched in parts
PARTS = (3, 6)  # of the shorter side is searched for small faces: in 1/14 of it one is seen
SMALLEST, MOST_PARTS = 160, 120  # px of such parts, and how many of a size there may be
MOST_TURNED = 2048  # px of the longer side of a photo that is looked at turned
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


def find_faces(photo: Sent) -> list[Face]:
    """All faces of a photo, the largest first; those of a photo that lies on its side too.

    Where there are none, small ones are looked for: of 1/80 of the shorter side or 12 px.
    """
    photo, doubtful = on_white(photo), list[Face]()
    for turns in range(4):
        shown = _smaller(photo) if turns else photo  # a copy of a large one is large
        turned = np.ascontiguousarray(np.rot90(shown, turns))
        seen = _confirmed(turned, _near(turned, TURNED if turns else SEEN))
        back = [_turned_back(face.mesh, turns, shown) for face in seen]
        faces = [
            Face(_enlarged(mesh, shown, photo), face.presence)
            for mesh, face in zip(back, seen, strict=True)
        ]
        if any(_is_upright(face) for face in _sure(seen)):
            return _sure(faces)
        doubtful += faces
    if doubtful:
        return [max(doubtful, key=lambda face: face.presence)]
    small = (_sure(_confirmed(photo, _inside(photo, parts))) for parts in _levels(photo))
    return next(filter(None, small), [])


def followed(photo: Photo, before: Face) -> Face | None:
    """The same face in the next picture of a clip; None where there is none about there."""
    left, right, _ = before.eyes_and_mouth
    outline = before.mesh[:, :2]
    low, high = outline.min(0), outline.max(0)
    mesh, sure = nets.mesh(photo, (low + high) / 2, float((high - low).max()), right - left)
    return Face(mesh, sure) if sure > SURE else None


def nearest_face(faces: list[Face], point: Float[np.ndarray, "2"]) -> Face | None:
    """The face that a point of the photo is on, or next to; None where there is none at all."""
    return min(faces, key=lambda face: face.distance(point), default=None)


def _is_upright(face: Face) -> bool:
    """Its eyes are side by side, at most 60 degrees off: so is any face in one of four turns."""
    left, right, _ = face.eyes_and_mouth
    return bool(right[0] - left[0] > 0.5 * np.linalg.norm(right - left))


def _sure(faces: list[Face]) -> list[Face]:
    """Those that are faces without doubt, the largest first."""
    return sorted((f for f in faces if f.presence > SURE), key=lambda face: -face.size)


def _near(photo: Photo, least: float) -> list[Detection]:
    """About upright faces of the usual sizes."""
    seen = detect(photo, least) + detect(photo, least, MARGIN)
    side = min(photo.shape[:2])
    if side > TILE and least == SEEN:
        seen += _inside(photo, _tiles(photo, side * 2 // 3))
    return seen


def _inside(photo: Photo, parts: list[tuple[int, int, int]]) -> list[Detection]:
    """Faces in parts of the photo: (left, top, side) of each."""
    return [
        Detection(d.score, d.box + np.tile((left, top), 2), d.points + np.array([left, top]))
        for left, top, side in parts
        for d in detect(photo[top : top + side, left : left + side], SEEN)
    ]


def _confirmed(photo: Photo, seen: list[Detection]) -> list[Face]:
    """What may be faces behind these detections, once each."""
    faces = [_face(photo, each) for each in _distinct(seen)]
    return _apart([face for face in faces if face.presence > PERHAPS])


def _levels(photo: Photo) -> Iterator[list[tuple[int, int, int]]]:
    """Ever smaller parts, those of a level together, of a photo that has no large face."""
    for share in PARTS:
        side = min(photo.shape[:2]) // share
        parts = _tiles(photo, side) if side >= SMALLEST else []
        yield parts if len(parts) <= MOST_PARTS else []


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


def _smaller(photo: Photo) -> Photo:
    """The photo, its longer side at most MOST_TURNED px."""
    share = MOST_TURNED / max(photo.shape[:2])
    if share >= 1:
        return photo
    size = [max(1, round(share * length)) for length in photo.shape[1::-1]]
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _enlarged(points: Mesh, shown: Photo, photo: Photo) -> Mesh:
    """Points of a smaller photo in px of the whole one."""
    if shown is photo:
        return points
    x, y = (a / b for a, b in zip(photo.shape[1::-1], shown.shape[1::-1], strict=True))
    half = np.array([0.5, 0.5, 0.0])
    return (points + half) * np.array([x, y, x]) - half


def _turned_back(points: Mesh, turns: int, photo: Photo) -> Mesh:
    """Points of a photo turned left by so many quarters, in px of the photo as it was."""
    x, y = points[:, 0], points[:, 1]
    height, width = photo.shape[:2]
    turned = [(x, y), (width - 1 - y, x), (width - 1 - x, height - 1 - y), (y, height - 1 - x)]
    return np.column_stack([*turned[turns], points[:, 2]])
