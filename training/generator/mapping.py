"""Train the mapping first, on what the renderer would be asked to draw: z -> render parameters.

Regression on pictures alone learns the arg-max choices (hair, eye colour) slowly; the parameters
teach them in minutes, and no picture has to be rendered for them, so that no code is seen twice. A
linear head reads them off w and is dropped afterwards.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import torch
from jaxtyping import Float, Float16
from torch import Tensor, nn
from tqdm import tqdm

from stylegan import Config, Mapping

from ..parallel.ahead import ahead
from ..parallel.recorded import Recorded, descend, on_device, set_rate
from ..parallel.resident import Pool

Numbers = Float[np.ndarray, "n p"]
Describe = Callable[[Float[np.ndarray, "n z"]], Numbers]
Known = tuple[Float[np.ndarray, "n z"], Float16[np.ndarray, "n p"]]

HELD_OUT = 2000
HELD_OUT_SEED = 12_345
BATCH, CUDA_BATCH = 256, 1024
REPORT_STEPS = 1000
BETAS = 0.9, 0.98
CODES, AT_ONCE = 2_000_000, 4000  # that are described ahead for CUDA, and of them in one piece


def drawn(describe: Describe, z_dim: int, count: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Fresh codes [count z] and what they stand for [count p], without end."""
    source = np.random.default_rng(seed)
    while True:
        z = source.standard_normal((count, z_dim), dtype=np.float32)
        yield torch.from_numpy(z), torch.from_numpy(describe(z).astype(np.float32))


def known(describe: Describe, z_dim: int, count: int = CODES) -> Known:
    """Many codes and what they stand for, described by all cores: CUDA learns faster than one."""
    pieces, forked = range(count // AT_ONCE), get_context("fork")
    z = np.empty((count, z_dim), np.float32)
    told: Float16[np.ndarray, "n p"] | None = None
    work = ProcessPoolExecutor(os.cpu_count(), forked, _keep, (describe, z_dim))
    with work as workers:
        for piece, (codes, numbers) in zip(pieces, tqdm(workers.map(_piece, pieces)), strict=True):
            if told is None:
                told = np.empty((count, numbers.shape[1]), np.float16)
            here = slice(piece * AT_ONCE, (piece + 1) * AT_ONCE)
            z[here], told[here] = codes, numbers
    assert told is not None
    return z, told


_kept: dict[str, tuple[Describe, int]] = {}  # of a process that describes


def _keep(describe: Describe, z_dim: int) -> None:
    _kept["it"] = describe, z_dim


def _piece(number: int) -> Known:
    describe, z_dim = _kept["it"]
    source = np.random.default_rng([HELD_OUT_SEED, number])
    z = source.standard_normal((AT_ONCE, z_dim), dtype=np.float32)
    return z, describe(z).astype(np.float16)


def pretrain(
    config: Config,
    describe: Describe,
    steps: int,
    codes: Known | None = None,
    device: torch.device = torch.device("cpu"),  # noqa: B008
    batch: int | None = None,
) -> Mapping:
    """A mapping from whose w the render parameters can be read; prints the held-out error."""
    rate = 2e-3
    held = [
        part.to(device) for part in next(drawn(describe, config.z_dim, HELD_OUT, HELD_OUT_SEED))
    ]
    mapping, head = Mapping(config).to(device), nn.Linear(config.w_dim, held[1].shape[1]).to(device)
    weights = [*mapping.parameters(), *head.parameters()]
    adam = on_device(torch.optim.Adam(weights, rate, betas=BETAS), device)

    def learn(draw: Callable[[], tuple[Tensor, Tensor]]) -> Tensor:
        z, wanted = draw()
        return descend((head(mapping(z)) - wanted).square().mean(), adam)

    fresh = drawn(describe, config.z_dim, batch or BATCH, HELD_OUT_SEED + 1)
    with ahead(fresh) as batches:
        draw = partial(next, batches)
        if codes is not None:
            draw = partial(Pool(*codes, device).drawn, batch or CUDA_BATCH)
        step = Recorded(partial(learn, draw), device)
        for number in range(1, steps + 1):
            set_rate(adam.param_groups[0], rate * (0.5 + 0.5 * np.cos(np.pi * number / steps)))
            step()
            if number % REPORT_STEPS == 0 or number == steps:
                _report(f"mapping {number}/{steps}", head(mapping(held[0])), held[1])
    return mapping.cpu()


def _report(what: str, made: Tensor, wanted: Tensor) -> None:
    error = float((made.detach() - wanted).square().mean())
    variance = float(wanted.var(0).mean())
    print(f"{what}: held-out MSE {error:.4f} of variance {variance:.4f}", flush=True)
