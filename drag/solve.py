"""Move a latent until its points arrive. Knows nothing about GANs: give it any `render`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from .edit import Edit, EditError
from .motion import fixed_cells, mask_term, supervision
from .sample import offsets, sample
from .track import track

Render = Callable[[Tensor], Float[Tensor, "c h w"]]
End = Literal["", "arrived", "stuck", "steps", "diverged"]

FEW_POINTS = 5  # up to so many have to arrive exactly (paper, implementation details)
PROGRESS = 0.01  # px; a state that is closer by less than this is no better


@dataclass(frozen=True)
class Options:
    """How to drag. Lengths are px of the picture.

    Args:
        steps: at most so many.
        rate: Adam's step size, in units of the latent.
        radius: disc around a handle whose features are pulled, and compared to find it (r1).
        search: square around a handle in which it is found again (r2).
        anchor: share of its first looks, not its last, in what a handle is pulled towards.
        track_penalty: cost of a px away from the last place, as a share of the template.
        mask_weight: weight of stillness outside the mask against motion (lambda).
        prior_weight: pull of the latent towards where it started.
        arrive: a handle this close to its target has arrived (twice that with many points).
        patience: steps without progress after which the drag counts as stuck.
    """

    steps: int = 120
    rate: float = 2e-3
    radius: float = 3.0
    search: float = 12.0
    anchor: float = 0.0
    track_penalty: float = 0.0
    mask_weight: float = 20.0
    prior_weight: float = 0.0
    arrive: float = 1.0
    patience: int = 40


@dataclass(frozen=True)
class Moments:
    """Adam's memory as data, so that resuming and undoing cost nothing (Kingma and Ba 2015)."""

    mean: Tensor
    square: Tensor
    count: int = 0


@dataclass(frozen=True)
class State:
    """One step of a drag; each is a usable answer.

    ``distances`` are px between handle and target, ``confidence`` is 1 where a handle still
    looks as at the start and 0 where it is lost. ``end`` says why the drag is over, else "".
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    moments: Moments
    step: int
    distances: Float[Tensor, " p"]
    confidence: Float[Tensor, " p"]
    end: End = ""


@dataclass(frozen=True)
class Start:
    """What the handles and the fixed part looked like before the drag."""

    latent: Tensor
    templates: Float[Tensor, "p k c"]
    features: Float[Tensor, "c h w"]
    fixed: Float[Tensor, "h w"] | None


def drag(render: Render, latent: Tensor, edit: Edit, options: Options) -> Iterator[State]:
    """Drag the handles to the targets; stop whenever it looks right.

    Each step renders the features, finds the handles in them, and moves the latent by one Adam
    step on the loss of equation 1 (DragGAN, section 3.2). Only ``end`` of the last state is set;
    it is the best state seen, so that a drag that gets lost costs nothing.
    """
    start = begin(render, latent, edit, options)
    handles = edit.handles.to(start.features)
    targets = edit.targets.to(start.features)
    confidence = torch.ones_like(handles[:, 0])
    moments = Moments(torch.zeros_like(latent), torch.zeros_like(latent))
    best: State | None = None
    for count in range(options.steps + 1):
        latent = latent.detach().requires_grad_()
        features = render(latent)
        if not bool(features.isfinite().all()):
            break
        if count:
            handles, confidence = follow(features.detach(), handles, start, edit, options)
        away = (targets - handles).norm(dim=1)
        state = State(latent.detach(), handles, moments, count, away, confidence)
        best = state if best is None or _mean(state) < _mean(best) - PROGRESS else best
        end = _end(state, best, options)
        if end:
            yield replace(best, step=count, end=end)
            return
        yield state
        pull = loss(features, latent, handles, start, edit, options)
        (gradient,) = torch.autograd.grad(pull, latent)
        moments, change = adam(moments, gradient, options.rate)
        latent = latent.detach() - change
    if best is not None:
        yield replace(best, end="diverged")


def begin(render: Render, latent: Tensor, edit: Edit, options: Options) -> Start:
    """Remember the picture before the drag."""
    with torch.no_grad():
        features = render(latent)
    if not bool(features.isfinite().all()):
        raise EditError("This picture cannot be dragged: the fit went wrong. Fit the photo again.")
    around = edit.handles[:, None] + offsets(options.radius, disc=True)
    templates = sample(features, around, edit.size)
    fixed = None if edit.mask is None else fixed_cells(edit.mask.to(features.device), features)
    return Start(latent.detach(), templates, features, fixed)


def follow(
    features: Tensor, handles: Tensor, start: Start, edit: Edit, options: Options
) -> tuple[Tensor, Tensor]:
    """Find the handles again: (handles, confidence)."""
    return track(
        features,
        handles,
        start.templates,
        edit.size,
        options.search,
        options.radius,
        options.track_penalty,
    )


def loss(
    features: Tensor, latent: Tensor, handles: Tensor, start: Start, edit: Edit, options: Options
) -> Tensor:
    """Equation 1, and a pull towards the latent at the start."""
    targets = edit.targets.to(handles)
    total = supervision(
        features, handles, targets, edit.size, options.radius, start.templates, options.anchor
    )
    if start.fixed is not None and options.mask_weight:
        still = mask_term(features, start.features, start.fixed)
        total = total + options.mask_weight * still
    if options.prior_weight:
        total = total + options.prior_weight * (latent - start.latent).square().mean()
    return total


def adam(moments: Moments, gradient: Tensor, rate: float) -> tuple[Moments, Tensor]:
    """(new moments, the change to subtract): Adam with its usual constants."""
    mean = moments.mean.lerp(gradient, 0.1)
    square = moments.square.lerp(gradient.square(), 0.001)
    count = moments.count + 1
    scale = (square / (1 - 0.999**count)).sqrt() + 1e-8
    return Moments(mean, square, count), rate * mean / (1 - 0.9**count) / scale


def _mean(state: State) -> float:
    return float(state.distances.mean())


def _end(state: State, best: State, options: Options) -> End:
    near = options.arrive if len(state.distances) <= FEW_POINTS else 2 * options.arrive
    if bool((state.distances <= near).all()):
        return "arrived"
    if state.step >= options.steps:
        return "steps"
    return "stuck" if state.step - best.step >= options.patience else ""
