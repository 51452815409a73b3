"""Train the mapping first, on what the renderer was asked to draw: z -> render parameters.

Regression on pictures alone learns the arg-max choices (hair, eye colour) slowly; the parameters
teach them in a minute. A linear head reads them off w and is dropped afterwards.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylegan import Config, Mapping

HELD_OUT = 2000
BATCH = 256
SEED = 12345  # of the codes behind ``parameters`` in codes.npz


def read_codes(file: Path, z_dim: int) -> tuple[Float[Tensor, "n z"], Float[Tensor, "n p"]]:
    """(codes, the render parameters that they stand for)."""
    with np.load(file, allow_pickle=False) as archive:
        parameters = torch.from_numpy(archive["parameters"].astype("float32"))
    z = np.random.default_rng(SEED).standard_normal((len(parameters), z_dim)).astype("float32")
    return torch.from_numpy(z), parameters


def pretrain(config: Config, codes: Path, steps: int, rate: float = 2e-3) -> Mapping:
    """A mapping from whose w the render parameters can be read; prints the held-out error."""
    z, parameters = read_codes(codes, config.z_dim)
    mapping, head = Mapping(config), nn.Linear(config.w_dim, parameters.shape[1])
    weights = [*mapping.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        index = torch.randint(HELD_OUT, len(z), (BATCH,))
        loss = (head(mapping(z[index])) - parameters[index]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 1000 == 999:
            error = _error(mapping, head, z, parameters)
            print(f"mapping {step + 1}/{steps} held-out MSE {error:.4f}")
    return mapping


@torch.no_grad()
def _error(mapping: Mapping, head: nn.Module, z: Tensor, parameters: Tensor) -> float:
    held = slice(0, HELD_OUT)
    return float((head(mapping(z[held])) - parameters[held]).square().mean())
