"""What a request of the HTTP API asks for: checked, since anybody may send anything."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from gradio.utils import get_upload_folder

from drag import EditError
from drag.edit import MOST_POINTS
from editor.drawing import MOST_STROKE_POINTS, MOST_STROKES, Drawing, Point, Stroke
from editor.engine import Engine
from editor.faces import usual
from editor.opening import open_session
from editor.output import Picture
from editor.saved import Facts
from editor.session import Session
from editor.view import VIEW_SIDE
from inversion import Domain, PhotoError, face_quad, read_photo
from inversion.transfer import Quad, project, to_crop

IS_FILE = {"_type": "gradio.FileData"}
MARKS = "Mark both eyes and the mouth as three points [x, y] in px of the photo, or leave it out."
DRAGS = "Give each drag as four numbers in px of the photo: [from x, from y, to x, to y]."
STROKES = 'Give each stroke as {"radius": r, "erase": false, "points": [[x, y], ...]} in px.'


class RequestError(EditError):
    """A request that is not as documented; the text is for the person who wrote it."""


def photo(upload: Any) -> Picture:
    """The uploaded photo; its file is gone afterwards.

    Raises:
        RequestError, PhotoError: there is none, or it cannot be used.
    """
    file = _file(upload)
    try:
        return read_photo(file)
    finally:
        _forget(file)


def session(upload: Any, engine: Engine) -> tuple[Session, Facts]:
    """The uploaded session and its facts; the upload's file is gone afterwards.

    Raises:
        RequestError, WeightsError: there is none, or it cannot be used with this model.
    """
    file = _file(upload)
    try:
        return open_session(engine, file)
    finally:
        _forget(file)


def result(suffix: str) -> Path:
    """A place for a file that only who asked for it can find; Gradio deletes it in time."""
    folder = _results()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{secrets.token_hex(16)}{suffix}"


def quad(picture: Picture, marks: Any, domain: Domain) -> Quad:
    """The face that is marked, or else what is usual for the model.

    Raises:
        RequestError, PhotoError: the marks are none, or there is no face.
    """
    if marks is None:
        found = usual(picture, domain)
        if found is None:
            raise PhotoError(f"No face was found. {MARKS}")
        return found
    if domain != "face":
        raise RequestError("Eyes and mouth are for models of faces: leave them out with this one.")
    points = np.array(_points(marks, 3, MARKS))
    height, width = picture.shape[:2]
    if len(points) != 3 or (points < -0.5).any() or (points > (width - 0.5, height - 0.5)).any():
        raise RequestError(MARKS)
    return face_quad(points)


def drawing(quad: Quad, drags: Any, strokes: Any) -> Drawing:
    """Drags and strokes in px of the photo, as a drawing on the canvas.

    Raises:
        RequestError, EditError: they are none, too many, or outside the fitted part.
    """
    matrix = to_crop(quad, VIEW_SIDE)
    scale = VIEW_SIDE / float(np.linalg.norm(quad[3] - quad[0]))
    pairs = [_drag(numbers, matrix) for numbers in _items(drags, MOST_POINTS, DRAGS)]
    for number, pair in enumerate(pairs, 1):
        for verb, place in zip(("starts", "ends"), pair, strict=True):
            if not all(-0.5 <= part <= VIEW_SIDE - 0.5 for part in place):
                raise EditError(f"Drag {number} {verb} outside the fitted part of the photo.")
    given = _items([] if strokes is None else strokes, MOST_STROKES, STROKES)
    return Drawing(tuple(pairs), tuple(_stroke(stroke, matrix, scale) for stroke in given))


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
    if not _is_number(value) or not low <= value <= high:
        raise RequestError(f"{name} is a number from {low:g} to {high:g}.")
    return float(value)


def _file(upload: Any) -> Path:
    """The file of an upload. Gradio has checked the paths of those that say they are files."""
    known = isinstance(upload, dict) and upload.get("meta") == IS_FILE
    file = Path(os.path.realpath(str(upload["path"]))) if known else None
    if file is None or not file.is_relative_to(os.path.realpath(get_upload_folder())):
        raise RequestError("Send a file: upload it first, as Gradio's clients do.")
    if not file.is_file():
        raise RequestError("This file is no longer here: send it again.")
    return file


def _forget(file: Path) -> None:
    """Delete an upload; what is a result of ours can be asked for again."""
    if file.parent != _results():
        file.unlink(missing_ok=True)
        with suppress(OSError):
            file.parent.rmdir()  # Gradio made it for this file


def _results() -> Path:
    return Path(os.path.realpath(get_upload_folder())) / "results"


def _drag(numbers: Any, matrix: np.ndarray) -> tuple[Point, Point]:
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(map(_is_number, numbers)):
        raise RequestError(DRAGS)
    (hx, hy), (tx, ty) = project(matrix, np.array(numbers, np.float64).reshape(2, 2)).tolist()
    return (hx, hy), (tx, ty)


def _stroke(stroke: Any, matrix: np.ndarray, scale: float) -> Stroke:
    if not isinstance(stroke, dict) or not {"radius", "points"} <= stroke.keys():
        raise RequestError(STROKES)
    radius, erase = stroke["radius"], stroke.get("erase", False)
    points = _points(stroke["points"], MOST_STROKE_POINTS, STROKES)
    if not points or not _is_number(radius) or not 0 < radius * scale <= VIEW_SIDE:
        raise RequestError(STROKES)
    if not isinstance(erase, bool):
        raise RequestError(STROKES)
    places = project(matrix, np.array(points)).clip(-VIEW_SIDE, 2 * VIEW_SIDE).tolist()
    return Stroke(tuple((x, y) for x, y in places), radius * scale, erase)


def _points(value: Any, most: int, complaint: str) -> list[Point]:
    points: list[Point] = []
    for place in _items(value, most, complaint):
        if not isinstance(place, list) or len(place) != 2 or not all(map(_is_number, place)):
            raise RequestError(complaint)
        points.append((float(place[0]), float(place[1])))
    return points


def _items(value: Any, most: int, complaint: str) -> list[Any]:
    if not isinstance(value, list):
        raise RequestError(complaint)
    if len(value) > most:
        raise RequestError(f"{len(value)} are too many: at most {most}. {complaint}")
    return value


def _is_number(value: Any) -> bool:
    """Whether it is one, and no larger than places in photos can be."""
    return type(value) in (int, float) and isfinite(value) and abs(value) < 1e6
