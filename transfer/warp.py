"""What an edit does to a photo, and how it is done at the photo's own size."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from photo import Photo
from photo.crop import Crop, Quad, finer, strips

from .flow import Flow, Picture, compose, pixels, sample, warp

AROUND = 4  # px of it around what acts: so far do cubic interpolations reach
ACTS = 0.25  # px of the generator's picture: what moves further is part of an edit


@dataclass(frozen=True)
class Warp:
    """What an edit does to the photo inside the crop.

    Args:
        flow: px of the generator's picture, from after to before; 0 on the crop's rim.
        overlay: what covers the photo after the motion: RGB in grey levels, times the share (the
            last channel, 0 to 1) that it covers.
    """

    flow: Flow
    overlay: Float[np.ndarray, "r r 4"]

    @property
    def where(self) -> Bool[np.ndarray, "r r"]:
        """What it changes visibly."""
        return (np.abs(self.flow).max(2) > ACTS) | (self.overlay[..., 3] > 0.05)

    def towards(self, other: "Warp", share: float) -> "Warp":
        """So much of the way to another change: exactly these at 0 and 1."""
        pairs = ((self.flow, other.flow), (self.overlay, other.overlay))
        flow, overlay = ((1 - share) * start + share * end for start, end in pairs)
        return Warp(flow, overlay)

    @property
    def acts(self) -> bool:
        """Whether it does anything."""
        return bool(self.flow.any() or self.overlay.any())


def chain(first: Warp, then: Warp) -> Warp:
    """One warp after another as one, so that the photo's pixels are resampled only once."""
    before = warp(first.overlay, then.flow) * (1 - then.overlay[..., 3:])
    flow, overlay = compose(then.flow, first.flow), then.overlay + before
    return Warp(flow.astype(np.float32), overlay.astype(np.float32))


def render(photo: Photo, quad: Quad, change: Warp) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the edited photo, which of its pixels differ from the photo's own).

    ``quad`` holds the crop's corners in photo px. Nothing outside the crop changes.
    """
    result, where = photo.copy(), np.zeros(photo.shape[:2], bool)
    if not change.acts:
        return result, where
    crop, change = _tight(Crop(quad, len(change.flow)), change)
    flow, overlay = finer(crop.motion_to_photo(change.flow)), finer(change.overlay)
    for part in strips(crop.part(photo)):
        shift, over = crop.spread(flow, part), crop.spread(overlay, part)
        places = pixels(*shift.shape[:2])
        places += np.array([part[1].start, part[0].start], np.float32) + shift
        moved = sample(photo, places, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101)
        share = over[..., 3:].clip(0, 1)
        made = np.clip(np.round((1 - share) * moved + over[..., :3]), 0, 255).astype(np.uint8)
        further = np.maximum(np.abs(shift[..., 0]), np.abs(shift[..., 1]))
        edited = (further > 0.02) | (share[..., 0] > 1 / 512)
        result[part] = np.where(edited[..., None], made, photo[part])
        differs = result[part] != photo[part]
        where[part] = differs[..., 0] | differs[..., 1] | differs[..., 2]
    return result, where


def _tight(crop: Crop, change: Warp) -> tuple[Crop, Warp]:
    """The part of a crop where a change acts, with some px around it, as a crop of its own."""
    acts = (change.flow != 0).any(2) | (change.overlay[..., 3] != 0)
    ends = [np.flatnonzero(acts.any(axis))[[0, -1]] for axis in (0, 1)]
    first, last = np.array(ends).T
    low, high = first - AROUND, last + AROUND + 1
    side = min(crop.side, int((high - low).max()))
    x, y = low.clip(0, crop.side - side).tolist()
    corners = np.array([[x, y], [x, y + side], [x + side, y + side], [x + side, y]]) - 0.5
    part = np.s_[y : y + side, x : x + side]
    return Crop(crop.to_photo(corners), side), Warp(change.flow[part], change.overlay[part])


def paste(photo: Photo, quad: Quad, acts: Bool[np.ndarray, "s s"], picture: Picture) -> Photo:
    """The photo with the generator's picture of the crop where a change acts, feathered."""
    side = len(acts)
    crop, result = Crop(quad, side), photo.copy()
    wide = cv2.dilate(acts.astype(np.float32), np.ones((side // 16 + 1,) * 2))
    shares, shown = finer(cv2.GaussianBlur(wide, (0, 0), side / 64)), finer(picture)
    for part in strips(crop.part(photo)):
        share = crop.spread(shares, part)[..., None]
        made = crop.spread(shown, part).clip(0, 255)
        mixed = np.round(photo[part] + share * (made - photo[part])).astype(np.uint8)
        result[part] = np.where(share > 1 / 512, mixed, photo[part])
    return result
