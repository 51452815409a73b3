"""A second device to test with: it computes on the CPU, but what is on it does not mix with that.

Torch knows the device "meta", whose tensors hold no numbers. While ``elsewhere()`` is entered, they
hold some: each operation is carried out on the CPU, and complains as a GPU would if some of its
tensors are on the CPU and others are not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

ELSEWHERE = torch.device("meta")
MOVES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class Remote(Tensor):
    """A tensor on that device; its numbers are those of ``here``."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> "Remote":
        remote = Tensor._make_wrapper_subclass(
            cls, here.shape, here.stride(), here.storage_offset(), dtype=here.dtype,
            device=ELSEWHERE,
        )  # fmt: skip
        remote.here = here
        return remote

    @property
    def data(self) -> "Remote":
        return Remote(self.here)

    @data.setter
    def data(self, new: "Remote") -> None:
        self.here = new.here

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return carried_out(func, args, kwargs or {})


class Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return carried_out(func, args, kwargs or {})


class Numbers(TorchFunctionMode):
    """``torch.tensor`` would leave the numbers out: make it here, then move it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        device = kwargs.pop("device", None) if func is torch.tensor else None
        made = func(*args, **kwargs)
        return made if device is None else made.to(device)


@contextmanager
def elsewhere() -> Iterator[torch.device]:
    with Numbers(), Operations():
        yield ELSEWHERE


def carried_out(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    seen: list[Tensor] = []
    tree_map_only(Tensor, seen.append, (args, kwargs))
    remote = [tensor for tensor in seen if isinstance(tensor, Remote)]
    there = bool(remote)
    if remote and func not in MOVES:
        lost = [tuple(t.shape) for t in seen if not isinstance(t, Remote) and t.ndim]
        assert not lost, f"{func}: tensors of shape {lost} are on the CPU, others are not"
    if kwargs.get("device") is not None:
        there = torch.device(kwargs["device"]) == ELSEWHERE
        kwargs = {**kwargs, "device": torch.device("cpu")}
    on_cpu = tree_map_only(Remote, lambda tensor: tensor.here, (args, kwargs))
    result = func(*on_cpu[0], **on_cpu[1])
    if torch.Tag.inplace_view in func.tags:
        with no_dispatch():
            func(*args, **kwargs)  # for its shape
    if not there:
        return result
    known = {
        id(tensor.here): tensor for tensor in remote
    }  # what was changed in place is given back
    return tree_map_only(Tensor, lambda t: known[id(t)] if id(t) in known else Remote(t), result)
