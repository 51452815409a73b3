"""Fit a small net against the clock: one thread draws batches, the other learns. Resumable."""

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

SAVE_SECONDS = 60
Batch = tuple[Tensor, ...]


def command(words: str | None, out: str) -> argparse.ArgumentParser:
    """What the command lines of both nets share; ``words`` begin with what it is for."""
    parser = argparse.ArgumentParser(description=words.splitlines()[0] if words else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument("--out", type=Path, default=Path(out))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=32)
    return parser


def calm() -> None:
    """One thread a piece of work, and the same chances each time."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(0)


@dataclass(frozen=True)
class Plan:
    """Minutes in all (over resumed runs), learning rate, and where the state is kept."""

    minutes: float
    rate: float
    checkpoint: Path


def fit(
    net: nn.Module,
    draw: Callable[[np.random.Generator], Batch],
    loss: Callable[[Batch], Tensor],
    plan: Plan,
) -> Iterator[tuple[float, int, float]]:
    """Adam with a cosine schedule over the time; yields (seconds, steps, loss) at times."""
    adam = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=1e-2)
    seconds, steps = _resume(net, adam, plan.checkpoint)
    source = np.random.default_rng(steps)
    mean, reported, clock = 0.0, seconds, time.monotonic()
    with ThreadPoolExecutor(1) as other:
        coming = other.submit(draw, source)
        while seconds < 60 * plan.minutes:
            batch = coming.result()
            coming = other.submit(draw, source)
            value = _step(net, adam, loss(batch), plan.rate * _ramp(seconds / 60 / plan.minutes))
            mean = value if mean == 0 else 0.98 * mean + 0.02 * value
            steps += 1
            now = time.monotonic()
            seconds, clock = seconds + now - clock, now
            if seconds - reported > SAVE_SECONDS:
                reported = seconds
                _save(net, adam, seconds, steps, plan.checkpoint)
                yield seconds, steps, mean
                clock = time.monotonic()
    _save(net, adam, seconds, steps, plan.checkpoint)
    yield seconds, steps, mean


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
    torch.save(state, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def _resume(net: nn.Module, adam: torch.optim.AdamW, file: Path) -> tuple[float, int]:
    if not file.exists():
        return 0.0, 0
    state = torch.load(file, weights_only=True)
    net.load_state_dict(state["net"])
    adam.load_state_dict(state["adam"])
    return state["at"]
