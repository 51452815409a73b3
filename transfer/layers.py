"""Pictures that are laid over a part of a photo."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

from .flow import pixels


@dataclass(frozen=True)
class Layer:
    """A picture over a part of the photo.

    Args:
        corner: (x, y) of its first pixel in the photo.
        colours: RGB in grey levels.
        share: of each pixel that it covers.
    """

    corner: tuple[int, int]
    colours: Float32[np.ndarray, "h w 3"]
    share: Float32[np.ndarray, "h w"]

    def onto(self, result: UInt8[np.ndarray, "a b 3"], origin: np.ndarray) -> None:
        """Draw it on a part of the photo whose first pixel is ``origin``."""
        x, y = (int(v) for v in np.array(self.corner) - origin)
        height, width = self.share.shape
        rows = slice(max(0, y), min(len(result), y + height))
        columns = slice(max(0, x), min(result.shape[1], x + width))
        own = slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        below, share = result[rows, columns].astype(np.float32), self.share[own][..., None]
        mixed = below + share * (self.colours[own] - below)
        result[rows, columns] = np.clip(np.round(mixed), 0, 255)


def around(
    points: Float[np.ndarray, "n 2"], margin: float
) -> tuple[Int[np.ndarray, "2"], Float32[np.ndarray, "h w 2"]]:
    """(the first pixel of a box around points, (x, y) of all its pixels)."""
    low = np.floor(points.min(0) - margin).astype(np.int64)
    width, height = (np.ceil(points.max(0) + margin).astype(np.int64) + 1 - low).tolist()
    return low, pixels(height, width) + low.astype(np.float32)


def polygon(points: Float[np.ndarray, "n 2"], size: tuple[int, int], soft: float) -> np.ndarray:
    """1 inside, 0 outside, its edge smooth; ``soft`` px wide."""
    shown = np.zeros(size, np.float32)
    cv2.fillPoly(shown, [np.round(points * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    return cv2.GaussianBlur(shown, (0, 0), soft) if soft else shown


def smooth(t: np.ndarray) -> np.ndarray:
    """0 to 1 as t goes from 0 to 1, slow at both ends."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def nearest(
    there: Bool[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "h w 2"], Float32[np.ndarray, "h w"]]:
    """((x, y) of the nearest pixel that is there, how far that is) for each; one has to be."""
    away, labels = cv2.distanceTransformWithLabels(
        (~there).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    own, number = pixels(*there.shape), np.asarray(labels).astype(np.int64)
    places = np.zeros((int(number.max()) + 1, 2), np.float32)
    places[number[there]] = own[there]
    return places[number], np.asarray(away)
