"""Find the latent whose picture is most like the photo: the pivot (Karras et al. 2020, appendix D).

The search runs in whitened coordinates of w (see stylegan/statistics.py) and is held near the
model's own faces: a pivot that is a face of the model can be dragged, one that is only similar
in pixels falls apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, isfinite, pi

import torch
from jaxtyping import Float
from torch import Tensor

from .goal import Goal
from .resume import Keeper, Nowhere, Tensors, adam_tensors, restore_adam
from .start import best_start

SEARCH_SIDE = 128  # px: the pivot is searched in previews; likeness beyond comes from the photo


@dataclass(frozen=True)
class ProjectOptions:
    """How to look for the pivot.

    Args:
        steps: of Adam.
        rate: Adam's largest step, in standard deviations.
        prior: weight of the mean squared coordinate, which is 1 for a typical face.
        seed: of the random faces among which the search looks for its start.
    """

    steps: int = 80
    rate: float = 0.1
    prior: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Pivot:
    """A candidate: ``distance`` is that of its picture to the crop, at SEARCH_SIDE or smaller."""

    w: Float[Tensor, " w"]
    distance: float
    step: int


def project(
    goal: Goal,
    options: ProjectOptions,
    start: Float[Tensor, " w"] | None = None,
    keeper: Keeper | None = None,
) -> Iterator[Pivot]:
    """Ever better pivots; each item is the best so far.

    ``start`` is a guess of w. It is the first item, so that there is something to show at once,
    and it is where the search starts unless a face that takes no guess is more similar. Random
    numbers are drawn on the CPU, so that a seed means the same on every device. A search that goes
    on from a checkpoint gives the best of that first.
    """
    if options.steps:
        yield from _Search(goal.small(SEARCH_SIDE), options, keeper or Nowhere()).steps(start)


class _Search:
    """Coordinates of w on their way down from the start, and the best so far."""

    def __init__(self, goal: Goal, options: ProjectOptions, keeper: Keeper):
        self.goal, self.options, self.keeper = goal, options, keeper
        self.v = torch.zeros(len(goal.statistics.axes)).to(goal.image).requires_grad_()
        self.adam = torch.optim.Adam([self.v])
        self.step, self.guessed = 0, 0
        self.best, self.least = Pivot(goal.statistics.w_avg, float("inf"), 0), float("inf")

    def steps(self, guess: Float[Tensor, " w"] | None) -> Iterator[Pivot]:
        """The guess, then the best start and each step down from it; as many as there are steps."""
        if kept := self.keeper.load("project"):
            self._restore(kept)
            yield replace(self.best, step=max(0, self.step - 1))
        else:
            yield from self._begin(guess)
        while self.step < self.options.steps:
            self.keeper.keep("project", self.step, self._tensors)
            self.adam.param_groups[0]["lr"] = self._rate()
            w = self.goal.statistics.to_w(self.v)
            away, cost = (value.sum() for value in self.goal.costs(w[None]))
            loss = cost + self.options.prior * self.v.square().mean()
            if not bool(loss.isfinite()):
                return
            yield self._seen(w.detach(), away.item(), cost.item())
            self.adam.zero_grad()
            loss.backward()
            self.adam.step()
        self.keeper.keep("project", self.step, self._tensors)

    def _begin(self, guess: Float[Tensor, " w"] | None) -> Iterator[Pivot]:
        if guess is not None:
            guess = guess.to(self.goal.image)
            away, cost = (float(value) for value in self.goal.costs(guess[None]))
            if isfinite(cost):
                yield self._seen(guess, away, cost)
                self.guessed = 1
        source = torch.Generator().manual_seed(self.options.seed)
        self.v.data.copy_(best_start(self.goal, source, guess))

    def _rate(self) -> float:
        return self.options.rate * ramp((self.step - self.guessed) / self.options.steps)

    def _seen(self, w: Float[Tensor, " w"], away: float, cost: float) -> Pivot:
        """The best so far, this one included, as the item of this step."""
        if cost < self.least:
            self.best, self.least = Pivot(w, away, self.step), cost
        self.step += 1
        return replace(self.best, step=self.step - 1)

    def _tensors(self) -> Tensors:
        facts = [self.step, self.guessed, self.best.distance, self.least]
        kept = {"facts": torch.tensor(facts, dtype=torch.float64), "best": self.best.w}
        return kept | adam_tensors(self.adam)

    def _restore(self, kept: Tensors) -> None:
        restore_adam(self.adam, kept)
        step, guessed, away, self.least = kept["facts"].tolist()
        self.step, self.guessed = int(step), int(guessed)
        self.best = Pivot(kept["best"].to(self.goal.image), away, self.step)


def ramp(done: float) -> float:
    """Share of the learning rate: up over 5 %, cosine down over the last quarter (appendix D)."""
    down = 0.5 - 0.5 * cos(pi * min(1.0, (1 - done) / 0.25))
    return down * min(1.0, done / 0.05 + 0.05)
