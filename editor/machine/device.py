"""Where tensors are: on the device that computes, or on the CPU, where everybody can read them."""

from collections.abc import Callable
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Value = TypeVar("Value")


def best_device() -> torch.device:
    """The GPU if there is one that torch can use, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def on_cpu(value: Value) -> Value:
    """The same value with all its tensors on the CPU; itself where they are."""
    return changed(value, Tensor, Tensor.cpu)


def changed(value: Any, kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Any:
    """The value with all that is of this kind changed, however deep in dataclasses, dicts, tuples.

    Only copies are changed; what a dataclass checks when it is made is not checked again.
    """
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {name: changed(part, kind, change) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(changed(part, kind, change) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    result = copy(value)
    for field in fields(value):
        object.__setattr__(result, field.name, changed(getattr(value, field.name), kind, change))
    return result
