"""What is behind a person in a photo, and where exactly the person ends."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from photo import Photo, nets
from photo.crop import Crop
from stylegan import to_uint8

EDGE = 0.03  # of the matte from which a pixel may hold some of the person
GUIDE, EPSILON = 8, 2e-4  # radius in px, and contrast, of what the matte's edge follows
FILL_SIDE = 192  # px of the wide crop in which the background is filled
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

    @staticmethod
    def left(
        person: Float32[np.ndarray, "h w"], over: Float32[np.ndarray, "h w"]
    ) -> Float32[np.ndarray, "h w"]:
        """How far each pixel was left by the person, who covers it so far now."""
        share = (person - over).clip(0) / np.maximum(person, EDGE)
        return np.where(person > EDGE, share, 0).astype(np.float32)


def backdrop(photo: Photo, wide: Crop) -> Backdrop:
    """From the matte of the wide crop, its edge refined by what the photo shows there.

    What the person hides is filled in a small picture (Telea 2004): structure goes on, softly.
    """
    grid, shown = wide.side, to_uint8(wide.cut(photo))
    light = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    person = cv2.resize(nets.matte(photo, wide.quad), (grid, grid), interpolation=cv2.INTER_CUBIC)
    person = _guided(light, person.astype(np.float32)).clip(0, 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDER + 1,) * 2)
    person = cv2.GaussianBlur(cv2.dilate(person, disc), (0, 0), WIDER / 2)
    size = (FILL_SIDE, FILL_SIDE)
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize((person > EDGE).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    filled = cv2.inpaint(small, hidden.astype(np.uint8), 4, cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(filled, (0, 0), 1.5)
    filled = np.where(hidden[..., None], soft, filled).astype(np.uint8)
    return Backdrop(np.round(255 * person.clip(0, 1)).astype(np.uint8), filled)


def _guided(guide: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Guided image filter (He et al. 2010, eq. 5, 6 and 8)."""

    def mean(of: np.ndarray) -> np.ndarray:
        return cv2.blur(of, (2 * GUIDE + 1, 2 * GUIDE + 1))

    middle, level = mean(guide), mean(wanted)
    slope = (mean(guide * wanted) - middle * level) / (mean(guide * guide) - middle**2 + EPSILON)
    return mean(slope) * guide + mean(level - slope * middle)


NO_BACKDROP = Backdrop(np.zeros((1, 1), np.uint8), np.zeros((1, 1, 3), np.uint8))
"""Where nothing is painted."""
