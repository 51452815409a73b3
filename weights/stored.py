"""Tensors whose numbers are still in the file: what a pickle says of them, checked, then read."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .formats import WeightsError
from .objects import (
    ARRAY,
    DTYPE,
    ENCODE,
    FROM_BUFFER,
    FROM_BYTES,
    PARAMETER,
    SCALAR,
    STORAGE,
    TENSOR,
    Object,
    malformed,
)
from .opcodes import Source, Span, cut_short
from .torch_files import WIDTHS, Container, kept, read_legacy

MOST_OPCODES = 1000  # of a storage alone, which takes 30
NUMBERS = {"Half": "<f2", "Float": "<f4", "Double": "<f8"}
MOST_AXES = 5
LONGEST_AXIS = 1 << 20
MOST_NUMBERS = 1 << 26  # in one tensor; the largest layer of a 1024 px generator has 2.4 million


@dataclass(frozen=True)
class Stored:
    """A tensor of which the shape is known; ``read`` reads its numbers, as float32."""

    shape: tuple[int, ...]
    read: Callable[[], Float[Tensor, "..."]]

    def altered(self, change: Callable[[Tensor], Tensor]) -> "Stored":
        """With other numbers in the same shape; the change is made when it is read."""
        return Stored(self.shape, lambda: change(self.read()))

    def viewed(self, change: Callable[[Tensor], Tensor]) -> "Stored":
        """With another layout of the same numbers; the change is made when it is read.

        Raises:
            WeightsError: this shape has not the axes that are changed.
        """
        try:
            shape = change(torch.empty(self.shape, device="meta")).shape
        except (IndexError, RuntimeError) as error:
            raise malformed() from error
        return Stored(tuple(shape), lambda: change(self.read()))


def tensor(value: object, container: Container) -> Stored:
    """A tensor as PyTorch pickles it: a view of a storage.

    Raises:
        WeightsError: it is something else, or the view is impossible, overlapping or has gaps.
    """
    if isinstance(value, Object) and value.maker == PARAMETER and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, Object) or value.maker != TENSOR or len(value.arguments) < 4:
        raise malformed()
    storage, offset, size, stride = value.arguments[:4]
    shape, steps = _whole_numbers(size), _whole_numbers(stride)
    start = _whole_numbers((offset,))[0]
    reach = 1 + sum((length - 1) * step for length, step in zip(shape, steps, strict=False))
    if len(shape) != len(steps) or reach != _count(shape) or not isinstance(storage, Object):
        raise malformed()
    return Stored(
        shape, lambda: _read(storage, container, start, prod(shape)).as_strided(shape, steps)
    )


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > MOST_AXES:
        raise malformed()
    if any(type(number) is not int or not 0 <= number < 1 << 40 for number in value):
        raise malformed()
    return cast(tuple[int, ...], value)


def _count(shape: tuple[int, ...]) -> int:
    """How many numbers a tensor of this shape holds, if that is a sane number."""
    if any(not 0 < length <= LONGEST_AXIS for length in shape) or prod(shape) > MOST_NUMBERS:
        raise malformed()
    return prod(shape)


def _read(storage: Object, container: Container, start: int, count: int) -> Tensor:
    if storage.maker == FROM_BYTES and len(storage.arguments) == 1:
        file, end = _opened(storage.arguments[0], container)
        inner, container = read_legacy(file, end, MOST_OPCODES)
        storage = inner if isinstance(inner, Object) else Object("", ())
    if storage.maker != STORAGE:
        raise malformed()
    key, (kind, total) = kept(storage)
    span = container.storages.get(key)
    if kind not in NUMBERS:
        raise WeightsError(f"This file holds {kind} tensors: Half, Float and Double are read.")
    if span is None or span.size != total * WIDTHS[kind] or start + count > total:
        raise malformed()
    container.file.seek(span.start + start * WIDTHS[kind])
    return _numbers(container.file, NUMBERS[kind], count)


def _numbers(file: Source, dtype: str, count: int) -> Tensor:
    numbers = bytearray(count * np.dtype(dtype).itemsize)
    if file.readinto(numbers) != len(numbers):
        raise cut_short(file.tell())
    return torch.from_numpy(np.frombuffer(numbers, dtype)).float()


def _opened(value: object, container: Container) -> tuple[Source, int]:
    """A file at the first of a pickle's bytes, and where they end."""
    text: object = None
    if isinstance(value, Object) and value.maker == ENCODE and len(value.arguments) == 2:
        text = value.arguments[0]
    if isinstance(text, Span):
        container.file.seek(text.start)
        text = container.file.read(text.size)
    if isinstance(text, str | bytes):  # protocol 2 has no bytes: they are written as letters
        found = _letters(text)
        return BytesIO(found), len(found)
    if not isinstance(value, Span) or value.text:
        raise malformed()
    container.file.seek(value.start)
    return container.file, value.start + value.size


def _letters(text: str | bytes) -> bytes:
    try:
        return (text if isinstance(text, str) else text.decode()).encode("latin-1")
    except UnicodeError as error:
        raise malformed() from error


def array(value: object, container: Container) -> Stored:
    """An array as numpy pickles it.

    Raises:
        WeightsError: it is something else, impossible, or does not hold floating-point numbers.
    """
    parts = _array_parts(value) if isinstance(value, Object) else None
    if not isinstance(parts, tuple) or len(parts) != 5 or parts[3] is not False:
        raise malformed()
    shape, number, raw = _whole_numbers(parts[1]), _dtype(parts[2]), parts[4]
    count = _count(shape)

    def read() -> Tensor:
        file, end = _opened(raw, container)
        if end - file.tell() != count * np.dtype(number).itemsize:
            raise malformed()
        return _numbers(file, number, count).reshape(shape)

    return Stored(shape, read)


def _array_parts(value: Object) -> object:
    """(version, shape, type, whether columns come first, bytes)."""
    given = value.arguments
    if value.maker == SCALAR and len(given) == 2:
        return 1, (), given[0], False, given[1]
    if value.maker == FROM_BUFFER and len(given) == 4:
        return 1, given[2], given[1], given[3] != "C", given[0]
    return value.state if value.maker == ARRAY else None


def _dtype(value: object) -> str:
    if isinstance(value, Object) and value.maker == DTYPE and value.arguments:
        code, state = value.arguments[0], value.state
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if code in ("f2", "f4", "f8") and order == "<":
            return f"<{code}"
    raise WeightsError("This file holds arrays that are no floating-point weights.")
