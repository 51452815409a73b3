"""What a stage of a fit needs to go on where it was stopped, as plain tensors.

A fit that was killed goes on from its last checkpoint and ends, on a CPU, with the same bits as one
that was not.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

Tensors = dict[str, Tensor]


@runtime_checkable
class Keeper(Protocol):
    """Keeps the last checkpoint of each stage."""

    def load(self, stage: str) -> Tensors | None:
        """What was kept last; None where nothing was."""
        ...

    def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
        """Keep what the stage needs to go on with this step, if it is time to."""
        ...


class Nowhere:
    """Keeps nothing."""

    def load(self, stage: str) -> Tensors | None:
        """Nothing."""
        return None

    def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
        """Nothing is done."""


def adam_tensors(adam: torch.optim.Adam) -> Tensors:
    """The weights that Adam changes with its moments, numbered."""
    found: Tensors = {}
    for number, weight in enumerate(adam.param_groups[0]["params"]):
        found[f"weight {number}"] = weight.detach().clone()
        for name, value in adam.state[weight].items():
            found[f"{name} {number}"] = value.clone()
    return found


@torch.no_grad()
def restore_adam(adam: torch.optim.Adam, tensors: Tensors) -> None:
    """Put them back, both into the weights and into Adam."""
    for number, weight in enumerate(adam.param_groups[0]["params"]):
        weight.copy_(tensors[f"weight {number}"])
        names = [
            name for name in ("step", "exp_avg", "exp_avg_sq") if f"{name} {number}" in tensors
        ]
        for name in names:
            value = tensors[f"{name} {number}"]
            adam.state[weight][name] = value.clone() if name == "step" else value.to(weight)
