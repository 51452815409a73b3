"""Tensors and texts as the bytes of a safetensors file, into a stream.

The library writes to a path only, by way of a file of its own that stays when it is killed.
"""

import json
from collections.abc import Mapping
from typing import BinaryIO

import torch
from torch import Tensor

KINDS = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
ALIGNED = 8  # bytes


def dump(tensors: Mapping[str, Tensor], facts: Mapping[str, str], stream: BinaryIO) -> None:
    """Write a header, then the numbers, the widest first, so that each is aligned.

    Raises:
        OSError: there is no room.
    """
    ordered = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, object] = {"__metadata__": dict(facts)}
    end = 0
    for name in ordered:
        tensor, start = tensors[name], end
        end += tensor.nbytes
        shape = list(tensor.shape)
        kind = KINDS[tensor.dtype]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNED)
    stream.write(len(text).to_bytes(8, "little") + text)
    for name in ordered:
        stream.write(data(tensors[name]))


def data(tensor: Tensor) -> memoryview:
    """The bytes of a tensor's numbers, whatever they are."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data
