"""Where the search for the pivot starts: a guess, or the most similar of random faces."""

import torch
from jaxtyping import Float
from torch import Tensor

from .goal import Goal

START_SAMPLES = 256
START_BATCH = 32
START_SIDE = 32  # px: the random faces are compared in small pictures, in a fifth of the time,
SHORTLIST = 8  # and so many of them at the size of the goal


@torch.no_grad()
def best_start(
    goal: Goal, source: torch.Generator, guess: Float[Tensor, " w"] | None
) -> Float[Tensor, " k"]:
    """The guess, one of some random faces, or the mean face: whichever is most similar."""
    near = _nearest(goal, source)
    v = torch.cat([near, torch.zeros_like(near[:1])])
    if guess is not None:
        v = torch.cat([v, goal.statistics.to_v(guess)[None]])
    cost = goal.costs(goal.statistics.to_w(v))[1].nan_to_num(float("inf"))
    return v[cost.argmin()].clone()


def _nearest(goal: Goal, source: torch.Generator) -> Float[Tensor, "n k"]:
    """The most similar of some random faces, by small pictures."""
    goal, count = goal.small(START_SIDE), len(goal.statistics.axes)
    v = (torch.randn(START_SAMPLES, count, generator=source) * 0.7).to(goal.image)
    cost = [goal.costs(goal.statistics.to_w(part))[1] for part in v.split(START_BATCH)]
    return v[torch.cat(cost).topk(SHORTLIST, largest=False).indices]
