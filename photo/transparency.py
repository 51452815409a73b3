"""Transparent photos: edited as seen on white, given back as they came."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from .decoder.process import Photo, Sent

ROWS = 256  # that are looked at together: little memory is taken beside the photo's


def on_white(photo: Sent) -> Photo:
    """The colours as seen on white paper; an opaque photo is given back itself."""
    if photo.shape[2] == 3:
        return photo
    seen = np.empty((*photo.shape[:2], 3), np.uint8)
    for rows in _rows(photo):
        share = photo[rows, :, 3:].astype(np.uint16)
        seen[rows] = (photo[rows, :, :3] * share + 255 * (255 - share) + 127) // 255
    return seen


def see_through(
    own: UInt8[np.ndarray, "h w 4"],
    edited: Photo,
    opacity: UInt8[np.ndarray, "h w"],
) -> UInt8[np.ndarray, "h w 4"]:
    """A transparent photo that was edited on white: bit for bit the same where nothing changed.

    Elsewhere its colours are those that look as edited on white.

    Args:
        own: the photo as it came.
        edited: what is seen of it on white.
        opacity: of the edited photo.
    """
    result, seen = own.copy(), on_white(own)
    for rows in _rows(own):
        changed = (edited[rows] != seen[rows]).any(2) | (opacity[rows] != own[rows, :, 3])
        share = opacity[rows][changed][:, None].astype(np.float32) / 255
        white = 255 * (1 - share)
        colours = (edited[rows][changed] - white) / np.maximum(share, 1 / 255)
        pixels = np.concatenate([colours, 255 * share], 1)
        result[rows][changed] = np.round(pixels).clip(0, 255).astype(np.uint8)
    return result


def _rows(photo: Sent) -> Iterator[slice]:
    for top in range(0, len(photo), ROWS):
        yield slice(top, top + ROWS)
