"""Where the search for the pivot starts: a guess, or the most similar of random faces."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from .target import ProjectionTarget

START_SAMPLES = 256
START_SIDE = 32  # px: the random faces are compared in small pictures, in a fifth of the time,
SHORTLIST = 8  # and so many of them at the size of the target
START_BATCH, SHORTLIST_BATCH = 16, 2  # at once: about the work of one step of the search

Coordinates = Float[Tensor, " k"]


@torch.no_grad()
def starts(
    target: ProjectionTarget, source: torch.Generator, guess: Float[Tensor, " w"] | None
) -> Iterator[tuple[float, Coordinates]]:
    """(share of the work that is done, where to start as far as is known), part by part.

    In the end that is the guess, one of some random faces, or the mean face: whichever is most
    similar.
    """
    axes, config = target.statistics.axes, target.generator.config
    likely = axes.new_zeros(1, len(axes))
    if guess is not None:
        likely = torch.cat([likely, target.statistics.to_v(guess.to(axes))[None]])
    small, costs = target.small(START_SIDE), list[Tensor]()
    v = (torch.randn(START_SAMPLES, len(axes), generator=source) * 0.7).to(target.image)
    first, second = (config.operations(len(it.image[0])) for it in (small, target))
    whole = START_SAMPLES * first + (SHORTLIST + len(likely)) * second
    for part in v.split(START_BATCH):
        costs.append(_costs(small, part))
        yield START_BATCH * len(costs) * first / whole, likely[-1]
    near = v[torch.cat(costs).topk(SHORTLIST, largest=False).indices]
    v, cost = torch.cat([near, likely]), list[Tensor]()
    for part in v.split(SHORTLIST_BATCH):
        cost.append(_costs(target, part))
        known = torch.cat(cost)
        yield 1 - (len(v) - len(known)) * second / whole, v[known.argmin()].clone()


def _costs(target: ProjectionTarget, v: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    return target.costs(target.statistics.to_w(v))[1].nan_to_num(float("inf"))
