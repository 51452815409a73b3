"""Photo -> latent and tuned generator: project, then tune. Each item is a usable answer."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import log10
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Delta, Generator, apply

from .goal import Goal
from .moves import Mover
from .project import SEARCH_SIDE, ProjectOptions, project
from .resume import Keeper, Nowhere
from .start import SHORTLIST, START_SAMPLES, START_SIDE
from .tune import TuneOptions, tune


@dataclass(frozen=True)
class InvertOptions:
    """How much work to spend on a fit; it ends after so many ``seconds`` even if that is not done.

    The stage in progress ends with its best fit so far.
    """

    project: ProjectOptions = field(default_factory=ProjectOptions)
    tune: TuneOptions = field(default_factory=TuneOptions)
    seconds: float = float("inf")

    @property
    def steps(self) -> int:
        """Of both stages, at most."""
        return self.project.steps + self.tune.steps


BUDGETS = {
    "quick": InvertOptions(tune=TuneOptions(steps=0), seconds=60.0),
    "balanced": InvertOptions(seconds=180.0),
    "best": InvertOptions(tune=TuneOptions(steps=360, coarse=120), seconds=600.0),
}
"""Seconds are for the slowest models; the embedded one takes about 4, 11 and 24 on two cores."""


def budget(name: str, seed: int = 0) -> InvertOptions:
    """One of the BUDGETS with another seed."""
    options = BUDGETS[name]
    return replace(options, project=replace(options.project, seed=seed))


@dataclass(frozen=True)
class Inversion:
    """A fit: ``generator + delta`` at ``ws`` shows the photo's crop.

    ``distance`` is that of the picture to the crop, ``pivot_distance`` that of the untuned picture
    over eyes, nose and mouth: how far the photo is from the model's own faces. ``step`` counts over
    both stages, out of ``steps``; ``done`` is the share of the work, of which a late step may be
    more than an early one, or of the seconds, if those end first.
    """

    ws: Float[Tensor, "layers w"]
    delta: Delta
    distance: float
    pivot_distance: float
    stage: Literal["project", "tune"]
    step: int
    steps: int
    done: float

    @property
    def cut_off(self) -> bool:
        """Whether the seconds ended before the steps."""
        return self.done >= 1 and self.step + 1 < self.steps


@dataclass(frozen=True)
class Helpers:
    """What makes a fit better or safer where it is at hand.

    Args:
        start: a guess of w.
        mover: shows how the photo should move.
        keeper: keeps checkpoints.
    """

    start: Float[Tensor, " w"] | None = None
    mover: Mover | None = None
    keeper: Keeper = field(default_factory=Nowhere)


def invert(
    goal: Goal, options: InvertOptions, helpers: Helpers | None = None
) -> Iterator[Inversion]:
    """Ever better fits; stop iterating whenever it looks right."""
    begin = time.monotonic()
    for found in _fits(goal, options, helpers or Helpers()):
        spent = (time.monotonic() - begin) / options.seconds
        yield replace(found, done=min(1.0, max(found.done, spent)))
        if spent >= 1:
            break


def _fits(goal: Goal, options: InvertOptions, helpers: Helpers) -> Iterator[Inversion]:
    steps, generator = options.steps, goal.generator
    work = shares(goal, options)
    ws = goal.statistics.w_avg.expand(generator.config.num_ws, -1)
    away = float("inf")
    for pivot in project(goal, options.project, helpers.start, helpers.keeper):
        ws = pivot.w.expand(generator.config.num_ws, -1)
        away, done = pivot.distance, work[pivot.step]
        yield Inversion(ws, {}, away, away, "project", pivot.step, steps, done)
    for tuned in tune(goal, ws, options.tune, helpers.mover, helpers.keeper):
        step = options.project.steps + tuned.step
        yield Inversion(ws, tuned.delta, tuned.distance, away, "tune", step, steps, work[step])


def shares(goal: Goal, options: InvertOptions) -> list[float]:
    """The share of the work that is done with each step, by its floating-point operations.

    A step towards w computes the picture and its gradient (2 x), one towards weights those of the
    weights as well (3 x); the start and the examples of motion are pictures alone.
    """
    config, side = goal.generator.config, min(SEARCH_SIDE, goal.image.shape[-1])
    begin = START_SAMPLES * config.operations(START_SIDE) + SHORTLIST * config.operations(side)
    costs = [2 * config.operations(side)] * options.project.steps
    tune = options.tune
    for step in range(tune.steps):
        costs.append(3 * config.operations(tune.side_at(step, config.resolution)))
    if tune.steps:
        costs[options.project.steps] += tune.moves * config.operations(config.resolution)
    total = begin + sum(costs)
    return [float(done) for done in (begin + np.cumsum(costs)) / total]


@torch.no_grad()
def psnr(generator: Generator, inversion: Inversion, image: Float[Tensor, "3 r r"]) -> float:
    """Peak signal-to-noise ratio of the fit's picture against the crop, in dB."""
    ws = inversion.ws.to(generator.mapping.w_avg)
    made = apply(generator, inversion.delta)(ws[None])[0].clamp(-1, 1).to(image)
    return -10 * log10(max(float((made - image).square().mean()) / 4, 1e-12))
