"""Find the latent whose picture is most like the photo: the pivot (Karras et al. 2020, appendix D).

The search runs in whitened coordinates of w (see stylegan/statistics.py) and is held near the
model's own faces: a pivot that is a face of the model can be dragged, one that is only similar
in pixels falls apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import cos, isfinite, pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Generator, WStatistics

from .distance import Distance
from .marks import Marks

SEARCH_SIDE = 128  # px: the pivot is searched in previews; likeness beyond comes from the photo
START_SAMPLES = 256
START_BATCH = 32
START_SIDE = 32  # px: the random faces are compared in small pictures, in a fifth of the time,
SHORTLIST = 8  # and so many of them at SEARCH_SIDE
MARKS_WEIGHT = 25.0  # of the points' mean distance in shares of the side: 0.1 a px of 256


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


@dataclass(frozen=True)
class Goal:
    """What is searched for: w whose picture is close to the ``image``, an aligned crop.

    ``marks`` keep the parts of the face in their places: by colours alone a lip may take the place
    of a nose, and is then dragged as one.
    """

    generator: Generator
    statistics: WStatistics
    image: Float[Tensor, "3 r r"]
    distance: Distance
    marks: Marks | None = None

    def small(self, side: int) -> "Goal":
        """The same in pictures of at most this side."""
        side = min(side, self.image.shape[-1])
        return replace(self, image=F.interpolate(self.image[None], (side, side), mode="area")[0])

    def pictures(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n 3 r r"]:
        """What the generator shows at these w."""
        ws = w[:, None].expand(-1, self.generator.config.num_ws, -1)
        return self.generator(ws, resolution=self.image.shape[-1])

    def away(self, w: Float[Tensor, "n w"]) -> Float[Tensor, " n"]:
        """The distances of the pictures of these w; what is over the face counts most."""
        wanted = (self.image[None], face_weight(self.image))
        image, weight = (part.expand(len(w), -1, -1, -1) for part in wanted)
        return self.distance(self.pictures(w), image, weight)

    def costs(self, w: Float[Tensor, "n w"]) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
        """(the distances, the same and what the points' distances cost)."""
        away = self.away(w)
        return away, away if self.marks is None else away + MARKS_WEIGHT * self.marks.away(w)


def project(
    goal: Goal, options: ProjectOptions, start: Float[Tensor, " w"] | None = None
) -> Iterator[Pivot]:
    """Ever better pivots; each item is the best so far.

    ``start`` is a guess of w. It is the first item, so that there is something to show at once,
    and it is where the search starts unless a face that takes no guess is more similar. Random
    numbers are drawn on the CPU, so that a seed means the same on every device.
    """
    best, least = None, float("inf")
    candidates = _candidates(goal.small(SEARCH_SIDE), options, start)
    for step, (w, away, cost) in enumerate(islice(candidates, options.steps)):
        if best is None or cost < least:
            best, least = Pivot(w, away, step), cost
        yield replace(best, step=step)


def _candidates(
    goal: Goal, options: ProjectOptions, guess: Float[Tensor, " w"] | None
) -> Iterator[tuple[Float[Tensor, " w"], float, float]]:
    """(w, distance, cost) of the guess, then of the best start and of each step down from it."""
    if guess is not None:
        guess = guess.to(goal.image)
        away, cost = (float(value) for value in goal.costs(guess[None]))
        if isfinite(cost):
            yield guess, away, cost
    v = best_start(goal, torch.Generator().manual_seed(options.seed), guess).requires_grad_()
    adam = torch.optim.Adam([v])
    for step in range(options.steps):
        adam.param_groups[0]["lr"] = options.rate * ramp(step / options.steps)
        w = goal.statistics.to_w(v)
        away, cost = (value.sum() for value in goal.costs(w[None]))
        loss = cost + options.prior * v.square().mean()
        if not bool(loss.isfinite()):
            break
        yield w.detach(), away.item(), cost.item()
        adam.zero_grad()
        loss.backward()
        adam.step()


def ramp(done: float) -> float:
    """Share of the learning rate: up over 5 %, cosine down over the last quarter (appendix D)."""
    down = 0.5 - 0.5 * cos(pi * min(1.0, (1 - done) / 0.25))
    return down * min(1.0, done / 0.05 + 0.05)


def face_weight(image: Float[Tensor, "3 r r"]) -> Float[Tensor, "1 1 r r"]:
    """1 over eyes, nose and mouth of an aligned crop, 0.2 far from them."""
    side = image.shape[-1]
    line = (torch.arange(side) + 0.5) / side - 0.5
    x, y = line[None, :] / 0.30, (line[:, None] - 0.08) / 0.36
    inside = torch.sigmoid(8 * (1 - (x.square() + y.square()).sqrt()))
    return (0.2 + 0.8 * inside)[None, None].to(image)


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
