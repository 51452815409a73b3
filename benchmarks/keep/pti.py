"""Pivotal tuning with its published schedule (PTI: Roich et al. 2021), to compare our fits with.

    for item in pti(generator, crop, perceptual):
        picture = item.generator(item.ws[None])

First a w is searched as StyleGAN2's projector does (Karras et al. 2020, appendix D), with a tenth
of its learning rate, together with the noise maps, which are then thrown away. After that all
weights are tuned around this w, with the checkpoint's own noise maps.

PTI looks through two networks: the first stage through VGG-16, the second through LPIPS with
AlexNet. Here both look through the one ``perceptual`` distance that is given, for instance LPIPS
with SqueezeNet, or plain SqueezeNet features. It should be about as large as LPIPS, since it is
added to a mean squared error; and PTI's end at an LPIPS of 0.06 means nothing for any other
distance, so that all steps are taken unless ``Schedule.enough`` is set.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from math import cos, pi
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Generator, w_statistics

SEARCH_SIDE = 256  # px: larger pictures are compared at this size while w is searched
LOWEST = 8  # px of the last level of the noise maps' pyramids

Picture = Float[Tensor, "1 3 r r"]
Perceptual = Callable[[Picture, Picture], Tensor]
"""(what is made, what is wanted), in [-1, 1] -> a number, with a gradient to the first."""


@dataclass(frozen=True)
class Schedule:
    """PTI's settings as published.

    Args:
        search_steps: of Adam, towards w.
        search_rate: its largest step.
        samples: random faces, from which the mean w and its spread are known.
        explore: noise on w at the start, in spreads of w.
        noise_weight: of what the noise maps have in common with themselves one px on.
        tune_steps: of Adam, on all weights of the generator.
        tune_rate: their size.
        enough: tuning ends at this perceptual distance; None: after ``tune_steps``.
        seed: of the samples, the noise on w and the noise maps' start.
    """

    search_steps: int = 450
    search_rate: float = 0.01
    samples: int = 600
    explore: float = 0.05
    noise_weight: float = 1e5
    tune_steps: int = 350
    tune_rate: float = 3e-4
    enough: float | None = None
    seed: int = 123


PUBLISHED = Schedule()
ENOUGH_LPIPS = 0.06


@dataclass(frozen=True)
class Item:
    """What ``generator`` shows at ``ws`` after this step of this stage.

    While w is searched, the generator is the one that was given; while it is tuned, it is one copy
    that the next step goes on to change.
    """

    stage: Literal["project", "tune"]
    step: int
    generator: Generator
    ws: Float[Tensor, "layers w"]


def pti(
    generator: Generator,
    image: Float[Tensor, "3 r r"],
    perceptual: Perceptual,
    schedule: Schedule = PUBLISHED,
) -> Iterator[Item]:
    """One item a step; stop whenever it looks right. The given generator is not changed."""
    wanted = image[None].to(generator.mapping.w_avg)
    ws = generator.mapping.w_avg.expand(generator.config.num_ws, -1)
    for step, w in enumerate(_search(generator, wanted, perceptual, schedule)):
        ws = w.expand(generator.config.num_ws, -1)
        yield Item("project", step, generator, ws)
    tuned = deepcopy(generator).requires_grad_(True)
    for step in _tune(tuned, ws, (wanted, perceptual), schedule):
        yield Item("tune", step, tuned, ws)


def ramp(done: float) -> float:
    """Share of the learning rate: up over 5 %, cosine down over the last quarter."""
    down = 0.5 - 0.5 * cos(pi * min(1.0, (1 - done) / 0.25))
    return down * min(1.0, done / 0.05)


def noise_likeness(maps: list[Float[Tensor, "s s"]]) -> Tensor:
    """How much noise maps look like themselves one px on, at all sizes (appendix D)."""
    total = maps[0].new_zeros([])
    for level in (noise[None, None] for noise in maps):
        while True:
            for axis in (2, 3):
                total = total + (level * level.roll(1, axis)).mean().square()
            if level.shape[-1] <= LOWEST:
                break
            level = F.avg_pool2d(level, 2)
    return total


def _search(
    generator: Generator, wanted: Picture, perceptual: Perceptual, schedule: Schedule
) -> Iterator[Float[Tensor, " w"]]:
    """The w after each step."""
    statistics = w_statistics(generator.mapping, schedule.samples, schedule.seed)
    source = torch.Generator().manual_seed(schedule.seed)
    generator = deepcopy(generator).requires_grad_(False)
    w, maps = statistics.w_avg.clone().requires_grad_(), _noise_maps(generator, source)
    wanted, adam = _small(wanted), torch.optim.Adam([w, *maps])
    for step in range(schedule.search_steps):
        done = step / schedule.search_steps
        adam.param_groups[0]["lr"] = schedule.search_rate * ramp(done)
        spread = statistics.w_std * schedule.explore * max(0.0, 1 - done / 0.75) ** 2
        away = spread * torch.randn(w.shape, generator=source).to(w)
        made = generator((w + away).expand(1, generator.config.num_ws, -1))
        loss = perceptual(_small(made), wanted) + schedule.noise_weight * noise_likeness(maps)
        adam.zero_grad()
        loss.backward()
        adam.step()
        _normalise(maps)
        yield w.detach().clone()


def _tune(
    generator: Generator,
    ws: Float[Tensor, "layers w"],
    goal: tuple[Picture, Perceptual],
    schedule: Schedule,
) -> Iterator[int]:
    """The number of each step, after it has changed the generator."""
    wanted, perceptual = goal
    adam = torch.optim.Adam(generator.parameters(), lr=schedule.tune_rate)
    for step in range(schedule.tune_steps):
        made = generator(ws[None])
        away = perceptual(made, wanted)
        if schedule.enough is not None and float(away.detach()) <= schedule.enough:
            break
        adam.zero_grad()
        (F.mse_loss(made, wanted) + away).backward()
        adam.step()
        yield step


def _noise_maps(generator: Generator, source: torch.Generator) -> list[Float[Tensor, "s s"]]:
    """The generator's own noise maps, drawn anew, free to change."""
    maps = [noise for name, noise in generator.named_buffers() if name.endswith("noise_const")]
    return [
        noise.copy_(torch.randn(noise.shape, generator=source)).requires_grad_() for noise in maps
    ]


@torch.no_grad()
def _normalise(maps: list[Float[Tensor, "s s"]]) -> None:
    for noise in maps:
        noise -= noise.mean()
        noise *= noise.square().mean().rsqrt()


def _small(picture: Picture) -> Picture:
    if picture.shape[-1] <= SEARCH_SIDE:
        return picture
    return F.interpolate(picture, (SEARCH_SIDE, SEARCH_SIDE), mode="area")
