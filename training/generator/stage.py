"""A stage of a training: one resolution, its time and its rates; and what one batch teaches."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..parallel.recorded import set_rate
from .checkpoint import Run
from .losses import SqueezeFeatures, Target
from .networks import Networks
from .patch import paint

RAMP = 0.01  # share of a stage in which the rate rises to its start
LAST_RATE = 1e-3  # share of the rate that is left at the end


@dataclass(frozen=True)
class Stage:
    """Side (px), time (minutes), learning rate at the start, pictures a worker and step."""

    side: int
    minutes: float
    rate: float = 0.01
    batch: int = 4

    @staticmethod
    def parse(text: str, batch: int) -> "Stage":
        """``64:35``, ``64:35:0.01`` or ``64:35:0.01:64``."""
        side, minutes, *more = text.split(":")
        rate = float(more[0]) if more else 0.01
        return Stage(int(side), float(minutes), rate, int(more[1]) if len(more) > 1 else batch)

    def set_rates(self, run: Run) -> None:
        """Adam's rates for where the run is in the stage: a short rise, then half a cosine."""
        done = min(run.seconds / (60 * self.minutes), 1.0)
        ramp = min(1.0, done / RAMP) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in run.optimiser.param_groups:
            set_rate(group, self.rate * group["scale"] * max(ramp, LAST_RATE))


def lesson(
    networks: Networks, side: int, target: Target, features: SqueezeFeatures | None, bf16: bool
) -> Tensor:
    """The loss of one batch."""
    z = target.pairs.z
    ws = networks.generator.style(z)
    # Without its cache: what one recorded step keeps, the next one could not find.
    with torch.autocast(z.device.type, torch.bfloat16, enabled=bf16, cache_enabled=False):
        painted = paint(networks, ws, side, target.windows)
    return target.loss(painted, features)
