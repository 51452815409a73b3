"""Fit a small net against the clock: other processes draw batches meanwhile. Resumable."""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from weights.files import whole

SAVE_SECONDS = 60
Batch = tuple[Tensor, ...]


def command(words: str | None, out: str, rate: float) -> argparse.ArgumentParser:
    """The command line of a fit; ``words`` begin with what it is for."""
    parser = argparse.ArgumentParser(description=words.splitlines()[0] if words else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument("--out", type=Path, default=Path(out))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=rate, help="Adam's, at the start")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw; 0: this one")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    return parser


def calm() -> None:
    """One thread a piece of work, and the same chances each time."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(0)


@dataclass(frozen=True)
class Schedule:
    """How to fit.

    Args:
        minutes: in all, over resumed runs.
        rate: Adam's, at the start.
        checkpoint: where the state is kept.
        workers: processes that draw batches; 0: none but this one.
        device: where the net learns.
    """

    minutes: float
    rate: float
    checkpoint: Path
    workers: int = 0
    device: str = "cpu"


def schedule_of(args: argparse.Namespace) -> Schedule:
    """What the command line asks for."""
    checkpoint = args.out / "checkpoint.pt"
    return Schedule(args.minutes, args.rate, checkpoint, args.workers, args.device)


@dataclass(frozen=True)
class Endless(IterableDataset[Batch]):
    """Random batches; every process draws others."""

    draw: Callable[[np.random.Generator], Batch]
    seed: int

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        source = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            yield self.draw(source)


def fit(
    net: nn.Module,
    draw: Callable[[np.random.Generator], Batch],
    loss: Callable[[Batch], Tensor],
    schedule: Schedule,
) -> Iterator[tuple[float, int, float]]:
    """Adam with a cosine schedule over the time; yields (seconds, steps, loss) at times."""
    net.to(schedule.device)
    adam = torch.optim.AdamW(net.parameters(), schedule.rate, weight_decay=1e-2)
    seconds, steps = _resume(net, adam, schedule.checkpoint)
    mean, reported, clock = 0.0, seconds, time.monotonic()
    batches = iter(_loader(draw, steps, schedule.workers))
    while seconds < 60 * schedule.minutes:
        batch = tuple(part.to(schedule.device, non_blocking=True) for part in next(batches))
        value = _step(
            net, adam, loss(batch), schedule.rate * _ramp(seconds / 60 / schedule.minutes)
        )
        mean = value if mean == 0 else 0.98 * mean + 0.02 * value
        steps += 1
        now = time.monotonic()
        seconds, clock = seconds + now - clock, now
        if seconds - reported > SAVE_SECONDS:
            reported = seconds
            _save(net, adam, seconds, steps, schedule.checkpoint)
            yield seconds, steps, mean
            clock = time.monotonic()
    _save(net, adam, seconds, steps, schedule.checkpoint)
    yield seconds, steps, mean


def _loader(
    draw: Callable[[np.random.Generator], Batch], seed: int, workers: int
) -> DataLoader[Batch]:
    """Forked, not spawned: the faces are mapped files, which need not be sent."""
    return DataLoader(
        Endless(draw, seed),
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        prefetch_factor=4 if workers else None,
    )


def _step(net: nn.Module, adam: torch.optim.AdamW, loss: Tensor, rate: float) -> float:
    for group in adam.param_groups:
        group["lr"] = rate
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    adam.step()
    return float(loss.detach())


def _ramp(done: float) -> float:
    return min(1.0, done / 0.02 + 0.05) * (0.5 + 0.5 * cos(pi * min(1.0, done)))


def _save(net: nn.Module, adam: torch.optim.AdamW, seconds: float, steps: int, file: Path) -> None:
    state = {"net": net.state_dict(), "adam": adam.state_dict(), "at": (seconds, steps)}
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as stream:
        torch.save(state, stream)


def _resume(net: nn.Module, adam: torch.optim.AdamW, file: Path) -> tuple[float, int]:
    if not file.exists():
        return 0.0, 0
    state = torch.load(file, weights_only=True, map_location="cpu")
    net.load_state_dict(state["net"])
    adam.load_state_dict(state["adam"])
    return state["at"]
