"""The first look at a clip: where its face is in each frame, followed and then smoothed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from photo import Photo
from photo.faces import Face, find_faces, followed, nearest_face
from photo.framing import Point
from photo.mesh import Mesh
from transfer.steady import runs, steadied, strengths

from .source import Frame

AGAIN = 5  # frames after which a face that is lost is looked for anew
LEAST_FACE = 24.0  # px: of a smaller face no edit could be seen


@dataclass(frozen=True)
class Track:
    """The face of a clip.

    Args:
        meshes: of each frame, px of it; None where no face is seen.
        strengths: how much of an edit each frame shows, 0 to 1.
        runs: the frames that are smoothed together.
    """

    meshes: Sequence[Mesh | None]
    strengths: Float[np.ndarray, " n"]
    runs: Sequence[range]


def follow(frames: Iterable[Frame], at: Point | None = None) -> Iterator[Face | None]:
    """The face of each frame, or None.

    Args:
        frames: of a clip.
        at: (x, y) px of the first frame with a face: that face is meant; else the largest.
    """
    face, last, lost = None, None, 0
    for frame in frames:
        if face is not None:
            face = followed(frame.picture, face)
            lost = 0
        if face is None:
            face = _found(frame.picture, last, at) if lost % AGAIN == 0 else None
            lost += 1
        if face is not None and face.size < LEAST_FACE:
            face = None
        last = face or last
        yield face


def _found(picture: Photo, last: Face | None, at: Point | None) -> Face | None:
    """The face that is meant, or the one nearest to where it was."""
    faces = find_faces(picture)
    if last is not None:
        at = tuple(last.mesh[:, :2].mean(0).tolist())
    return next(iter(faces), None) if at is None else nearest_face(faces, np.array(at))


def track(faces: Sequence[Face | None], rate: float) -> Track:
    """All faces of a clip, smoothed over time.

    Args:
        faces: of each frame; see ``follow``.
        rate: frames a second.
    """
    raw = [None if face is None else face.mesh for face in faces]
    meshes, whole = list(raw), runs(raw)
    for run in whole:
        steady = steadied(
            np.stack([mesh for mesh in raw[run.start : run.stop] if mesh is not None]), rate
        )
        meshes[run.start : run.stop] = list(steady)
    seen = np.array([face is not None for face in faces])
    return Track(meshes, strengths(seen, rate), whole)
