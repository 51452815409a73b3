"""What the browser says was drawn: checked before anything is done with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from drag import EditError
from drag.edit import MOST_POINTS
from editor.drawing import MOST_STROKE_POINTS, MOST_STROKES, Drawing, Point, Stroke

LARGEST = 1e5  # px; no picture is larger
CENTRAL_FACE = ((0.42, 0.42), (0.58, 0.42), (0.5, 0.6))  # marks where no face was found
NOTHING: dict[str, Any] = {
    "serial": 0, "drags": [], "strokes": [], "kind": "face", "marks": [[0, 0]] * 3,
    "box": [0, 0, 16],
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """What is on the canvas.

    Args:
        drawing: arrows and strokes on the face, px of the canvas.
        kind: whether the photo is cut by ``marks`` or by ``box``.
        marks: left eye, right eye and mouth, px of the photo.
        box: left, top and side of a square, px of the photo.
    """

    drawing: Drawing
    kind: str
    marks: tuple[Point, ...]
    box: tuple[float, float, float]


def read_drawn(value: object) -> Drawn:
    """What the browser sent.

    Raises:
        EditError: it is not a drawing, or one that is too large.
    """
    try:
        sent = cast(Mapping[str, Any], value)
        drags = tuple(_drag(drag) for drag in sent["drags"])
        strokes = tuple(_stroke(stroke) for stroke in sent["strokes"])
        marks = tuple(_point(mark) for mark in sent["marks"])
        left, top, side = map(_number, sent["box"])
        kind = str(sent["kind"])
    except (KeyError, TypeError, ValueError) as error:
        raise EditError("This drawing cannot be read: reload the page.") from error
    if len(drags) > MOST_POINTS:
        raise EditError(f"{len(drags)} arrows are too many: use at most {MOST_POINTS}.")
    points = sum(len(stroke.points) for stroke in strokes)
    if len(strokes) > MOST_STROKES or points > MOST_STROKE_POINTS:
        raise EditError("There is too much paint: clear it, and use a larger brush.")
    return Drawn(Drawing(drags, strokes), kind, marks, (left, top, side))


def _number(value: Any) -> float:
    number = float(value)
    if not isfinite(number) or abs(number) > LARGEST:
        raise ValueError("not a number of px")
    return number


def _point(value: Sequence[Any]) -> Point:
    x, y = value
    return _number(x), _number(y)


def _drag(value: Sequence[Any]) -> tuple[Point, Point]:
    hx, hy, tx, ty = map(_number, value)
    return (hx, hy), (tx, ty)


def _stroke(value: Mapping[str, Any]) -> Stroke:
    points = tuple(_point(point) for point in value["points"])
    if not points:
        raise ValueError("a stroke without points")
    return Stroke(points, max(0.5, _number(value["radius"])), bool(value["erase"]))


def write_drawn(drawn: Drawn, serial: int) -> dict[str, Any]:
    """The same for the browser, which takes it if its serial is new."""
    return {
        "serial": serial,
        "drags": [[*handle, *target] for handle, target in drawn.drawing.drags],
        "strokes": [
            {"radius": stroke.radius, "erase": stroke.erase, "points": [*map(list, stroke.points)]}
            for stroke in drawn.drawing.strokes
        ],
        "kind": drawn.kind,
        "marks": [list(mark) for mark in drawn.marks],
        "box": list(drawn.box),
    }
