"""Photo -> latent and tuned generator: project, then tune. Each item is a usable answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log10
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Delta, Generator, apply

from .project import Goal, ProjectOptions, project
from .tune import TuneOptions, tune


@dataclass(frozen=True)
class InvertOptions:
    """How much work to spend on a fit."""

    project: ProjectOptions = field(default_factory=ProjectOptions)
    tune: TuneOptions = field(default_factory=TuneOptions)


@dataclass(frozen=True)
class Inversion:
    """A fit: ``generator + delta`` at ``ws`` shows the photo's crop.

    ``distance`` is that of the picture to the crop, ``pivot_distance`` that of the untuned picture
    over eyes, nose and mouth: how far the photo is from the model's own faces. ``step`` counts over
    both stages, out of ``steps``.
    """

    ws: Float[Tensor, "layers w"]
    delta: Delta
    distance: float
    pivot_distance: float
    stage: Literal["project", "tune"]
    step: int
    steps: int


def invert(
    goal: Goal, options: InvertOptions, start: Float[Tensor, " w"] | None = None
) -> Iterator[Inversion]:
    """Ever better fits; stop iterating whenever it looks right. ``start`` is a guess of w."""
    steps, generator = options.project.steps + options.tune.steps, goal.generator
    ws = goal.statistics.w_avg.expand(generator.config.num_ws, -1)
    away = float("inf")
    for pivot in project(goal, options.project, start):
        ws = pivot.w.expand(generator.config.num_ws, -1)
        away = pivot.distance
        yield Inversion(ws, {}, away, away, "project", pivot.step, steps)
    for tuned in tune(generator, ws, goal.image, goal.distance, options.tune):
        step = options.project.steps + tuned.step
        yield Inversion(ws, tuned.delta, tuned.distance, away, "tune", step, steps)


@torch.no_grad()
def psnr(generator: Generator, inversion: Inversion, image: Float[Tensor, "3 r r"]) -> float:
    """Peak signal-to-noise ratio of the fit's picture against the crop, in dB."""
    ws = inversion.ws.to(generator.mapping.w_avg)
    made = apply(generator, inversion.delta)(ws[None])[0].clamp(-1, 1).to(image)
    return -10 * log10(max(float((made - image).square().mean()) / 4, 1e-12))
