"""A session as pictures: the fitted part close up, and the photo as a version has it."""

from dataclasses import replace
from typing import Literal

import numpy as np

from inversion import Photo, box_quad, cut
from inversion.transfer import Change, paste, render
from stylegan import to_uint8

from .session import Session, Subject, Version

VIEW_SIDE = 512  # px of the fitted part on the screen
Pixels = Literal["photo", "generated"]
"""Whose pixels an edit is made of: the photo's own, moved, or those of the model's picture."""


def closeup(subject: Subject, side: int = VIEW_SIDE) -> Subject:
    """The fitted part of the photo, upright and square, as a photo of its own: quick to show."""
    photo = to_uint8(cut(subject.photo, subject.quad, side).image)
    return replace(subject, photo=photo, quad=box_quad(-0.5, -0.5, float(side)))


def show(subject: Subject, version: Version, pixels: Pixels = "photo") -> Photo:
    """The subject's photo as this version has it, at its own size."""
    if pixels == "generated" and version.picture is not None:
        return paste(subject.photo, subject.quad, version.change, version.picture)
    return render(subject.photo, subject.quad, version.change)[0]


def untouched(subject: Subject, side: int) -> Session:
    """A session on a photo as it is."""
    flow, paint = (np.zeros((side, side, channels), np.float32) for channels in (2, 4))
    return Session(subject, Version(subject.ws, Change(flow, paint)))
