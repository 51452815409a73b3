"""What is behind a person in a photo, and where exactly the person ends."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from photo import Photo, nets
from photo.crop import Crop
from stylegan import to_uint8

from .flow import pixels, sample
from .layers import nearest, smooth

EDGE = 0.03  # of the matte from which a pixel may hold some of the person
GUIDE, EPSILON = 8, 2e-4  # radius in px, and contrast, of what the matte's edge follows
FILL_SIDE = 384  # px of the wide crop in which the background is filled
SMOOTH = 6.0  # of these px: the edge is rough, its mirror image is not to be
MIRRORED = 40  # of these px from the edge of what is seen, up to which its mirror image is shown
WIDER = 5  # px of the crop by which the head's layer reaches beyond the matte


@dataclass(frozen=True)
class Backdrop:
    """What is behind the head, over the wide crop.

    Args:
        person: how much of each pixel is person, in 255ths.
        behind: RGB: what may be there, where it is hidden.
    """

    person: UInt8[np.ndarray, "g g"]
    behind: UInt8[np.ndarray, "f f 3"]

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return self.person.nbytes + self.behind.nbytes

    def of(self, photo: Photo, wide: Crop) -> "Backdrop":
        """The same person before what another photo of the same size shows."""
        return replace(self, behind=behind(photo, wide.at(len(self.person)), self.person))

    @staticmethod
    def left(
        person: Float32[np.ndarray, "h w"],
        over: Float32[np.ndarray, "h w"],
        moves: Float32[np.ndarray, "h w"],
    ) -> Float32[np.ndarray, "h w"]:
        """How far each pixel is what is behind, below the head that covers it so far now.

        Where the head moves nothing of it stays in its place; where it does not, nothing new comes.
        """
        share = (person - over).clip(0) / np.maximum(person, EDGE)
        share += moves * (person - share).clip(0)
        return np.where(person > EDGE, share, 0).astype(np.float32)


def backdrop(photo: Photo, wide: Crop) -> Backdrop:
    """What is behind the person in the wide crop of a photo."""
    person = matte(photo, wide)
    return Backdrop(person, behind(photo, wide, person))


def matte(photo: Photo, wide: Crop) -> UInt8[np.ndarray, "g g"]:
    """How much of each pixel of the wide crop is person, its edge refined by what is seen there."""
    grid, shown = wide.side, to_uint8(wide.cut(photo))
    light = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    person = cv2.resize(nets.matte(photo, wide.quad), (grid, grid), interpolation=cv2.INTER_CUBIC)
    person = _guided(light, person.astype(np.float32)).clip(0, 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDER + 1,) * 2)
    person = cv2.GaussianBlur(cv2.dilate(person, disc), (0, 0), WIDER / 2)
    return np.round(255 * person.clip(0, 1)).astype(np.uint8)


def behind(
    photo: Photo, wide: Crop, person: UInt8[np.ndarray, "g g"]
) -> UInt8[np.ndarray, "f f 3"]:
    """What may be where the person is, filled in a small picture of the wide crop."""
    size = (FILL_SIDE, FILL_SIDE)
    shown = to_uint8(wide.cut(photo))
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    edge = (person > 255 * EDGE).astype(np.float32)
    hidden = cv2.resize(edge, size, interpolation=cv2.INTER_AREA) > 0
    return filled(small, ~hidden).clip(0, 255).astype(np.uint8)


def filled(
    colours: Float32[np.ndarray, "f f 3"], there: Bool[np.ndarray, "f f"]
) -> Float32[np.ndarray, "f f 3"]:
    """Near the edge of what is there its mirror image, further in the colours around, softly."""
    around = _spread(colours, there.astype(np.float32))
    if not there.any():
        return around
    edge, away = nearest(there)
    even = np.minimum(1, away / (2 * SMOOTH))[..., None]
    edge += even * (cv2.GaussianBlur(edge, (0, 0), SMOOTH) - edge)
    mirrored = 2 * edge - pixels(*there.shape)
    inside = sample(there.astype(np.float32), mirrored, border=cv2.BORDER_CONSTANT)
    kept = cv2.GaussianBlur(inside * (1 - smooth(away / MIRRORED)), (0, 0), 1.0)[..., None]
    image = cv2.GaussianBlur(sample(colours, mirrored, border=cv2.BORDER_REPLICATE), (0, 0), 0.7)
    return np.where(there[..., None], colours, around + kept * (image - around))


def _spread(
    colours: Float32[np.ndarray, "h w 3"], known: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w 3"]:
    """The colours where they are known, else means of those around (pull-push: Gortler 1996)."""
    share = known[..., None]
    if min(known.shape) < 2:
        return np.full_like(colours, (share * colours).sum((0, 1)) / max(1e-6, float(share.sum())))
    half = (known.shape[1] // 2, known.shape[0] // 2)
    weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    total = cv2.resize(share * colours, half, interpolation=cv2.INTER_AREA)
    below = _spread(total / np.maximum(weight, 1e-6)[..., None], np.minimum(1, 4 * weight))
    wide = cv2.resize(below, known.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return share * colours + (1 - share) * wide


def _guided(guide: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Guided image filter (He et al. 2010, eq. 5, 6 and 8)."""

    def mean(of: np.ndarray) -> np.ndarray:
        return cv2.blur(of, (2 * GUIDE + 1, 2 * GUIDE + 1))

    middle, level = mean(guide), mean(wanted)
    slope = (mean(guide * wanted) - middle * level) / (mean(guide * guide) - middle**2 + EPSILON)
    return mean(slope) * guide + mean(level - slope * middle)


NO_BACKDROP = Backdrop(np.zeros((1, 1), np.uint8), np.zeros((1, 1, 3), np.uint8))
"""Where nothing is painted."""
