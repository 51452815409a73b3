"""What a request of the HTTP API asks for: checked, since anybody may send anything."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from drag import EditError
from editor.controls import checked
from editor.dragger import check_places
from editor.drawing import DRAWING, FARTHEST, Drawing, Point, Stroke, wrong
from editor.elastic import Elastic
from editor.engine import Engine, default_crop
from editor.fitter import inside
from editor.search import NAMED, Search
from editor.session import Session
from editor.session_file import Facts
from editor.view import VIEW_SIDE
from photo import PhotoError, Sent, read_photo
from photo.align import face_quad
from photo.crop import Crop, Quad
from photo.domain import Domain

from ..door.uploads import UPLOADS, Upload
from ..page.settings import LIMITS, WORDS

MARKS = "Mark both eyes and the mouth as three points [x, y] in px of the photo, or leave it out."
DRAGS = "Give each drag as four numbers in px of the photo: [from x, from y, to x, to y]."
STROKES = 'Give each stroke as {"radius": r, "erase": false, "points": [[x, y], ...]} in px.'
HOW = "In how are: preset, space, rate, radius, search, mask_weight, mask_form, algorithm."
ASKED = {"preset", "space", "rate", *NAMED} - {"steps"}
CONTROLS = 'Give controls as {"name": value, ...}, such as {"smile": 0.5}.'
AT = "Say where the face is as [x, y] in px of the photo, or leave it out."
PLACES = TypeAdapter(Annotated[list[Point], Field(max_length=3)])


class RequestError(EditError):
    """A request that is not as documented; the text is for the person who wrote it."""


def photo(upload: Any) -> Sent:
    """The uploaded photo; its file is gone afterwards.

    Raises:
        RequestError, PhotoError: there is none, or it cannot be used.
    """
    with _file(upload) as file:
        return read_photo(file)


def session(upload: Any, engine: Engine | Elastic) -> tuple[Session, Facts]:
    """The uploaded session and its facts; the upload's file is gone afterwards.

    Raises:
        RequestError, SessionError: there is none, or it cannot be used with this model.
    """
    with _file(upload) as file:
        return engine.reopen(file)


def quad(picture: Sent, marks: Any, at: Any, domain: Domain) -> Quad:
    """The face that is marked, or that at a point, or else what is usual for the model.

    Raises:
        RequestError, PhotoError: the marks are none, or there is no face.
    """
    if marks is None:
        where = None if at is None else _places([at], 1, picture, AT)[0]
        default = default_crop(picture, domain, where)
        if default is None:
            raise PhotoError(f"No face was found. {MARKS}")
        return default
    if domain != "face":
        raise RequestError("Eyes and mouth are for models of faces: leave them out with this one.")
    return inside(face_quad(np.array(_places(marks, 3, picture, MARKS))), picture)


def _places(sent: Any, count: int, picture: Sent, complaint: str) -> list[tuple[float, float]]:
    """So many points of the photo."""
    try:
        points = PLACES.validate_python(sent)
    except ValidationError:
        raise RequestError(complaint) from None
    height, width = picture.shape[:2]
    inside = all(-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5 for x, y in points)
    if len(points) != count or not inside:
        raise RequestError(complaint)
    return points


def drawing(quad: Quad, drags: Any, strokes: Any) -> Drawing:
    """Drags and strokes in px of the photo, as a drawing on the canvas.

    Raises:
        RequestError, EditError: they are none, too many, or outside the fitted part.
    """
    sent, crop = _sent(drags, [] if strokes is None else strokes), Crop(quad, VIEW_SIDE)
    pairs = crop.from_photo(np.array(sent.drags).reshape(-1, 2)).reshape(-1, 2, 2)
    check_places((pairs[:, 0], pairs[:, 1]), VIEW_SIDE)
    return DRAWING.validate_python(
        {"drags": pairs.tolist(), "strokes": [_stroke(stroke, crop) for stroke in sent.strokes]}
    )


def _sent(drags: Any, strokes: Any) -> Drawing:
    try:
        return DRAWING.validate_python({"drags": drags, "strokes": strokes})
    except ValidationError as error:
        part, many, most = wrong(error)
        complaint = STROKES if part == "strokes" else DRAGS
        excess = f"{many} are too many: at most {most}. " if many else ""
        raise RequestError(excess + complaint) from None


def _stroke(stroke: Stroke, crop: Crop) -> dict[str, Any]:
    radius = stroke.radius / crop.photo_px
    if not 0 < radius <= VIEW_SIDE:
        raise RequestError(STROKES)
    points = crop.from_photo(np.array(stroke.points)).clip(-FARTHEST, FARTHEST)
    return {"points": points.tolist(), "radius": radius, "erase": stroke.erase}


def search(sent: Any, engine: Engine | Elastic) -> Search:
    """How to drag, from what is asked for by name; the rest as the preset has it.

    Raises:
        RequestError: there is no such name, or it cannot say that.
    """
    if sent is not None and not (isinstance(sent, dict) and sent.keys() <= ASKED):
        raise RequestError(HOW)
    named: dict[str, Any] = {
        name: one_of(value, WORDS[name], name)
        if name in WORDS
        else number(value, *LIMITS[name][:2], name)
        for name, value in (sent or {}).items()
    }
    return engine.search(named.pop("preset", "model")).changed(**named)


def controls(sent: Any) -> dict[str, float]:
    """Values of the face's controls, by name.

    Raises:
        RequestError, EditError: they are none, or beyond their ranges.
    """
    if sent is not None and not isinstance(sent, dict):
        raise RequestError(CONTROLS)
    return checked(sent or {})


def whole(value: Any, low: int, high: int, name: str) -> int:
    """A whole number within these limits.

    Raises:
        RequestError: it is none.
    """
    if type(value) is not int or not low <= value <= high:
        raise RequestError(f"{name} is a whole number from {low} to {high}.")
    return value


def one_of(value: Any, allowed: Iterable[str], name: str) -> str:
    """One of these words.

    Raises:
        RequestError: it is none.
    """
    words = tuple(allowed)
    if value not in words:
        raise RequestError(f"{name} is one of: {', '.join(words)}.")
    return str(value)


def number(value: Any, low: float, high: float, name: str) -> float:
    """A number within these limits.

    Raises:
        RequestError: it is none.
    """
    if type(value) not in (int, float) or not low <= value <= high:
        raise RequestError(f"{name} is a number from {low:g} to {high:g}.")
    return float(value)


def _file(upload: Any) -> Upload:
    """The file of an upload. The door has admitted it for the address that asks."""
    if not isinstance(upload, dict):
        raise RequestError("Send a file: upload it first, as Gradio's clients do.")
    return UPLOADS.admit(upload.get("path"), None)
