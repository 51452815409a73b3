"""Train the mapping first, on what the renderer would be asked to draw: z -> render parameters.

Regression on pictures alone learns the arg-max choices (hair, eye colour) slowly; the parameters
teach them in minutes, and no picture has to be rendered for them, so that no code is seen twice. A
linear head reads them off w and is dropped afterwards.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylegan import Config, Mapping

from .ahead import ahead

Describe = Callable[[Float[np.ndarray, "n z"]], Float[np.ndarray, "n p"]]

HELD_OUT = 2000
HELD_OUT_SEED = 12_345
BATCH = 256
REPORT_STEPS = 1000


def drawn(describe: Describe, z_dim: int, count: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Fresh codes [count z] and what they stand for [count p], without end."""
    source = np.random.default_rng(seed)
    while True:
        z = source.standard_normal((count, z_dim), dtype=np.float32)
        yield torch.from_numpy(z), torch.from_numpy(describe(z).astype(np.float32))


def pretrain(
    config: Config, describe: Describe, steps: int, rate: float = 2e-3, batch: int = BATCH
) -> Mapping:
    """A mapping from whose w the render parameters can be read; prints the held-out error."""
    held = next(drawn(describe, config.z_dim, HELD_OUT, HELD_OUT_SEED))
    mapping, head = Mapping(config), nn.Linear(config.w_dim, held[1].shape[1])
    weights = [*mapping.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    with ahead(drawn(describe, config.z_dim, batch, HELD_OUT_SEED + 1)) as batches:
        for step in range(1, steps + 1):
            z, wanted = next(batches)
            loss = (head(mapping(z)) - wanted).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if step % REPORT_STEPS == 0 or step == steps:
                _report(f"mapping {step}/{steps}", head(mapping(held[0])), held[1])
    return mapping


def _report(what: str, made: Tensor, wanted: Tensor) -> None:
    error = float((made.detach() - wanted).square().mean())
    variance = float(wanted.var(0).mean())
    print(f"{what}: held-out MSE {error:.4f} of variance {variance:.4f}", flush=True)
