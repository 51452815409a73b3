"""The second look at a clip: each frame is painted with its own head, moved as the edit says."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from photo.align import face_quad
from photo.crop import Crop, Quad
from photo.mesh import OVAL, Mesh, eyes_and_mouth
from transfer.backdrop import NO_BACKDROP, Backdrop, behind, matte
from transfer.head import build
from transfer.paint import paint
from transfer.rig import RIG_SIDE, Pose, Rig, rest, wide_crop

from ..apply import posed
from ..session import Session
from .follow import Track
from .source import Frame

AROUND = 4  # frames before and after one, over which the head's outline and matte are means


@dataclass(frozen=True)
class Moved:
    """A frame with its head, and how that is moved.

    Args:
        frame: as it is.
        quad: of the head's crop, px of the frame.
        rig: of the head.
        pose: that the rig is to have.
    """

    frame: Frame
    quad: Quad
    rig: Rig
    pose: Pose

    def painted(self) -> Frame:
        """As the pose has it; what does not move is as it was, bit for bit."""
        return replace(self.frame, picture=paint(self.frame.picture, *self._how)[0])

    @property
    def _how(self) -> tuple[Quad, Rig, Pose]:
        return self.quad, self.rig, self.pose


def painted(edit: Session, frames: Iterable[Frame], found: Track) -> Iterator[Frame]:
    """The frames with the edit on them, one after the other; one without a face is as it was.

    Args:
        edit: what is done, in its current version.
        frames: of the clip, as the track was found in.
        found: its face.

    Raises:
        SessionError: the edit is none of a face, or there is none.
    """
    for each in moved(edit, frames, found):
        yield each if isinstance(each, Frame) else each.painted()


def moved(edit: Session, frames: Iterable[Frame], found: Track) -> Iterator[Frame | Moved]:
    """The same, about to be painted: what is a frame alone has no face."""
    near: deque[tuple[Frame, Quad, Rig] | Frame] = deque()
    first = number = 0  # of those that are near, and the next one that is given
    for now in _rigged(frames, found):
        near.append(now)
        if first + len(near) > number + AROUND:
            yield _posed(edit, near, number - first, found.strengths[number])
            number += 1
        if number - first > AROUND:
            near.popleft()
            first += 1
    for place in range(number - first, len(near)):
        yield _posed(edit, near, place, found.strengths[first + place])


def _rigged(frames: Iterable[Frame], found: Track) -> Iterator[tuple[Frame, Quad, Rig] | Frame]:
    for frame, mesh, strength in zip(frames, found.meshes, found.strengths, strict=False):
        if mesh is None or not strength:
            yield frame
            continue
        quad = face_quad(eyes_and_mouth(mesh))
        crop = Crop(quad, RIG_SIDE)
        own: Mesh = np.c_[crop.from_photo(mesh[:, :2]), mesh[:, 2] / crop.photo_px]
        person = matte(frame.picture, wide_crop(quad))
        yield frame, quad, build(frame.picture, quad, own, replace(NO_BACKDROP, person=person))


def _posed(
    edit: Session, near: Sequence[tuple[Frame, Quad, Rig] | Frame], place: int, strength: float
) -> Frame | Moved:
    """One of some frames, whose outline is a mean of those around it."""
    now = near[place]
    if isinstance(now, Frame):
        return now
    frame, quad, rig = now
    around = list(near)[max(0, place - AROUND) : place + AROUND + 1]
    rig = _steady(rig, [each[2] for each in around if not isinstance(each, Frame)])
    person = rig.backdrop.person
    filled = behind(frame.picture, wide_crop(quad), person)
    rig = replace(rig, backdrop=Backdrop(person, filled))
    pose = rest(rig).towards(posed(edit, rig), float(strength))
    return Moved(frame, quad, rig, pose)


def _steady(rig: Rig, near: Sequence[Rig]) -> Rig:
    """The rig with the mean of its and others' rings, as they lie around each face, and mattes."""
    oval = list(OVAL)

    def beyond(of: Rig) -> np.ndarray:
        return of.vertices[468:].reshape(-1, len(oval), 3) - of.vertices[oval]

    rings = rig.vertices[oval] + np.mean([beyond(each) for each in near], 0)
    vertices = np.concatenate([rig.vertices[:468], rings.reshape(-1, 3)])
    follow, share = np.mean([(each.follow, each.near) for each in near], 0)
    person = np.mean([each.backdrop.person for each in near], 0, np.float32).round()
    backdrop = replace(rig.backdrop, person=person.astype(np.uint8))
    return Rig(vertices, follow, share, rig.irises, backdrop)
