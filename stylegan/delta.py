"""A tuned generator as its difference from the shared one, which is never changed."""

from copy import deepcopy

import torch
from jaxtyping import Float16
from torch import Tensor

from .synthesis import Generator

Delta = dict[str, Float16[Tensor, "..."]]


@torch.no_grad()
def diff(base: Generator, tuned: Generator) -> Delta:
    """Tuned minus base, in half precision, for the tensors that differ."""
    before, after = base.state_dict(), tuned.state_dict()
    return {
        name: (after[name] - before[name]).half().cpu()
        for name in before
        if not torch.equal(before[name], after[name])
    }


@torch.no_grad()
def apply(base: Generator, delta: Delta) -> Generator:
    """A generator that shares all tensors with the base but those that the delta changes.

    With an empty delta it is the base itself.

    Raises:
        ValueError: the delta was made for a generator of another shape.
    """
    if not delta:
        return base
    state = base.state_dict()
    wrong = [name for name in delta if name not in state or state[name].shape != delta[name].shape]
    if wrong:
        raise ValueError(f"This fit was made for another model (it has no {wrong[0]}).")
    kept = {name: tensor for name, tensor in _tensors(base).items() if name not in delta}
    tuned = deepcopy(base, {id(tensor): tensor for tensor in kept.values()})
    for name, tensor in _tensors(tuned).items():
        if name in delta:
            tensor.data = tensor.data + delta[name].to(tensor)
    return tuned


def _tensors(generator: Generator) -> dict[str, Tensor]:
    return {**dict(generator.named_parameters()), **dict(generator.named_buffers())}
