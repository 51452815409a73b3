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

from .checkpoint import CheckpointStore, NullStore, Tensors, adam_tensors, restore_adam, suits
from .start import starts
from .target import ProjectionTarget

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
    """A candidate: ``distance`` is that of its picture to the crop, at SEARCH_SIDE or smaller.

    ``begun`` is the share of the search for a start that is done; before its end ``step`` is 0.
    """

    w: Float[Tensor, " w"]
    distance: float
    step: int
    begun: float = 1.0


def project(
    target: ProjectionTarget,
    options: ProjectOptions,
    start: Float[Tensor, " w"] | None = None,
    store: CheckpointStore | None = None,
) -> Iterator[Pivot]:
    """Ever better pivots; each item is the best so far.

    ``start`` is a guess of w. It is the first item, so that there is something to show at once
    (the mean face where there is none), and shown again while a start is looked for. It is where
    the search starts unless a face that takes no guess is more similar. Random
    numbers are drawn on the CPU, so that a seed means the same on every device. A search that goes
    on from a checkpoint gives the best of that first.
    """
    if options.steps:
        yield from _Search(target.small(SEARCH_SIDE), options, store or NullStore()).steps(start)


class _Search:
    """Coordinates of w on their way down from the start, and the best so far."""

    def __init__(self, target: ProjectionTarget, options: ProjectOptions, store: CheckpointStore):
        self.target, self.options, self.store = target, options, store
        self.v = torch.zeros(len(target.statistics.axes)).to(target.image).requires_grad_()
        self.adam = torch.optim.Adam([self.v])
        self.step, self.guessed = 0, 0
        self.best, self.least = Pivot(target.statistics.w_avg, float("inf"), 0), float("inf")

    def steps(self, guess: Float[Tensor, " w"] | None) -> Iterator[Pivot]:
        """The guess, then the best start and each step down from it; as many as there are steps."""
        kept = self.store.load("project")
        if kept is not None and self._restore(kept):
            yield replace(self.best, step=max(0, self.step - 1))
        else:
            yield from self._begin(guess)
        while self.step < self.options.steps:
            self.store.keep("project", self.step, self._tensors)
            self.adam.param_groups[0]["lr"] = self._rate()
            w = self.target.statistics.to_w(self.v)
            distance, cost = (value.sum() for value in self.target.costs(w[None]))
            loss = cost + self.options.prior * self.v.square().mean()
            if not bool(loss.isfinite()):
                return
            yield self._seen(w.detach(), distance.item(), cost.item())
            self.adam.zero_grad()
            loss.backward()
            self.adam.step()
        self.store.keep("project", self.step, self._tensors)

    def _begin(self, guess: Float[Tensor, " w"] | None) -> Iterator[Pivot]:
        if guess is not None and self._first(guess.to(self.target.image)):
            self.step = self.guessed = 1
        else:
            guess = None
            self._first(self.target.statistics.to_w(self.v.detach()))
        usable = isfinite(self.least)
        if usable:
            yield replace(self.best, begun=0.0)
        source = torch.Generator().manual_seed(self.options.seed)
        for begun, v in starts(self.target, source, guess):
            if usable:
                yield replace(self.best, begun=begun)
            self.v.data.copy_(v)

    def _first(self, w: Float[Tensor, " w"]) -> bool:
        """Take it as the best for now; False where its picture is none."""
        distance, cost = (float(value) for value in self.target.costs(w[None]))
        if isfinite(cost):
            self._judge(w, distance, cost)
        return isfinite(cost)

    def _rate(self) -> float:
        return self.options.rate * ramp((self.step - self.guessed) / self.options.steps)

    def _seen(self, w: Float[Tensor, " w"], distance: float, cost: float) -> Pivot:
        """The best so far, this one included, as the item of this step."""
        self._judge(w, distance, cost)
        self.step += 1
        return replace(self.best, step=self.step - 1)

    def _judge(self, w: Float[Tensor, " w"], distance: float, cost: float) -> None:
        if cost < self.least:
            self.best, self.least = Pivot(w, distance, self.step), cost

    def _tensors(self) -> Tensors:
        facts = [self.step, self.guessed, self.best.distance, self.least]
        kept = {"facts": torch.tensor(facts, dtype=torch.float64), "best": self.best.w}
        return kept | adam_tensors(self.adam)

    def _restore(self, kept: Tensors) -> bool:
        """Go on from there; False if it is no checkpoint of this search."""
        needed = {"facts": torch.zeros(4, dtype=torch.float64), "best": self.best.w}
        if not suits(kept, self.adam, needed, {}):
            return False
        step, guessed, distance, least = kept["facts"].tolist()
        if step not in range(1, self.options.steps + 1) or guessed not in (0, 1):
            return False
        restore_adam(self.adam, kept)
        self.step, self.guessed, self.least = int(step), int(guessed), least
        self.best = Pivot(kept["best"].to(self.target.image), distance, self.step)
        return True


def ramp(done: float) -> float:
    """Share of the learning rate: up over 5 %, cosine down over the last quarter (appendix D)."""
    down = 0.5 - 0.5 * cos(pi * min(1.0, (1 - done) / 0.25))
    return down * min(1.0, done / 0.05 + 0.05)
