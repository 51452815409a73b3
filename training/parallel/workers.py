"""Processes that train together on one machine: shared gradients, one clock, one wish to stop."""

import ctypes
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from multiprocessing.synchronize import Event
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

ARGS = TypeVar("ARGS")
Work = Callable[[ARGS, "Stop"], None]
MMAP_MAX, TRIM_THRESHOLD, TOP_PAD = -4, -1, -2  # names of mallopt's settings, <malloc.h>


@dataclass(frozen=True)
class Group:
    """Where workers meet, and how many they are."""

    address: str
    workers: int


class Stop:
    """``asked`` once the process, or the one that started it, gets SIGINT or SIGTERM."""

    def __init__(self, told: Event | None = None) -> None:
        self._told = told or torch.multiprocessing.get_context("spawn").Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.ask)

    def ask(self, *_: object) -> None:
        """Ask to end after the present step."""
        self._told.set()

    @property
    def asked(self) -> bool:
        """Whether someone has."""
        return self._told.is_set()


def count() -> int:
    """How many workers there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is."""
    return dist.get_rank() if dist.is_initialized() else 0


@dataclass(frozen=True)
class Word:
    """What workers tell each other with their gradients."""

    seconds: float
    loss: float
    stop: bool
    finite: bool = True


def share(weights: list[Tensor], mine: Word) -> Word:
    """Average the gradients and the loss; worker 0's clock; whether anyone was asked to stop."""
    trained = [weight for weight in weights if weight.grad is not None]
    gradients = [weight.grad for weight in trained if weight.grad is not None]
    if count() == 1:
        total = torch.stack([gradient.sum() for gradient in gradients]).sum()
        return replace(mine, finite=isfinite(float(total) + mine.loss))
    told = torch.tensor([mine.seconds * (rank() == 0), mine.loss, float(mine.stop)])
    flat = torch.cat([*(gradient.flatten() for gradient in gradients), told])
    dist.all_reduce(flat)
    parts = (flat[:-3] / count()).split([gradient.numel() for gradient in gradients])
    for weight, part in zip(trained, parts, strict=True):
        weight.grad = part.view_as(weight)
    seconds, loss, stop = flat[-3:].tolist()
    return Word(seconds, loss / count(), stop > 0, bool(flat.isfinite().all()))


def keep_memory() -> None:
    """Let glibc keep what was freed: tensors of training come and go by the megabyte."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        for setting, value in ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, 2**28)):
            library.mallopt(setting, value)


def run(work: Work[ARGS], args: ARGS, workers: int, port: int) -> None:
    """Do the work in this process or, if there are to be several, in single-threaded ones."""
    if workers == 1:
        return work(args, Stop())
    told = torch.multiprocessing.get_context("spawn").Event()
    Stop(told)
    print(f"{workers} processes begin; Ctrl-C ends them after their step.", flush=True)
    group = Group(f"tcp://127.0.0.1:{port}", workers)
    context = torch.multiprocessing.spawn(
        _join, (work, args, group, told), nprocs=workers, join=False
    )
    assert context is not None
    while not context.join():
        pass


def _join(index: int, work: Work[ARGS], args: ARGS, group: Group, told: Event) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", group.address, rank=index, world_size=group.workers)
    work(args, Stop(told))
    dist.destroy_process_group()
