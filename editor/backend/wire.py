"""How values travel between processes: light ones as they are, heavy ones by their name.

Tensors of torch would be shared between processes, a file handle for each; as arrays they are not.
Pictures are packed without loss.
"""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..machine.device import changed
from .store import Store

LIGHT = 60_000  # bytes of a dict of tensors that still travels itself; of an array twice as many
SMALL = 4_000  # bytes that are not worth packing
FAST = 1  # of zlib's levels


@dataclass(frozen=True)
class Packed:
    """An array, its ``data`` packed as ``form`` says; ``tensor``: it was one of torch."""

    data: bytes | np.ndarray
    form: str
    tensor: bool
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Named:
    """A heavy array or dict of tensors, which is in the store."""

    name: str
    tensor: bool
    many: bool


def packed(value: Any, store: Store | None = None) -> Any:
    """The value with its arrays and tensors packed; without a store nothing goes by name."""

    def change(part: Any) -> Any:
        if isinstance(part, dict):
            return _delta(part, store)
        return _array(part, store)

    return changed(value, (Tensor, np.ndarray, dict), change)


def unpacked(value: Any, store: Store | None = None) -> Any:
    """What was packed.

    Raises:
        LostWorkError: something heavy is no longer in the store.
    """

    def change(part: Packed | Named) -> Any:
        return _restored(part, store)

    return changed(value, (Packed, Named), change)


def _delta(part: dict[str, Any], store: Store | None) -> Any:
    tensors = {name: each for name, each in part.items() if isinstance(each, Tensor)}
    if store is None or len(tensors) < len(part) or _size(tensors) <= LIGHT:
        return {name: packed(each, store) for name, each in part.items()}
    arrays = {name: each.numpy() for name, each in tensors.items()}
    return Named(store.put(arrays), tensor=True, many=True)


def _size(tensors: Mapping[str, Tensor]) -> int:
    return sum(each.nbytes for each in tensors.values())


def _array(part: Tensor | np.ndarray, store: Store | None) -> Packed | Named:
    tensor = isinstance(part, Tensor)
    array = part.numpy() if isinstance(part, Tensor) else part
    made = _squeezed(array, tensor)
    size = made.data.nbytes if isinstance(made.data, np.ndarray) else len(made.data)
    if store is None or size <= 2 * LIGHT:
        return made
    return Named(store.put({"": array}), tensor, many=False)


def _squeezed(array: np.ndarray, tensor: bool) -> Packed:
    if array.nbytes > SMALL and array.dtype == np.uint8 and array.ndim == 3 == array.shape[2]:
        stream = io.BytesIO()
        Image.fromarray(array).save(stream, "PNG", compress_level=FAST)
        return Packed(stream.getvalue(), "picture", tensor)
    if array.nbytes > SMALL and array.dtype == bool:
        bits = zlib.compress(np.packbits(array).tobytes(), FAST)
        return Packed(bits, "bits", tensor, array.shape)
    return Packed(array, "array", tensor)


def _restored(part: Packed | Named, store: Store | None) -> Any:
    if isinstance(part, Named):
        assert store is not None, "There is no store."
        arrays = store.get(part.name)
        if part.many:
            return {name: torch.from_numpy(array) for name, array in arrays.items()}
        array = arrays[""]
    elif part.form == "picture":
        assert isinstance(part.data, bytes)
        with Image.open(io.BytesIO(part.data)) as image:
            array = np.array(image)
    elif part.form == "bits":
        assert isinstance(part.data, bytes)
        bits = np.frombuffer(zlib.decompress(part.data), np.uint8)
        array = np.unpackbits(bits, count=int(np.prod(part.shape))).astype(bool).reshape(part.shape)
    else:
        assert isinstance(part.data, np.ndarray)
        array = (
            part.data if part.data.flags.writeable else part.data.copy()
        )  # shared memory's is not
    return torch.from_numpy(array) if part.tensor else array
