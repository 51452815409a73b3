"""Find the latent whose picture is most like the photo: the pivot (Karras et al. 2020, appendix D).

The search runs in whitened coordinates of w (see stylegan/statistics.py) and is held near the
model's own faces: a pivot that is a face of the model can be dragged, one that is only similar
in pixels falls apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Generator, WStatistics

from .distance import Distance

SEARCH_SIDE = 128  # px: the pivot is searched in previews; likeness beyond comes from the photo
START_SAMPLES = 256
START_BATCH = 32


@dataclass(frozen=True)
class ProjectOptions:
    """How to look for the pivot.

    Args:
        steps: of Adam.
        rate: Adam's largest step, in standard deviations.
        prior: weight of the mean squared coordinate, which is 1 for a typical face.
        noise: of exploration, in standard deviations; fades within three quarters of the steps.
        seed: of the start samples and the noise.
    """

    steps: int = 200
    rate: float = 0.1
    prior: float = 0.02
    noise: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Pivot:
    """A candidate: ``distance`` is that of its picture to the crop, at SEARCH_SIDE or smaller."""

    w: Float[Tensor, " w"]
    distance: float
    step: int


def project(
    generator: Generator,
    statistics: WStatistics,
    image: Float[Tensor, "3 r r"],
    distance: Distance,
    options: ProjectOptions,
    start: Float[Tensor, " w"] | None = None,
) -> Iterator[Pivot]:
    """Ever better pivots; each item is the best so far.

    ``start`` is a guess of w; it is where the search starts unless a random face is more similar.
    Random numbers are drawn on the CPU, so that a seed means the same on every device.
    """
    source = torch.Generator().manual_seed(options.seed)
    side = min(SEARCH_SIDE, image.shape[-1])
    image = F.interpolate(image[None], (side, side), mode="area")[0]
    weight = face_weight(image)
    guess = None if start is None else statistics.to_v(start.to(image))
    v = _nearest(generator, statistics, image, distance, (source, guess)).requires_grad_()
    adam = torch.optim.Adam([v], lr=options.rate)
    best: Pivot | None = None
    for step in range(options.steps):
        done = step / options.steps
        adam.param_groups[0]["lr"] = options.rate * ramp(done)
        wander = options.noise * max(0.0, 1 - done / 0.75) ** 2
        w = statistics.to_w(v + wander * torch.randn(v.shape, generator=source).to(v))
        made = generator(w.expand(1, generator.config.num_ws, -1), resolution=side)
        away = distance(made, image[None], weight).sum()
        loss = away + options.prior * v.square().mean()
        if not bool(loss.isfinite()):
            break
        if best is None or away.item() < best.distance:
            best = Pivot(w.detach(), away.item(), step)
        yield Pivot(best.w, best.distance, step)
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
def _nearest(
    generator: Generator,
    statistics: WStatistics,
    image: Tensor,
    distance: Distance,
    drawn: tuple[torch.Generator, Tensor | None],
) -> Float[Tensor, " k"]:
    """The most similar of some random faces, the mean face and a guess among them."""
    source, guess = drawn
    v = (torch.randn(START_SAMPLES, len(statistics.axes), generator=source) * 0.7).to(image)
    v[0] = 0
    if guess is not None:
        v[1] = guess
    weight = face_weight(image)
    away: list[Tensor] = []
    for part in v.split(START_BATCH):
        ws = statistics.to_w(part)[:, None].expand(-1, generator.config.num_ws, -1)
        many = image.expand(len(part), -1, -1, -1), weight.expand(len(part), -1, -1, -1)
        away.append(distance(generator(ws, resolution=image.shape[-1]), *many))
    return v[torch.cat(away).argmin()].clone()
