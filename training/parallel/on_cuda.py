"""A stage on CUDA: the faces lie in its memory, every step is recorded once and replayed."""

import argparse
import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from ..generator.checkpoint import EMA, FEATURE_STEPS, Run
from ..generator.losses import SqueezeFeatures, Target
from ..generator.networks import follow
from ..generator.stage import Stage, lesson
from .recorded import Recorded, descend
from .resident import Resident
from .workers import Stop

LOOK = 20  # steps between two looks at the clock and the loss, for which the CPU has to wait


def steps(
    run: Run, stage: Stage, faces: Resident, args: argparse.Namespace, stop: Stop
) -> Iterator[float]:
    """Train until the stage's time is over or someone asks to stop; yields some steps' losses."""
    features = SqueezeFeatures(args.features).to(args.device) if args.features else None
    device = torch.device(args.device)
    torch.manual_seed(run.images)

    def step(taken: SqueezeFeatures | None) -> Tensor:
        target = Target(faces.drawn(stage.batch, stage.side), faces.layout.side, None)
        loss = lesson(run.networks, stage.side, target, taken, args.bf16)
        return descend(loss, run.optimiser)

    plain, felt = (Recorded(partial(step, taken), device) for taken in (None, features))
    clock, loss = time.monotonic() - run.seconds, torch.zeros([])
    while run.seconds < 60 * stage.minutes and not stop.asked:
        for number in range(LOOK):
            stage.set_rates(run)
            loss = (felt if number % FEATURE_STEPS == 0 else plain)()
            follow(run.average, run.networks, EMA, run.steps)
            run.steps += 1
        run.images += LOOK * stage.batch
        yield float(loss)
        run.seconds = time.monotonic() - clock
        faces.refresh()
