"""A session as pictures: the fitted part close up, and the photo as a version has it."""

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from photo import Photo, Sent
from photo.crop import Crop, box_quad
from photo.transparency import see_through
from stylegan import to_uint8
from transfer.bend import bend
from transfer.flow import Picture, pixels, sample
from transfer.paint import acting, paint
from transfer.rig import GRID, RIG_SIDE, Pose, Rig, rest, wide_crop
from transfer.warp import Warp, paste, render

from .session import FittedPhoto, Session, Version

VIEW_SIDE = 512  # px of the fitted part on the screen
Pixels = Literal["photo", "generated"]
"""Whose pixels an edit is made of: the photo's own, moved, or those of the model's picture."""


def closeup(subject: FittedPhoto, side: int = VIEW_SIDE) -> FittedPhoto:
    """The fitted part of the photo, upright and square, as a photo of its own: quick to show."""
    photo = to_uint8(Crop(subject.quad, side).cut(subject.photo))
    return replace(subject, photo=photo, quad=box_quad(-0.5, -0.5, float(side)), clear=None)


def show(subject: FittedPhoto, version: Version, pixels: Pixels = "photo") -> Sent:
    """The subject's photo as this version has it, at its own size; as transparent as it came.

    What is transparent moves with the photo's own pixels; the model's are laid over it.
    """
    change, made = version.change, version.picture if pixels == "generated" else None
    if made is None:
        seen = edited(subject, change)[0]
    else:
        acts = acting(_of(subject.rig), change) if isinstance(change, Pose) else change.where
        seen = paste(subject.photo, subject.quad, acts, made)
    if subject.clear is None:
        return seen
    opacity = subject.clear[..., 3] if made is not None else _opacity(subject, change)
    return see_through(subject.clear, seen, opacity)


def _opacity(subject: FittedPhoto, change: Warp | Pose) -> UInt8[np.ndarray, "h w"]:
    """Of the edited photo: that of the photo, edited as if it were one."""
    assert subject.clear is not None
    photo = np.repeat(subject.clear[..., 3:], 3, 2)
    if isinstance(change, Pose):
        rig = _of(subject.rig)
        rig = replace(rig, backdrop=rig.backdrop.of(photo, wide_crop(subject.quad)))
        return paint(photo, subject.quad, rig, change, inside=False)[0][..., 0]
    share = change.overlay[..., 3:]
    opaque = Warp(change.flow, np.concatenate([255 * share] * 3 + [share], 2))
    return render(photo, subject.quad, opaque)[0][..., 0]


def edited(subject: FittedPhoto, change: Warp | Pose) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the photo's own pixels, moved; which of them differ from the photo's)."""
    if isinstance(change, Pose):
        return paint(subject.photo, subject.quad, _of(subject.rig), change)
    return render(subject.photo, subject.quad, change)


def wide(
    subject: FittedPhoto, version: Version
) -> tuple[UInt8[np.ndarray, "g g 3"], UInt8[np.ndarray, "g g"]]:
    """(what a head may move in, as this version has it; how much of each px is person, in 255ths).

    The subject needs a rig.
    """
    rig, now = _of(subject.rig), version.change
    assert isinstance(now, Pose)
    first = (GRID - RIG_SIDE) / 2
    photo = to_uint8(wide_crop(subject.quad).cut(subject.photo))
    place = box_quad(first - 0.5, first - 0.5, float(RIG_SIDE))
    around = replace(subject, photo=photo, quad=place, clear=None)
    person = rig.backdrop.person
    if not now.rests(rig):
        before, after = (np.c_[v[:, :2] + first, v[:, 2]] for v in (rig.vertices, now.vertices))
        person = sample(person, pixels(GRID, GRID) + bend(before, after, (GRID, GRID)))
    return edited(around, now)[0], person


def between(before: Warp | Pose, after: Warp | Pose, share: float) -> Warp | Pose:
    """So much of the way from one change of a photo to another."""
    if isinstance(before, Pose):
        assert isinstance(after, Pose)
        return before.towards(after, share)
    assert isinstance(after, Warp)
    return before.towards(after, share)


def _of(rig: Rig | None) -> Rig:
    assert rig is not None, "A pose is one of a rig."
    return rig


def enlarged(picture: Picture, side: int) -> Photo:
    """A square picture at another size, bicubic; a copy."""
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def original(session: Session) -> Version:
    """The session's photo as it was before all edits."""
    change = session.now.change
    return untouched(session.subject, 0 if isinstance(change, Pose) else len(change.flow)).now


def untouched(subject: FittedPhoto, side: int) -> Session:
    """A session on a photo as it is."""
    if subject.rig is not None:
        return Session(subject, Version(subject.ws, rest(subject.rig)))
    flow, overlay = (np.zeros((side, side, channels), np.float32) for channels in (2, 4))
    return Session(subject, Version(subject.ws, Warp(flow, overlay)))
