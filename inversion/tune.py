"""Bend the generator until the pivot's picture is the photo (Roich et al. 2021, section 3.2).

A generator that is bent to one picture forgets how faces move. So it is also shown how this one
does: for small random moves of w the photo is moved as the untuned generator moves its own face,
and some of the steps are spent on such pairs. The first steps are done in small pictures, where
they cost a quarter; what may bend are the convolutions, never the styles.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Delta, Generator, diff

from .goal import Goal
from .moves import Example, Mover
from .resume import Keeper, Nowhere, Tensors, adam_tensors, restore_adam

WARM_UP = 5  # steps
GAIN = 0.99  # of the distance: less is no progress


@dataclass(frozen=True)
class TuneOptions:
    """How to tune; chosen with benchmarks/inversion.py.

    Args:
        steps: of Adam; 0 leaves the generator as it is.
        coarse: so many of them, the first, are done in pictures of half the side.
        rate: Adam's largest step.
        above: blocks of more px than this are tuned, and the colours of this one; 0: all.
        side: px of the largest pictures that are compared; larger blocks stay as they are.
        moves: how many faces near the pivot show how the photo should move; 0: none.
        reach: how far from the pivot they are, in standard deviations along each axis.
        every: one of so many steps is spent on them.
        enough: stop at this distance.
        patience: stop after so many steps on the photo without progress.
    """

    steps: int = 100
    coarse: int = 50
    rate: float = 1e-2
    above: int = 0
    side: int = 1024
    moves: int = 12
    reach: float = 0.4
    every: int = 4
    enough: float = 0.0
    patience: int = 30

    def side_at(self, step: int, resolution: int) -> int:
        """Px of the pictures that are compared in this step."""
        side = min(self.side, resolution)
        return side // 2 if step < self.coarse else side


@dataclass(frozen=True)
class Tuned:
    """A tuned generator as a delta; ``distance`` is that of its picture to the photo's crop."""

    delta: Delta
    distance: float
    step: int


def tune(
    goal: Goal,
    ws: Float[Tensor, "layers w"],
    options: TuneOptions,
    mover: Mover | None = None,
    keeper: Keeper | None = None,
) -> Iterator[Tuned]:
    """Ever better generators; each item holds the best so far. The given one is not changed.

    The best is the one whose picture of the photo was closest, at the size that was compared last.
    """
    if options.steps:
        yield from _Tuning(goal, ws, options, mover, keeper or Nowhere()).steps()


class _Tuning:
    """A generator on its way, and the best so far."""

    def __init__(
        self,
        goal: Goal,
        ws: Float[Tensor, "layers w"],
        options: TuneOptions,
        mover: Mover | None,
        keeper: Keeper,
    ):
        self.goal, self.options, self.keeper = goal, options, keeper
        self.generator = deepcopy(goal.generator)
        self.adam = torch.optim.Adam(tunable(self.generator, options.above), lr=options.rate)
        self.photo = Example(ws, goal.image, torch.ones_like(goal.image[:1]))
        side = min(options.side, goal.generator.config.resolution)
        image = F.interpolate(goal.image[None], (side, side), mode="area")[0]
        moves = options.moves if mover is not None else 0
        self.examples = [] if mover is None else list(mover(ws, image, moves, options.reach))
        self.delta, self.side, self.waited, self.first = Delta(), 0, 0, 0
        self.best = self.reached = float("inf")  # reached: at the last progress worth the name
        if kept := keeper.load("tune"):
            self._restore(kept)

    def steps(self) -> Iterator[Tuned]:
        """One item a step on the photo, and one a step on an example."""
        for step in range(self.first, self.options.steps):
            self.keeper.keep("tune", step, partial(self._tensors, step))
            self._rate(step)
            side = self.options.side_at(step, self.generator.config.resolution)
            example = self._example(step)
            away = self.away(example, side)
            if not bool(away.isfinite()):
                return
            if example is self.photo:
                self._judge(float(away.detach()), side)
            yield Tuned(self.delta, self.best, step)
            if self.best <= self.options.enough or self.waited >= self.options.patience:
                return
            self.adam.zero_grad()
            away.backward()
            self.adam.step()

    def away(self, example: Example, side: int) -> Tensor:
        """The distance of the picture to the one wanted, in pictures of this side."""
        parts = (example.image[None], example.weight[None])
        if side != example.image.shape[-1]:
            parts = tuple(F.interpolate(part, (side, side), mode="area") for part in parts)
        made = self.generator(example.ws[None], resolution=side)
        return self.goal.distance(made, *parts).sum()

    def _example(self, step: int) -> Example:
        """The photo and the examples in turns; the last step is on the photo."""
        turn, every = step + 1, self.options.every
        if not self.examples or turn % every or turn == self.options.steps:
            return self.photo
        return self.examples[turn // every % len(self.examples)]

    def _judge(self, away: float, side: int) -> None:
        if side != self.side:  # another size: distances before do not compare
            self.best = self.reached = float("inf")
            self.side = side
        self.waited += 1
        if away < GAIN * self.reached:
            self.reached, self.waited = away, 0
        if away < self.best:
            self.best, self.delta = away, diff(self.goal.generator, self.generator)

    def _rate(self, step: int) -> None:
        share = min(1, (step + 1) / WARM_UP) * (1 - step / self.options.steps) ** 0.5
        self.adam.param_groups[0]["lr"] = self.options.rate * share

    def _tensors(self, step: int) -> Tensors:
        numbers = [step, self.best, self.reached, self.side, self.waited]
        facts = torch.tensor(numbers, dtype=torch.float64)
        delta = {f"delta {name}": part for name, part in self.delta.items()}
        return {"facts": facts, **adam_tensors(self.adam), **delta}

    def _restore(self, kept: Tensors) -> None:
        restore_adam(self.adam, kept)
        step, self.best, self.reached, side, waited = kept["facts"].tolist()
        self.first, self.side, self.waited = int(step), int(side), int(waited)
        starts = "delta "
        self.delta = {n.removeprefix(starts): t for n, t in kept.items() if n.startswith(starts)}


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
