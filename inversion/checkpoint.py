"""What a stage of a fit needs to go on where it was stopped, as plain tensors.

A fit that was killed goes on from its last checkpoint and ends, on a CPU, with the same bits as one
that was not.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

Tensors = dict[str, Tensor]
LARGEST = 1e6  # no weight, no moment, no distance is beyond it


@runtime_checkable
class CheckpointStore(Protocol):
    """Keeps the last checkpoint of each stage."""

    def load(self, stage: str) -> Tensors | None:
        """What was kept last; None where nothing was."""
        ...

    def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
        """Keep what the stage needs to go on with this step, if it is time to."""
        ...


class NullStore:
    """Keeps nothing."""

    def load(self, stage: str) -> Tensors | None:
        """Nothing."""
        return None

    def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
        """Nothing is done."""


def adam_tensors(adam: torch.optim.Adam) -> Tensors:
    """The weights that Adam changes with its moments, numbered."""
    tensors: Tensors = {}
    for number, weight in enumerate(adam.param_groups[0]["params"]):
        tensors[f"weight {number}"] = weight.detach().clone()
        for name, value in adam.state[weight].items():
            tensors[f"{name} {number}"] = value.clone()
    return tensors


def suits(kept: Tensors, adam: torch.optim.Adam, needed: Tensors, more: Tensors) -> bool:
    """Whether a checkpoint is one of this stage: names, shapes, and numbers that can be.

    Args:
        kept: the checkpoint.
        adam: whose ``adam_tensors`` it must hold; the moments may be lacking.
        needed: what else it must hold, as tensors of the same shapes and kinds.
        more: what it may hold besides, likewise.
    """
    for number, weight in enumerate(adam.param_groups[0]["params"]):
        needed = needed | {f"weight {number}": weight}
        more = more | {f"step {number}": torch.tensor(0.0)}
        more |= {f"{moment} {number}": weight for moment in ("exp_avg", "exp_avg_sq")}
    known = needed | more
    return needed.keys() <= kept.keys() <= known.keys() and all(
        (tensor.shape, tensor.dtype) == (known[name].shape, known[name].dtype)
        and bool((tensor.double().abs() <= LARGEST).all())
        for name, tensor in kept.items()
    )


@torch.no_grad()
def restore_adam(adam: torch.optim.Adam, tensors: Tensors) -> None:
    """Put them back, both into the weights and into Adam."""
    for number, weight in enumerate(adam.param_groups[0]["params"]):
        weight.copy_(tensors[f"weight {number}"])
        for name in ("step", "exp_avg", "exp_avg_sq"):
            if (value := tensors.get(f"{name} {number}")) is not None:
                adam.state[weight][name] = value.clone() if name == "step" else value.to(weight)
