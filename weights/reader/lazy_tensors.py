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

from ..files import WeightsError
from . import objects
from .arguments import Source, Span, cut_short
from .objects import WIDTHS, Object, Storage, malformed
from .torch_files import Container, read_legacy

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
    match value:
        case Object(objects.TENSOR, (storage, offset, size, stride, *_)) | Object(
            objects.PARAMETER, (Object(objects.TENSOR, (storage, offset, size, stride, *_)), *_)
        ):
            (start,), shape, steps = map(_whole_numbers, ((offset,), size, stride))
        case _:
            raise malformed()
    reach = 1 + sum((length - 1) * step for length, step in zip(shape, steps, strict=False))
    if len(shape) != len(steps) or reach != _count(shape):
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


def _read(storage: object, container: Container, start: int, count: int) -> Tensor:
    match storage:
        case Object(objects.FROM_BYTES, (raw,)):
            file, end = _opened(raw, container)
            storage, container = read_legacy(file, end, MOST_OPCODES)
        case _:
            pass
    if not isinstance(storage, Storage):
        raise malformed()
    kind, span = storage.kind, container.storages.get(storage.key)
    if kind not in NUMBERS:
        raise WeightsError(f"This file holds {kind} tensors: Half, Float and Double are read.")
    if span is None or span.size != storage.size or start + count > storage.count:
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
    match value:
        case Span(start, size, False):
            container.file.seek(start)
            return container.file, start + size
        case Object(objects.ENCODE, (text, _)):  # protocol 2 has no bytes, but letters for them
            found = _letters(text, container.file)
            return BytesIO(found), len(found)
        case _:
            raise malformed()


def _letters(text: object, file: Source) -> bytes:
    try:
        if isinstance(text, Span):
            file.seek(text.start)
            text = file.read(text.size).decode()
        if isinstance(text, str):
            return text.encode("latin-1")
    except UnicodeError as error:
        raise malformed() from error
    raise malformed()


def array(value: object, container: Container) -> Stored:
    """An array as numpy pickles it.

    Raises:
        WeightsError: it is something else, impossible, or does not hold floating-point numbers.
    """
    match value:
        case Object(objects.SCALAR, (kind, raw)):
            size = ()
        case Object(objects.FROM_BUFFER, (raw, kind, size, "C")):
            pass
        case Object(objects.ARRAY, _, (_, size, kind, False, raw)):
            pass
        case _:
            raise malformed()
    shape, number = _whole_numbers(size), _dtype(kind)
    count = _count(shape)

    def read() -> Tensor:
        file, end = _opened(raw, container)
        if end - file.tell() != count * np.dtype(number).itemsize:
            raise malformed()
        return _numbers(file, number, count).reshape(shape)

    return Stored(shape, read)


def _dtype(value: object) -> str:
    match value:
        case Object(objects.DTYPE, (("f2" | "f4" | "f8") as code, *_), (_, "<", *_)):
            return f"<{code}"
        case _:
            raise WeightsError("This file holds arrays that are no floating-point weights.")
