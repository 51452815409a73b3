"""What a person draws on a picture: drags, and strokes that say what may move."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool

from drag import Edit

Point = tuple[float, float]
SHIFT = 4  # OpenCV draws at 1 / 16 px
MOST_STROKES = 200
MOST_STROKE_POINTS = 20_000  # of all strokes together


@dataclass(frozen=True)
class Stroke:
    """A line of a round brush: ``points`` are (x, y), ``radius`` is in the same px."""

    points: tuple[Point, ...]
    radius: float
    erase: bool = False


@dataclass(frozen=True)
class Drawing:
    """Drags as (handle, target), and strokes in the order in which they were made.

    Coordinates are px of the square picture that is drawn on.
    """

    drags: tuple[tuple[Point, Point], ...] = ()
    strokes: tuple[Stroke, ...] = ()

    def edit(self, side: int) -> Edit:
        """The edit that is asked for, in px of the picture of ``side`` px.

        Raises:
            EditError: there is nothing to drag, or a point or the mask does not fit.
        """
        mask = painted(self.strokes, side)
        movable = None if mask is None else torch.from_numpy(mask)
        return Edit.between((side, side), self.drags, movable)


def painted(strokes: Sequence[Stroke], side: int) -> Bool[np.ndarray, "side side"] | None:
    """True where the picture may move; None, which is everywhere, without strokes.

    Where nothing was painted, only erased, all but what was erased may move.
    """
    if not strokes:
        return None
    mask = np.full((side, side), all(stroke.erase for stroke in strokes), np.uint8)
    for stroke in strokes:
        places = np.round(np.array(stroke.points).reshape(-1, 1, 2) * 2**SHIFT).astype(np.int32)
        value, width = (0 if stroke.erase else 1), max(1, round(2 * stroke.radius))
        cv2.polylines(mask, [places], False, value, width, cv2.LINE_8, SHIFT)
        for place in places[[0, -1], 0]:
            centre = int(place[0]), int(place[1])
            cv2.circle(mask, centre, round(stroke.radius * 2**SHIFT), value, -1, cv2.LINE_8, SHIFT)
    return mask.astype(bool)
