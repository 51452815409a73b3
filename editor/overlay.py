"""Points, arrows and mask drawn on a picture: numpy in, numpy out."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

Picture = UInt8[np.ndarray, "h w 3"]
Point = tuple[float, float]

HANDLE, TARGET, ARROW = (225, 29, 72), (37, 99, 235), (255, 255, 255)
SHIFT = 4  # OpenCV draws at 1 / 16 px


def draw(
    picture: Picture, clicks: Sequence[Point], mask: Bool[np.ndarray, "h w"] | None
) -> Picture:
    """A copy with handles (filled), targets (rings), arrows between them, and what is fixed dimmed.

    ``clicks`` are (x, y) in px of the picture: handle, target, handle, target, ...
    """
    canvas = picture.copy()
    if mask is not None:
        canvas[~mask] = canvas[~mask] // 2 + 64
    size = _size(canvas)
    for handle, target in zip(clicks[::2], clicks[1::2], strict=False):
        ends = (round(handle[0]), round(handle[1])), (round(target[0]), round(target[1]))
        cv2.arrowedLine(canvas, *ends, (0, 0, 0), size // 2 + 2, cv2.LINE_AA, tipLength=0.25)
        cv2.arrowedLine(canvas, *ends, ARROW, size // 2, cv2.LINE_AA, tipLength=0.25)
    for index, point in enumerate(clicks):
        _dot(canvas, point, size, HANDLE if index % 2 == 0 else TARGET, filled=index % 2 == 0)
    return canvas


def draw_dots(picture: Picture, places: Sequence[Point]) -> Picture:
    """A copy with a dot at each place (x, y)."""
    canvas = picture.copy()
    for place in places:
        _dot(canvas, place, _size(canvas), HANDLE, filled=True)
    return canvas


def _size(canvas: Picture) -> int:
    return max(4, round(min(canvas.shape[:2]) / 70))


def _dot(
    canvas: Picture, point: Point, size: int, colour: tuple[int, int, int], filled: bool
) -> None:
    centre = round(point[0] * 2**SHIFT), round(point[1] * 2**SHIFT)
    radius = size << SHIFT
    cv2.circle(canvas, centre, radius, (255, 255, 255), size // 2 + 2, cv2.LINE_AA, SHIFT)
    width = cv2.FILLED if filled else max(2, size // 2)
    cv2.circle(canvas, centre, radius, colour, width, cv2.LINE_AA, SHIFT)


def enlarge(picture: Picture, side: int) -> Picture:
    """A square picture at another size, smooth."""
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
