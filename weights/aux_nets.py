"""The encoder, on disk. Tensors and metadata only."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from .files import FACES, PUBLIC, WeightsError
from .formats import read, write

ENCODER = FACES.with_name("encoder.safetensors")


def load_small(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(tensors, metadata); what was halved on disk is float32 again.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    tensors, facts = read(file)
    floats = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    if not all(bool(tensor.isfinite().all()) for tensor in floats.values()):
        raise WeightsError(f"{file.name} is damaged: it holds values that are not numbers.")
    return floats, facts


def save_small(tensors: Mapping[str, Tensor], facts: dict[str, str], file: Path) -> None:
    """Write in half precision; whole or not at all.

    Raises:
        WeightsError: there is no room, or no permission.
    """
    halves = {name: t.half() if t.is_floating_point() else t for name, t in tensors.items()}
    write(file, halves, facts, PUBLIC)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 of these weights in half precision: tells one mapping from another."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().to(torch.float16).contiguous()
        found.update(name.encode() + b"\0" + tensor.numpy().tobytes())
    return found.hexdigest()
