"""Bend the generator until the pivot's picture is the photo (Roich et al. 2021, section 3.2).

A generator that is bent to one picture forgets how faces move. So it is also shown how this one
does: for small random moves of w the photo is moved as the untuned generator moves its own face,
and some of the steps are spent on such pairs. The first steps are done in small pictures, where
they cost a quarter; what may bend are the convolutions, never the styles.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Delta, Generator, diff

from .checkpoint import CheckpointStore, NullStore, Tensors, adam_tensors, restore_adam, suits
from .motion_augmentation import MotionAugmentation, TuningSample
from .target import ProjectionTarget

WARM_UP = 5  # steps
DELTA = "delta "  # before the names of what differs, in a checkpoint
GAIN = 0.99  # of the distance: less is no progress


@dataclass(frozen=True)
class TuneOptions:
    """How to tune; chosen with benchmarks/keep/inversion.py.

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
    target: ProjectionTarget,
    ws: Float[Tensor, "layers w"],
    options: TuneOptions,
    samples: Sequence[TuningSample] = (),
    store: CheckpointStore | None = None,
) -> Iterator[Tuned]:
    """Ever better generators; each item holds the best so far. The given one is not changed.

    The best is the one whose picture of the photo was closest, at the size that was compared last.
    """
    if options.steps:
        yield from _Tuning(target, ws, options, samples, store or NullStore()).steps()


def tuning_samples(
    target: ProjectionTarget,
    ws: Float[Tensor, "layers w"],
    options: TuneOptions,
    augmentation: MotionAugmentation | None,
) -> Iterator[TuningSample]:
    """How the photo should move, one picture at a time; what is not made of numbers is left out."""
    if augmentation is None or not options.steps:
        return
    side = min(options.side, target.generator.config.resolution)
    image = F.interpolate(target.image[None], (side, side), mode="area")[0]
    for sample in augmentation(ws, image, options.moves, options.reach):
        if bool(sample.image.isfinite().all() and sample.weight.isfinite().all()):
            yield sample


class _Tuning:
    """A generator on its way, and the best so far."""

    def __init__(
        self,
        target: ProjectionTarget,
        ws: Float[Tensor, "layers w"],
        options: TuneOptions,
        samples: Sequence[TuningSample],
        store: CheckpointStore,
    ):
        self.target, self.options, self.store, self.samples = target, options, store, samples
        self.generator = deepcopy(target.generator)
        self.adam = torch.optim.Adam(tunable(self.generator, options.above), lr=options.rate)
        self.photo = TuningSample(ws, target.image, torch.ones_like(target.image[:1]))
        self.delta, self.side, self.waited, self.first = Delta(), 0, 0, 0
        self.best = self.reached = float("inf")  # reached: at the last progress worth the name
        kept = store.load("tune")
        if kept is not None:
            self._restore(kept)

    def steps(self) -> Iterator[Tuned]:
        """One item a step on the photo, and one a step on an sample."""
        for step in range(self.first, self.options.steps):
            self.store.keep("tune", step, partial(self._tensors, step))
            self._rate(step)
            side = self.options.side_at(step, self.generator.config.resolution)
            sample = self._sample(step)
            distance = self.distance(sample, side)
            if not bool(distance.isfinite()):
                return
            if sample is self.photo:
                self._judge(float(distance.detach()), side)
            yield Tuned(self.delta, self.best, step)
            if self.best <= self.options.enough or self.waited >= self.options.patience:
                return
            self.adam.zero_grad()
            distance.backward()
            self.adam.step()

    def distance(self, sample: TuningSample, side: int) -> Tensor:
        """The distance of the picture to the one wanted, in pictures of this side."""
        parts = (sample.image[None], sample.weight[None])
        if side != sample.image.shape[-1]:
            parts = tuple(F.interpolate(part, (side, side), mode="area") for part in parts)
        made = self.generator(sample.ws[None], resolution=side)
        return self.target.distance(made, *parts).sum()

    def _sample(self, step: int) -> TuningSample:
        """The photo and the samples in turns; the last step is on the photo."""
        turn, every = step + 1, self.options.every
        if not self.samples or turn % every or turn == self.options.steps:
            return self.photo
        return self.samples[turn // every % len(self.samples)]

    def _judge(self, distance: float, side: int) -> None:
        if side != self.side:  # another size: distances before do not compare
            self.best = self.reached = float("inf")
            self.side = side
        self.waited += 1
        if distance < GAIN * self.reached:
            self.reached, self.waited = distance, 0
        if distance < self.best:
            self.best, self.delta = distance, diff(self.target.generator, self.generator)

    def _rate(self, step: int) -> None:
        share = min(1, (step + 1) / WARM_UP) * (1 - step / self.options.steps) ** 0.5
        self.adam.param_groups[0]["lr"] = self.options.rate * share

    def _tensors(self, step: int) -> Tensors:
        numbers = [step, self.best, self.reached, self.side, self.waited]
        facts = torch.tensor(numbers, dtype=torch.float64)
        delta = {DELTA + name: part for name, part in self.delta.items()}
        return {"facts": facts, **adam_tensors(self.adam), **delta}

    def _restore(self, kept: Tensors) -> None:
        """Go on from there, unless it is no checkpoint of this tuning."""
        state = self.generator.state_dict()
        delta = {DELTA + name: part.half().to("meta") for name, part in state.items()}
        if not suits(kept, self.adam, {"facts": torch.zeros(5, dtype=torch.float64)}, delta):
            return
        step, best, reached, side, waited = kept["facts"].tolist()
        if step not in range(1, self.options.steps) or side < 0 or waited < 0:
            return
        restore_adam(self.adam, kept)
        self.first, self.side, self.waited = int(step), int(side), int(waited)
        self.best, self.reached = best, reached
        self.delta = {n.removeprefix(DELTA): t for n, t in kept.items() if n.startswith(DELTA)}


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
