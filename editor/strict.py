"""What a session's file must keep to, whoever made it; everything else is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drag.edit import MOST_POINTS
from inversion import Photo
from inversion.transfer import Quad
from weights import WeightsError

from .drawing import MOST_STROKE_POINTS, MOST_STROKES, Drawing, Point, Stroke
from .session import MOST_VERSIONS

DELTA = "delta."
NUMBERS = {
    "quad": torch.float64, "pivot": torch.float32, "ws": torch.float32, "flow": torch.float32,
    "paint": torch.float32, "pictures": torch.uint8, "painted": torch.uint8,
}  # fmt: skip
MOST_BYTES = 300_000_000
MOST_HEADER = 40_000_000  # bytes of safetensors' header, which holds the texts
MOST_OBJECTS = 10_000  # in the header: one a tensor, one a stroke
MOST_TEXT = 1_250_000  # characters of a drawing, or of the facts
MOST_FACTS = 100
LONGEST_FACT = 1000  # characters
LARGEST_FACT = 1e12
LARGEST = 1e6  # no latent, no colour, no place in a photo is beyond it
FARTHEST = 10_000.0  # px of the canvas, for what is drawn
WIDEST = 1000.0  # px of the canvas: a brush's radius
LEAST_SIDE = 4.0  # px of the photo, of a crop
MOST_SIDES = 20.0  # times the photo's longer side, of a crop

Facts = dict[str, float | int | str]
"""Figures of a fit and settings, by name."""


def check_size(file: Path) -> None:
    """Complain before a file takes much memory.

    Raises:
        WeightsError: the file is missing, unreadable, or larger than any session.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(min(length, MOST_HEADER))
        large = file.stat().st_size > MOST_BYTES
    except FileNotFoundError as error:
        raise WeightsError(f"There is no file {file}.") from error
    except OSError as error:
        raise WeightsError(f"{file.name} cannot be read: {error.strerror}.") from error
    if large or header.count(b"{") > MOST_OBJECTS:
        raise WeightsError(f"{file.name} is too large for a session.")
    if length > MOST_HEADER:
        raise WeightsError(f"{file.name} is damaged or not a safetensors file.")


def check_arrays(tensors: dict[str, Tensor]) -> None:
    """Complain about names, shapes and numbers that no session has.

    Raises:
        ValueError, LookupError, TypeError: they are not those of a session.
    """
    kinds = NUMBERS | {name: torch.float16 for name in tensors if name.startswith(DELTA)}
    if tensors.keys() != {*kinds, "photo"}:
        raise ValueError("something is missing, or does not belong to it")
    if tensors["photo"].dtype != torch.uint8:
        raise ValueError("its photo is none")
    latent, count = tensors["pivot"].shape, len(tensors["ws"])
    side, own = (tensors[name].shape[1] for name in ("flow", "pictures"))
    shapes = {
        "quad": (4, 2), "ws": (count, *latent),
        "flow": (count, side, side, 2), "paint": (count, side, side, 4),
        "pictures": (count, own, own, 3), "painted": (count,),
    }  # fmt: skip
    if len(latent) != 2 or any(tensors[name].shape != shape for name, shape in shapes.items()):
        raise ValueError("its parts differ in shape")
    if count > MOST_VERSIONS + 1 or 0 in (count, side, *latent):
        raise ValueError("it has too many versions, or none")
    for name, kind in kinds.items():
        tensor = tensors[name]
        if tensor.dtype != kind or tensor.numel() == 0 or not _moderate(tensor):
            raise ValueError("it holds values that are not numbers, or too large")


def check_quad(quad: Quad, photo: Photo) -> None:
    """Complain about corners that are not those of a crop of this photo.

    Raises:
        ValueError: too small, too large, too slanted, mirrored, or beside the photo.
    """
    height, width = photo.shape[:2]
    sides = np.roll(quad, -1, 0) - quad
    lengths = np.linalg.norm(sides, axis=1)
    if lengths.min() < LEAST_SIDE or lengths.max() > MOST_SIDES * max(height, width):
        raise ValueError("its crop is too small or too large")
    (ax, ay), (bx, by) = sides.T, np.roll(sides, -1, 0).T
    turns = (ax * by - ay * bx) / (lengths * np.roll(lengths, -1))
    if turns.max() > -0.1:
        raise ValueError("its crop is not a square, not even roughly")
    if (quad.max(0) < 1).any() or (quad.min(0) > (width - 2, height - 2)).any():
        raise ValueError("its crop lies beside the photo")


def parse_drawing(text: str) -> Drawing:
    """What was drawn, from JSON.

    Raises:
        ValueError, LookupError, TypeError, RecursionError: it is no drawing, or too large.
    """
    data = _parsed(text)
    drags, strokes = data["drags"], data["strokes"]
    points = sum(len(stroke["points"]) for stroke in strokes)
    if len(drags) > MOST_POINTS or len(strokes) > MOST_STROKES or points > MOST_STROKE_POINTS:
        raise ValueError("too much is drawn on it")
    return Drawing(
        tuple((_point(handle), _point(target)) for handle, target in drags),
        tuple(_stroke(stroke) for stroke in strokes),
    )


def parse_facts(text: str) -> Facts:
    """Facts from JSON.

    Raises:
        ValueError, RecursionError: they are none, or too many.
    """
    facts = _parsed(text)
    if type(facts) is not dict or len(facts) > MOST_FACTS:
        raise ValueError("its facts are none, or too many")
    for value in facts.values():
        if type(value) is str and len(value) > LONGEST_FACT:
            raise ValueError("one of its texts is too long")
        if type(value) not in (str, bool):
            _number(value, LARGEST_FACT)
    return facts


def _moderate(tensor: Tensor) -> bool:
    low, high = tensor.aminmax()
    return -LARGEST <= float(low) <= float(high) <= LARGEST


def _parsed(text: str) -> Any:
    if len(text) > MOST_TEXT:
        raise ValueError("one of its texts is too long")
    return json.loads(text)


def _stroke(data: dict[str, Any]) -> Stroke:
    points, radius, erase = data["points"], _number(data["radius"], WIDEST), data["erase"]
    if not points or radius < 0 or type(erase) is not bool:
        raise ValueError("a stroke of it is none")
    return Stroke(tuple(_point(point) for point in points), radius, erase)


def _point(place: Any) -> Point:
    x, y = place
    return _number(x, FARTHEST), _number(y, FARTHEST)


def _number(value: Any, limit: float) -> float:
    """A number of at most this size; NaN is none."""
    if type(value) not in (int, float) or not abs(value) <= limit:
        raise ValueError("it holds values that are not numbers, or too large")
    return float(value)
