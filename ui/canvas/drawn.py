"""What the browser says was drawn: checked before anything is done with it."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from editor.drawing import Drawing, Number, Point, parsed

CENTRAL_FACE = ((0.42, 0.42), (0.58, 0.42), (0.5, 0.6))  # marks where no face was found
NOTHING: dict[str, Any] = {
    "serial": 0, "drags": [], "strokes": [], "kind": "face", "marks": [[0, 0]] * 3,
    "box": [0, 0, 16],
}  # fmt: skip


@dataclass(frozen=True)
class CanvasState:
    """What is on the canvas.

    Args:
        drawing: arrows and strokes on the face, px of the canvas.
        kind: whether the photo is cut by ``marks`` or by ``box``.
        marks: left eye, right eye and mouth, px of the photo.
        box: left, top and side of a square, px of the photo.
    """

    drawing: Drawing
    kind: Literal["face", "box"]
    marks: Annotated[tuple[Point, ...], Field(max_length=3)]
    box: tuple[Number, Number, Number]


SCHEMA = TypeAdapter(CanvasState)


def read_drawn(value: object) -> CanvasState:
    """What the browser sent, see ``write_drawn``.

    Raises:
        EditError: it is not a drawing, or one that is too large.
    """
    beside = value if isinstance(value, dict) else {}
    return parsed(SCHEMA.validate_python, {**beside, "drawing": value})


def write_drawn(drawn: CanvasState, serial: int) -> dict[str, Any]:
    """The same for the browser, which takes it if its serial is new."""
    sent = SCHEMA.dump_python(drawn, mode="json")
    drawing = sent.pop("drawing")
    drags = [[*handle, *target] for handle, target in drawing["drags"]]
    return {"serial": serial, **sent, **drawing, "drags": drags}
