"""What an edit does to a photo, and how it is done at the photo's own size."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from photo import Photo
from photo.crop import Crop, Quad, finer, strips

from .flow import Flow, Picture, compose, pixels, sample, warp

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
    crop = Crop(quad, len(change.flow))
    result, where = photo.copy(), np.zeros(photo.shape[:2], bool)
    if not change.acts:
        return result, where
    flow, overlay = finer(crop.motion_to_photo(change.flow)), finer(change.overlay)
    for part in strips(crop.part(photo)):
        shift, over = crop.spread(flow, part), crop.spread(overlay, part)
        places = pixels(*shift.shape[:2])
        places += np.array([part[1].start, part[0].start], np.float32) + shift
        moved = sample(photo, places, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101)
        share = over[..., 3:].clip(0, 1)
        made = np.clip(np.round((1 - share) * moved + over[..., :3]), 0, 255).astype(np.uint8)
        edited = (np.abs(shift).max(2) > 0.02) | (share[..., 0] > 1 / 512)
        result[part] = np.where(edited[..., None], made, photo[part])
        where[part] = (result[part] != photo[part]).any(2)
    return result, where


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
