"""Move a latent until its points arrive. Knows nothing about GANs: give it any `render`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from .draggan import DragGAN
from .edit import Edit, EditError
from .freedrag import FreeDrag
from .options import Options
from .patches import Patches
from .reference import BROKEN, Reference, begin
from .sampler import FeatureSampler, Render, Windows

End = Literal["", "arrived", "stuck", "steps", "diverged"]

FEW_POINTS = 5  # up to so many have to arrive exactly (paper, implementation details)
PROGRESS = 0.01  # px; a state that is closer by less than this is no better
TINY = 1e-20  # a gradient whose square is no larger leads nowhere


@dataclass(frozen=True)
class Moments:
    """What steps remember, as data, so that resuming and undoing cost nothing.

    ``mean`` and ``square`` are Adam's (Kingma and Ba 2015); of "polyak" the square is the last
    step's size alone.
    """

    mean: Tensor
    square: Tensor
    count: int = 0


@runtime_checkable
class Method(Protocol):
    """An algorithm on its way; ``track`` makes another one."""

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
        """Where to look in the next one; nothing is read beyond FeatureSampler.reach."""
        ...

    def loss(self, patches: Patches) -> Float[Tensor, ""]:
        """What to minimise, so that the handles move on."""
        ...

    def track(self, patches: Patches) -> "Method":
        """Find the handles in the next picture."""
        ...


@dataclass(frozen=True)
class State:
    """One step of a drag; each is a usable answer.

    ``distances`` are px between handle and target, ``confidence`` is 1 where a handle still
    looks as at the start and 0 where it is lost (see LOST). ``texture`` is how well a handle's
    surroundings could be told apart at the start, 0 to 1 (see PLAIN). ``size`` is the (height,
    width) of the picture whose px these are. ``end`` says why the drag is over, else "".
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    moments: Moments
    step: int
    distances: Float[Tensor, " p"]
    confidence: Float[Tensor, " p"]
    texture: Float[Tensor, " p"]
    size: tuple[int, int]
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
    latent by one step on the loss of the algorithm and the mask term (DragGAN, equation 1).
    With ``windows`` the whole map is rendered once only, unless the mask term wants it. Only
    ``end`` of the last state is set; it is the best state seen, so that a drag that gets lost costs
    nothing.

    Raises:
        EditError: the picture before the drag is not one.
    """
    with torch.no_grad():
        features = render(latent)
        sampler = FeatureSampler.of(render, windows, features, edit, options)
        reference = begin(sampler, latent, features, edit, options)
    method = method_of(reference, options)
    moments = Moments(torch.zeros_like(latent), torch.zeros_like(latent))
    best: State | None = None
    for count in range(options.steps + 1):
        latent = latent.detach().requires_grad_()
        patches, mask_term = sampler(latent, method.places)
        if not bool(patches.cells.isfinite().all()):
            break
        if count:
            method = method.track(patches.detach())
        distances = (reference.targets - method.handles).norm(dim=1)
        if not bool((distances + method.confidence).isfinite().all()):
            break
        known = method.confidence, reference.texture
        state = State(latent.detach(), method.handles, moments, count, distances, *known, edit.size)
        best = state if best is None or _mean(state) < _mean(best) - PROGRESS else best
        end = _end(state, best, options)
        if end:
            yield replace(best, step=count, end=end)
            return
        yield state
        loss = method.loss(patches) + penalty(latent, mask_term, reference, options)
        (gradient,) = torch.autograd.grad(loss, latent)
        moments, change = step(moments, gradient, loss.detach(), options)
        latent = latent.detach() - change
    if best is None:
        raise EditError(BROKEN)
    yield replace(best, end="diverged")


def method_of(reference: Reference, options: Options) -> Method:
    """The algorithm that was asked for, before its first step."""
    if options.algorithm == "freedrag":
        return FreeDrag.begin(reference, options)
    return DragGAN.begin(reference, options)


def penalty(
    latent: Tensor, mask_term: Float[Tensor, ""] | None, reference: Reference, options: Options
) -> Tensor | float:
    """What keeps the picture (DragGAN, equation 1, second term) and the latent as they were."""
    total = 0.0 if mask_term is None else mask_term
    if options.prior_weight:
        total = total + options.prior_weight * (latent - reference.latent).square().mean()
    return total


def step(
    moments: Moments, gradient: Tensor, loss: Float[Tensor, ""], options: Options
) -> tuple[Moments, Tensor]:
    """(new moments, the change to subtract): Adam with its usual constants, or ``polyak``.

    Of the "norm" the second moment is one for all coordinates.
    """
    if options.sized == "polyak":
        return polyak(moments, gradient, options.rate * loss)
    mean, squares = moments.mean.lerp(gradient, 0.1), gradient.square()
    if options.sized == "norm":
        squares = squares.mean().expand_as(squares)
    square = moments.square.lerp(squares, 0.001)
    count = moments.count + 1
    scale = (square / (1 - 0.999**count)).sqrt() + 1e-8
    return Moments(mean, square, count), options.rate * mean / (1 - 0.9**count) / scale


def polyak(moments: Moments, gradient: Tensor, loss: Float[Tensor, ""]) -> tuple[Moments, Tensor]:
    """The step along the gradient at whose end the loss would be 0, were it linear (Polyak 1969).

    It knows no unit: one rule for latents of any model. A step's size, per gradient, is at most
    twice that of the step before (Loizou et al. 2021, "SPS", section 6).
    """
    size = loss / (gradient.square().sum() + TINY)
    if moments.count:
        size = torch.minimum(size, 2 * moments.square)
    return Moments(gradient, size, moments.count + 1), size * gradient


def _mean(state: State) -> float:
    return float(state.distances.mean())


def _end(state: State, best: State, options: Options) -> End:
    within = options.arrive if len(state.distances) <= FEW_POINTS else 2 * options.arrive
    if bool((state.distances <= within).all()):
        return "arrived"
    if state.step >= options.steps:
        return "steps"
    return "stuck" if state.step - best.step >= options.patience else ""
