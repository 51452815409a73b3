"""A session as pictures: the fitted part close up, and the photo as a version has it."""

from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from photo import Photo
from photo.crop import Crop, box_quad
from stylegan import to_uint8
from transfer.flow import Picture
from transfer.warp import Warp, paste, render

from .session import FittedPhoto, Session, Version

VIEW_SIDE = 512  # px of the fitted part on the screen
Pixels = Literal["photo", "generated"]
"""Whose pixels an edit is made of: the photo's own, moved, or those of the model's picture."""


def closeup(subject: FittedPhoto, side: int = VIEW_SIDE) -> FittedPhoto:
    """The fitted part of the photo, upright and square, as a photo of its own: quick to show."""
    photo = to_uint8(Crop(subject.quad, side).cut(subject.photo))
    return replace(subject, photo=photo, quad=box_quad(-0.5, -0.5, float(side)))


def show(subject: FittedPhoto, version: Version, pixels: Pixels = "photo") -> Photo:
    """The subject's photo as this version has it, at its own size."""
    if pixels == "generated" and version.picture is not None:
        return paste(subject.photo, subject.quad, version.change, version.picture)
    return render(subject.photo, subject.quad, version.change)[0]


def enlarged(picture: Picture, side: int) -> Photo:
    """A square picture at another size, bicubic; a copy."""
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def untouched(subject: FittedPhoto, side: int) -> Session:
    """A session on a photo as it is."""
    flow, overlay = (np.zeros((side, side, channels), np.float32) for channels in (2, 4))
    return Session(subject, Version(subject.ws, Warp(flow, overlay)))
