"""The generator gives the motion, the photo gives the pixels.

A small generator's picture is a soft portrait of somebody similar. How it *moves* when a point is
dragged carries over; its pixels do not. So the motion between its pictures before and after is
measured, cleaned, and applied to the photo at the photo's own size. Only where something comes to
light that the photo cannot show (an opened mouth) is the generator's own change added.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from .align import Quad as Quad
from .align import to_crop as to_crop
from .flow import Flow, Picture, at, follow, pick
from .photo import Photo

FINE = 2048  # px, but at most 8 times finer: OpenCV reads fields at 1 / 32 of their cells
ACTS = 0.25  # px of the generator's picture: what moves further is part of an edit


@dataclass(frozen=True)
class Change:
    """What an edit does to the photo inside the crop.

    Args:
        flow: px of the generator's picture, from after to before; 0 on the crop's rim.
        paint: what covers the photo after the motion: RGB in grey levels, times the share (the
            last channel, 0 to 1) that it covers.
    """

    flow: Flow
    paint: Float[np.ndarray, "r r 4"]

    @property
    def acts(self) -> bool:
        """Whether it does anything."""
        return bool(self.flow.any() or self.paint.any())


def chain(first: Change, then: Change) -> Change:
    """One change after another, so that the photo's pixels are moved only once."""
    before = at(first.paint, then.flow) * (1 - then.paint[..., 3:])
    flow, paint = follow(then.flow, first.flow), then.paint + before
    return Change(flow.astype(np.float32), paint.astype(np.float32))


def render(photo: Photo, quad: Quad, change: Change) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the edited photo, which of its pixels differ from the photo's own).

    ``quad`` holds the crop's corners in photo px. Nothing outside the crop changes.
    """
    part = _part(photo, quad)
    result, where = photo.copy(), np.zeros(photo.shape[:2], bool)
    to_photo = np.linalg.inv(to_crop(quad, len(change.flow)))[:2, :2]
    shift = _spread(change.flow @ to_photo.T, quad, part)
    paint = _spread(change.paint, quad, part)
    y, x = np.mgrid[part].astype(np.float32)
    moved = pick(photo, np.stack([x, y], -1) + shift, cv2.INTER_CUBIC)
    share = paint[..., 3:].clip(0, 1)
    made = np.clip(np.round((1 - share) * moved + paint[..., :3]), 0, 255).astype(np.uint8)
    edited = (np.abs(shift).max(2) > 0.02) | (share[..., 0] > 1 / 512)
    result[part] = np.where(edited[..., None], made, photo[part])
    where[part] = (result[part] != photo[part]).any(2)
    return result, where


def paste(photo: Photo, quad: Quad, change: Change, picture: Picture) -> Photo:
    """The photo with the generator's picture of the crop where the change acts, feathered."""
    part, side = _part(photo, quad), len(change.flow)
    acts = (np.abs(change.flow).max(2) > ACTS) | (change.paint[..., 3] > 0.05)
    wide = cv2.dilate(acts.astype(np.float32), np.ones((side // 16 + 1,) * 2))
    share = _spread(cv2.GaussianBlur(wide, (0, 0), side / 64)[..., None], quad, part)[..., None]
    made = _spread(picture, quad, part).clip(0, 255)
    result = photo.copy()
    mixed = np.round(photo[part] + share * (made - photo[part])).astype(np.uint8)
    result[part] = np.where(share > 1 / 512, mixed, photo[part])
    return result


def _part(photo: Photo, quad: Quad) -> tuple[slice, slice]:
    """The rows and columns of the photo that the crop touches."""
    height, width = photo.shape[:2]
    left, top = np.floor(quad.min(0)).astype(int).clip(0, None)
    right, bottom = np.ceil(quad.max(0)).astype(int) + 1
    return slice(top, min(bottom, height)), slice(left, min(right, width))


def _spread(field: np.ndarray, quad: Quad, part: tuple[slice, slice]) -> np.ndarray:
    """A field of the crop at the photo's pixels in this part; 0 outside the crop."""
    rows, columns = part
    size = columns.stop - columns.start, rows.stop - rows.start
    side = len(field) * min(8, max(1, FINE // len(field)))
    fine = cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    place = np.array([[1, 0, columns.start], [0, 1, rows.start], [0, 0, 1]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(fine, to_crop(quad, side) @ place, size, flags=flags)


def cut_mask(mask: Bool[np.ndarray, "h w"], quad: Quad, side: int) -> Bool[np.ndarray, "side side"]:
    """A mask of the photo inside the crop, in px of the crop."""
    grey = mask.astype(np.uint8) * 255
    warped = cv2.warpPerspective(grey, to_crop(quad, side), (side, side), flags=cv2.INTER_LINEAR)
    return warped > 127


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (x, y) through a 3x3 matrix."""
    if points.size == 0:
        return points.astype(np.float64)
    flat = points.reshape(-1, 1, 2).astype(np.float64)
    return cv2.perspectiveTransform(flat, matrix).reshape(points.shape)
