"""Photo -> latent and tuned generator: project, then tune. Each item is a usable answer."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Delta, Generator, apply

from .checkpoint import CheckpointStore, NullStore
from .deadline import Deadline
from .distance import psnr
from .motion_augmentation import MotionAugmentation, TuningSample
from .project import SEARCH_SIDE, ProjectOptions, project
from .start import SHORTLIST, START_SAMPLES, START_SIDE
from .target import ProjectionTarget
from .tune import TuneOptions, tune, tuning_samples

Stage = Literal["geometry", "project", "tune"]
STAGES: dict[str, Stage] = {name: name for name in get_args(Stage)}


class FitError(ValueError):
    """A fit that came to nothing; the text is for the person who asked for it."""


@dataclass(frozen=True)
class InvertOptions:
    """How much work to spend on a fit; it ends within so many ``seconds`` even if that is not done.

    The stage in progress ends with its best fit so far: a step that would end too late is not
    begun. Without any steps it is of the geometry only, see geometry.py.
    """

    project: ProjectOptions = field(default_factory=ProjectOptions)
    tune: TuneOptions = field(default_factory=TuneOptions)
    seconds: float = float("inf")

    @property
    def steps(self) -> int:
        """Of both stages, at most."""
        return self.project.steps + self.tune.steps


BUDGETS = {
    "geometry": InvertOptions(ProjectOptions(steps=0), TuneOptions(steps=0), seconds=30.0),
    "quick": InvertOptions(tune=TuneOptions(steps=0), seconds=60.0),
    "balanced": InvertOptions(seconds=180.0),
    "best": InvertOptions(tune=TuneOptions(steps=360, coarse=120), seconds=600.0),
}
"""Seconds are for the slowest models; the embedded one takes about 1, 5, 11 and 24 on two cores."""


def budget_for(name: str, tuned: bool) -> str:
    """The budget's name, or that of another if the model's own picture is to be shown."""
    return "balanced" if tuned and name == "geometry" else name


def budget(name: str, seed: int) -> InvertOptions:
    """One of the BUDGETS with another seed."""
    options = BUDGETS[name]
    return replace(options, project=replace(options.project, seed=seed))


@dataclass(frozen=True)
class Inversion:
    """A fit: ``generator + delta`` at ``ws`` shows the photo's crop.

    ``distance`` is that of the picture to the crop, ``pivot_distance`` that of the untuned picture
    over eyes, nose and mouth: how far the photo is from the model's own faces. In the stage
    "geometry" both are the mean distance of the face's points, in shares of the side. ``step``
    counts over the other stages, out of ``steps``; while a stage is prepared, the same step comes
    again. ``done`` is the share of the work, of which a late step may be more than an early one, or
    of the seconds, if those end first.
    """

    ws: Float[Tensor, "layers w"]
    delta: Delta
    distance: float
    pivot_distance: float
    stage: Stage
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
        augmentation: shows how the photo should move.
        store: keeps checkpoints.
    """

    start: Float[Tensor, " w"] | None = None
    augmentation: MotionAugmentation | None = None
    store: CheckpointStore = field(default_factory=NullStore)


def invert(
    target: ProjectionTarget,
    options: InvertOptions,
    helpers: Helpers | None = None,
    begun: float | None = None,
) -> Iterator[Inversion]:
    """Ever better fits; stop iterating whenever it looks right.

    What is not a number ends a stage with the best so far. The seconds count from ``begun`` on
    (``time.monotonic()``), by default from now.

    Raises:
        FitError: there was none from the beginning.
    """
    config, fit, begun = target.generator.config, None, begun or time.monotonic()
    whole = config.operations(config.resolution)
    deadline = Deadline(options.seconds, step_costs(target, options), whole, begun)
    for fit in _fits(target, options, helpers or Helpers()):
        spent = deadline.spent(fit.step)
        yield replace(fit, done=min(1.0, max(fit.done, spent)))
        if spent >= 1:
            break
    if fit is None:
        raise FitError("This photo could not be fitted: mark its face anew, or use another model.")


def _fits(
    target: ProjectionTarget, options: InvertOptions, helpers: Helpers
) -> Iterator[Inversion]:
    steps, num_ws = options.steps, target.generator.config.num_ws
    work = shares(target, options)
    ws = target.statistics.w_avg.expand(num_ws, -1)
    distance, fit = float("inf"), None
    for pivot in project(target, options.project, helpers.start, helpers.store):
        ws, distance = pivot.w.expand(num_ws, -1), pivot.distance
        done = pivot.begun * work[pivot.step]
        fit = Inversion(ws, {}, distance, distance, "project", pivot.step, steps, done)
        yield fit
    begin, known = options.project.steps, list[TuningSample]()
    for sample in tuning_samples(target, ws, options.tune, helpers.augmentation):
        known.append(sample)
        if fit is not None:
            share = len(known) / (options.tune.moves + 1)
            before = work[begin - 1]
            yield replace(fit, done=before + share * (work[begin] - before))
    for tuned in tune(target, ws, options.tune, known, helpers.store):
        step = begin + tuned.step
        yield Inversion(ws, tuned.delta, tuned.distance, distance, "tune", step, steps, work[step])


def shares(target: ProjectionTarget, options: InvertOptions) -> list[float]:
    """The share of the work that is done with each step, by its floating-point operations.

    The start and the samples of motion are pictures alone.
    """
    config, side = target.generator.config, min(SEARCH_SIDE, target.image.shape[-1])
    begin = START_SAMPLES * config.operations(START_SIDE) + SHORTLIST * config.operations(side)
    costs, tune = step_costs(target, options), options.tune
    if tune.steps:
        costs[options.project.steps] += tune.moves * config.operations(config.resolution)
    total = begin + sum(costs)
    return [float(done) for done in (begin + np.cumsum(costs)) / total]


def step_costs(target: ProjectionTarget, options: InvertOptions) -> list[int]:
    """The operations of each step.

    One towards w computes the picture and its gradient (2 x), one towards weights those of the
    weights as well (3 x).
    """
    config, side = target.generator.config, min(SEARCH_SIDE, target.image.shape[-1])
    tune, every = options.tune, range(options.tune.steps)
    costs = [2 * config.operations(side)] * options.project.steps
    return costs + [3 * config.operations(tune.side_at(k, config.resolution)) for k in every]


@torch.no_grad()
def fit_psnr(generator: Generator, fit: Inversion, image: Float[Tensor, "3 r r"]) -> float:
    """Peak signal-to-noise ratio of the fit's picture to the crop, in dB."""
    ws = fit.ws.to(generator.mapping.w_avg)
    made = apply(generator, fit.delta)(ws[None])[0].clamp(-1, 1).to(image)
    return psnr(made, image)
