"""What a session's file must keep to, whoever made it; everything else is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import torch
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from torch import Tensor

from drag.edit import MOST_POINTS
from photo.decoder import bounds
from transfer.head import VERTICES
from weights.files import WeightsError, check

from .drawing import MOST_STROKE_POINTS, MOST_STROKES
from .session import MOST_VERSIONS

DELTA = "delta."
NUMBERS = {
    "quad": torch.float64, "pivot": torch.float32, "ws": torch.float32, "pictures": torch.uint8,
    "painted": torch.uint8,
}  # fmt: skip
WARPS = {"flow": torch.float32, "paint": torch.float32}
POSES = {
    "rig": torch.float64, "irises": torch.float64, "vertices": torch.float64,
    "gaze": torch.float64, "fixed": torch.uint8,
}  # fmt: skip
# What can be dragged can be saved: room for the longest text of the largest drawing, and so on.
POINT = len("[, ], ") + 2 * len("-1.2345678901234567e-300")
MOST_TEXT = POINT * (2 * MOST_POINTS + MOST_STROKE_POINTS) + 100 * MOST_STROKES  # characters
QUOTES = 4 + 6 * MOST_STROKES  # in a drawing, each one character more in the header
OTHERS = 1_000  # tensors and their like, in the header
MOST_OBJECTS = (MOST_VERSIONS + 1) * (MOST_STROKES + 1) + OTHERS  # in safetensors' header
MOST_HEADER = (MOST_VERSIONS + 2) * (MOST_TEXT + QUOTES) + 200 * OTHERS  # bytes
# The largest photo, weights of 1024 px, and versions of 1024 px seen in 256 px.
MOST_NUMBERS = bounds.MOST_BYTES + 70_000_000 + (MOST_VERSIONS + 1) * (3 * 1024**2 + 24 * 256**2)
MOST_BYTES = MOST_HEADER + MOST_NUMBERS
MOST_FACTS = 100
LONGEST_FACT = 1000  # characters
LARGEST_FACT = 1e12
LARGEST = 1e6  # no latent, no colour, no place in a photo is beyond it

Facts = dict[str, float | int | str]
"""Figures of a fit and settings, by name."""
T = TypeVar("T")
Fact = (
    bool
    | Annotated[int | float, Field(ge=-LARGEST_FACT, le=LARGEST_FACT)]
    | Annotated[str, Field(max_length=LONGEST_FACT)]
)
FACTS: TypeAdapter[Facts] = TypeAdapter(
    Annotated[dict[str, Fact], Field(max_length=MOST_FACTS)],
    config=ConfigDict(strict=True, allow_inf_nan=False),
)


def check_size(file: Path) -> None:
    """Complain before a file takes much memory.

    Raises:
        WeightsError: the file is missing, unreadable, or larger than any session.
    """
    check(file)
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(min(length, MOST_HEADER))
        large = file.stat().st_size > MOST_BYTES
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
    changes = POSES if "rig" in tensors else WARPS
    kinds = NUMBERS | changes | {name: torch.float16 for name in tensors if name.startswith(DELTA)}
    if tensors.keys() != {*kinds, "photo"}:
        raise ValueError("something is missing, or does not belong to it")
    if tensors["photo"].dtype != torch.uint8:
        raise ValueError("its photo is none")
    latent, count = tensors["pivot"].shape, len(tensors["ws"])
    own = tensors["pictures"].shape[1]
    shapes = {
        "quad": (4, 2), "ws": (count, *latent),
        "pictures": (count, own, own, 3), "painted": (count,), **_change_shapes(tensors, count),
    }  # fmt: skip
    if len(latent) != 2 or any(tensors[name].shape != shape for name, shape in shapes.items()):
        raise ValueError("its parts differ in shape")
    photo, whole = tensors["photo"].nbytes, sum(tensor.nbytes for tensor in tensors.values())
    if photo > bounds.MOST_BYTES or whole > MOST_NUMBERS:
        raise ValueError("it is too large")
    if count > MOST_VERSIONS + 1 or 0 in (count, own, *latent):
        raise ValueError("it has too many versions, or none")
    for name, kind in kinds.items():
        tensor = tensors[name]
        if tensor.dtype != kind or not is_moderate(tensor):
            raise ValueError("it holds values that are not numbers, or too large")


def _change_shapes(tensors: dict[str, Tensor], count: int) -> dict[str, tuple[int, ...]]:
    """Of the versions' warps, or of the rig and its poses."""
    if "flow" in tensors:
        side = tensors["flow"].shape[1]
        return {"flow": (count, side, side, 2), "paint": (count, side, side, 4)}
    side = tensors["fixed"].shape[1]
    return {
        "rig": (VERTICES, 5), "irises": (2, 5, 2), "vertices": (count, VERTICES, 3),
        "gaze": (count, 2, 2), "fixed": (count, side, side),
    }  # fmt: skip


def parsed(schema: Callable[[str], T], text: str) -> T:
    """A drawing, or facts, from JSON, by a schema's ``validate_json``.

    Raises:
        ValueError: it is none, or too large.
    """
    if len(text) > MOST_TEXT:
        raise ValueError("one of its texts is too long")
    try:
        return schema(text)
    except ValidationError as error:
        raise ValueError("one of its texts is not as it should be") from error


def is_moderate(tensor: Tensor) -> bool:
    """Whether there are numbers, and none of them is larger than any that we make."""
    if tensor.numel() == 0:
        return False
    low, high = tensor.aminmax()
    return -LARGEST <= float(low) <= float(high) <= LARGEST
