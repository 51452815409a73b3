"""Bend the generator until the pivot's picture is the photo (Roich et al. 2021, section 3.2).

What may bend decides whether the result can still be dragged. Only what lies above the feature
block is tuned by default: the features, and with them all motion, stay those of the pivot.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import Delta, Generator, diff

from .distance import Distance


@dataclass(frozen=True)
class TuneOptions:
    """How to tune.

    Args:
        steps: of Adam; 0 leaves the generator as it is.
        rate: Adam's largest step.
        above: blocks of more px than this are tuned, and the colours of this one; 0: all.
        enough: stop at this distance.
    """

    steps: int = 150
    rate: float = 1e-2
    above: int = 0
    enough: float = 0.0


@dataclass(frozen=True)
class Tuned:
    """A tuned generator as a delta; ``distance`` is that of its picture to the photo's crop."""

    delta: Delta
    distance: float
    step: int


def tune(
    generator: Generator,
    ws: Float[Tensor, "layers w"],
    image: Float[Tensor, "3 r r"],
    distance: Distance,
    options: TuneOptions,
) -> Iterator[Tuned]:
    """Ever better generators; each item holds the best so far. The given one is not changed."""
    tuned = deepcopy(generator)
    weights = tunable(tuned, options.above)
    adam = torch.optim.Adam(weights, lr=options.rate)
    everywhere = torch.ones_like(image[None, :1])
    best, snapshot = float("inf"), Delta()
    for step in range(options.steps):
        for group in adam.param_groups:
            group["lr"] = options.rate * (1 - step / options.steps) ** 0.5
        away = distance(tuned(ws[None]), image[None], everywhere).sum()
        if not bool(away.isfinite()):
            break
        if away.item() < best:
            best, snapshot = away.item(), diff(generator, tuned)
        yield Tuned(snapshot, best, step)
        if best <= options.enough:
            break
        adam.zero_grad()
        away.backward()
        adam.step()


def tunable(generator: Generator, above: int) -> list[Tensor]:
    """The weights that tuning may change, made trainable; style and mapping layers stay."""
    chosen: list[Tensor] = []
    for name, weight in generator.synthesis.named_parameters():
        side = int(name.split(".")[0].removeprefix("b"))
        free = side > above or (side == above and "torgb" in name)
        weight.requires_grad_(free and "affine" not in name)
        if weight.requires_grad:
            chosen.append(weight)
    return chosen
