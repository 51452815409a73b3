"""Move a latent until its points arrive. Knows nothing about GANs: give it any `render`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from .draggan import DragGAN
from .edit import Edit
from .freedrag import FreeDrag
from .look import Render, View, Windows
from .options import Options
from .patches import Patches
from .start import Start, begin

End = Literal["", "arrived", "stuck", "steps", "diverged"]

FEW_POINTS = 5  # up to so many have to arrive exactly (paper, implementation details)
PROGRESS = 0.01  # px; a state that is closer by less than this is no better


@dataclass(frozen=True)
class Moments:
    """Adam's memory as data, so that resuming and undoing cost nothing (Kingma and Ba 2015)."""

    mean: Tensor
    square: Tensor
    count: int = 0


@runtime_checkable
class Method(Protocol):
    """An algorithm on its way; to follow the picture makes another one."""

    @property
    def handles(self) -> Float[Tensor, "p 2"]:
        """Where they are in the last picture, (x, y) px."""
        ...

    @property
    def confidence(self) -> Float[Tensor, " p"]:
        """How much they look as at the start, 0 to 1."""
        ...

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where to look in the next one: it reads nothing further away than View.reach."""
        ...

    def pull(self, near: Patches) -> Float[Tensor, ""]:
        """What to minimise, so that the handles move on."""
        ...

    def follow(self, near: Patches) -> "Method":
        """Find the handles in the next picture."""
        ...


@dataclass(frozen=True)
class State:
    """One step of a drag; each is a usable answer.

    ``distances`` are px between handle and target, ``confidence`` is 1 where a handle still
    looks as at the start and 0 where it is lost (see LOST). ``texture`` is how well a handle's
    surroundings could be told apart at the start, 0 to 1 (see PLAIN). ``end`` says why the drag is
    over, else "".
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    moments: Moments
    step: int
    distances: Float[Tensor, " p"]
    confidence: Float[Tensor, " p"]
    texture: Float[Tensor, " p"]
    end: End = ""


def drag(
    render: Render,
    latent: Tensor,
    edit: Edit,
    options: Options,
    windows: Windows | None = None,
) -> Iterator[State]:
    """Drag the handles to the targets; stop whenever it looks right.

    Each step renders the features around the handles, finds the handles in them, and moves the
    latent by one Adam step on the pull of the algorithm and the mask term (DragGAN, equation 1).
    With ``windows`` (see look.py) the whole map is rendered once only, unless the mask term wants
    it. Only ``end`` of the last state is set; it is the best state seen, so that a drag that gets
    lost costs nothing.

    Raises:
        EditError: the picture before the drag is not one.
    """
    with torch.no_grad():
        features = render(latent)
        view = View.of(render, windows, features, edit, options)
        start = begin(view, latent, features, edit, options)
    method = method_of(start, options)
    moments = Moments(torch.zeros_like(latent), torch.zeros_like(latent))
    best: State | None = None
    for count in range(options.steps + 1):
        latent = latent.detach().requires_grad_()
        near, still = view(latent, method.places)
        if not bool(near.cells.isfinite().all()):
            break
        if count:
            method = method.follow(near.detach())
        away = (start.targets - method.handles).norm(dim=1)
        looks = method.confidence, start.texture
        state = State(latent.detach(), method.handles, moments, count, away, *looks)
        best = state if best is None or _mean(state) < _mean(best) - PROGRESS else best
        end = _end(state, best, options)
        if end:
            yield replace(best, step=count, end=end)
            return
        yield state
        pull = method.pull(near) + held(latent, still, start, options)
        (gradient,) = torch.autograd.grad(pull, latent)
        moments, change = adam(moments, gradient, options.rate)
        latent = latent.detach() - change
    if best is not None:
        yield replace(best, end="diverged")


def method_of(start: Start, options: Options) -> Method:
    """The algorithm that was asked for, before its first step."""
    if options.algorithm == "freedrag":
        return FreeDrag.begin(start, options)
    return DragGAN(start, options, start.handles, torch.ones_like(start.handles[:, 0]))


def held(
    latent: Tensor, still: Float[Tensor, ""] | None, start: Start, options: Options
) -> Tensor | float:
    """What keeps the picture and the latent as they were."""
    held = 0.0 if still is None else options.mask_weight * still
    if options.prior_weight:
        held = held + options.prior_weight * (latent - start.latent).square().mean()
    return held


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
