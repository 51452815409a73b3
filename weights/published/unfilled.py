"""Generators without numbers: to know their shapes, and to be given numbers that are there."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from stylegan import Config, Generator


def unfilled(config: Config) -> Generator:
    """A generator on the device "meta", which takes no memory."""
    with torch.device("meta"), _Unfilled():
        return Generator(config)


def filled(config: Config, state: Mapping[str, Tensor]) -> Generator:
    """A generator of these numbers, to make pictures with; they are not copied.

    Raises:
        RuntimeError: some are missing, too many, or of another shape.
    """
    generator = unfilled(config)
    generator.load_state_dict(state, assign=True)
    return generator.eval().requires_grad_(False)


class _Unfilled(TorchFunctionMode):
    """Empty tensors instead of scaled random ones: on "meta" those load half of PyTorch (0.9 s)."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call ``torch.empty`` for ``torch.randn``, and do not divide."""
        del types
        if func in (Tensor.div, Tensor.__truediv__):
            return args[0]
        return (torch.empty if func is torch.randn else func)(*args, **(kwargs or {}))
