"""What a person draws on a picture: drags, and strokes that say what may move.

One schema for the canvas, the HTTP API and the session's file, which check nothing themselves.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import cv2
import numpy as np
import torch
from jaxtyping import Bool
from pydantic import (
    AfterValidator,
    BeforeValidator,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from drag import Edit, EditError
from drag.edit import MOST_POINTS

SHIFT = 4  # OpenCV draws at 1 / 16 px
MOST_STROKES = 200
MOST_STROKE_POINTS = 20_000  # of all strokes together
FARTHEST = 1e6  # px, of anything that is drawn: no photo of 100 megapixels is wider
NO_DRAWING = "This drawing cannot be read: reload the page."
TOO_MUCH = "There is too much paint: clear it, and use a larger brush."

Number = Annotated[float, Field(strict=True, ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]
"""Px; no text, no truth value, no NaN is one."""
Point = tuple[Number, Number]
T = TypeVar("T")


def _paired(drag: Any) -> Any:
    """[hx, hy, tx, ty] as ((hx, hy), (tx, ty)); anything else as it is."""
    flat = isinstance(drag, list | tuple) and len(drag) == 4
    return (drag[:2], drag[2:]) if flat else drag


@dataclass(frozen=True)
class Stroke:
    """A line of a round brush: ``points`` are (x, y), ``radius`` is in the same px."""

    points: Annotated[tuple[Point, ...], Field(min_length=1), FailFast()]
    radius: Annotated[Number, Field(ge=0)]
    erase: Annotated[bool, Field(strict=True)] = False


def _few(strokes: tuple[Stroke, ...]) -> tuple[Stroke, ...]:
    points = sum(len(stroke.points) for stroke in strokes)
    if points > MOST_STROKE_POINTS:
        many = {"actual_length": points, "max_length": MOST_STROKE_POINTS}
        raise PydanticCustomError("too_long", "too many points", many)
    return strokes


Drag = Annotated[tuple[Point, Point], BeforeValidator(_paired)]
Strokes = Annotated[
    tuple[Stroke, ...], Field(max_length=MOST_STROKES), FailFast(), AfterValidator(_few)
]


@dataclass(frozen=True)
class Drawing:
    """Drags as (handle, target), and strokes in the order in which they were made.

    Coordinates are px of the square picture that is drawn on.

    Raises:
        ValidationError, which is a ValueError: it is more than can be dragged and saved, or beyond
            any picture.
    """

    drags: Annotated[tuple[Drag, ...], Field(max_length=MOST_POINTS), FailFast()] = ()
    strokes: Strokes = ()

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, sent: Any) -> Any:
        if isinstance(sent, dict) and not {"drags", "strokes"} <= sent.keys():
            raise ValueError("drags and strokes")  # only code may leave them out
        return sent

    def edit(self, side: int) -> Edit:
        """The edit that is asked for, in px of the picture of ``side`` px.

        Raises:
            EditError: there is nothing to drag, or a point or the mask does not fit.
        """
        mask = painted(self.strokes, side)
        movable = None if mask is None else torch.from_numpy(mask)
        return Edit.between((side, side), self.drags, movable)


DRAWING = TypeAdapter(Drawing)


def parsed(schema: Callable[[object], T], sent: object) -> T:
    """What a browser says was drawn, by a schema's ``validate_python``.

    Raises:
        EditError: it is no drawing, or too large.
    """
    try:
        return schema(sent)
    except ValidationError as error:
        part, many, _ = wrong(error)
        if not many:
            raise EditError(NO_DRAWING) from None
        if part == "strokes":
            raise EditError(TOO_MUCH) from None
        raise EditError(f"{many} arrows are too many: use at most {MOST_POINTS}.") from None


def wrong(error: ValidationError) -> tuple[str, int, int]:
    """("drags", "strokes" or neither; how many of at most so many, 0 where it is not that)."""
    (first, *_) = error.errors()
    where, lengths = first["loc"], first.get("ctx", {})
    part = next((part for part in ("drags", "strokes") if part in where), "")
    if first["type"] != "too_long" or where[-1] != part:
        return part, 0, 0
    return part, lengths["actual_length"], lengths["max_length"]


def painted(strokes: Sequence[Stroke], side: int) -> Bool[np.ndarray, "side side"] | None:
    """True where the picture may move; None, which is everywhere, without strokes.

    Where nothing was painted, only erased, all but what was erased may move.
    """
    if not strokes:
        return None
    mask = np.full((side, side), all(stroke.erase for stroke in strokes), np.uint8)
    for stroke in strokes:
        # What is far away would only cost time.
        points, radius = np.clip(stroke.points, -side, 2 * side), min(stroke.radius, 3 * side)
        places = np.round(points.reshape(-1, 1, 2) * 2**SHIFT).astype(np.int32)
        value, width = (0 if stroke.erase else 1), max(1, round(2 * radius))
        cv2.polylines(mask, [places], False, value, width, cv2.LINE_8, SHIFT)
        for place in places[[0, -1], 0]:
            centre = int(place[0]), int(place[1])
            cv2.circle(mask, centre, round(radius * 2**SHIFT), value, -1, cv2.LINE_8, SHIFT)
    return mask.astype(bool)
