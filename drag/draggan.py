"""Motion supervision and point tracking in turns (DragGAN: Pan et al. 2023, section 3.2)."""

from dataclasses import dataclass, replace
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor

from .options import Options
from .patches import Patches, offsets
from .reference import Reference
from .track import track

NEARER = 0.2  # of ``options.arrive``: a step that gains less brings the handles no nearer


@dataclass(frozen=True)
class DragGAN:
    """Handles that are pulled one px at a time, and looked for all around.

    Where a picture can only change, not move, handles that insist on their looks stand still: each
    step without gain halves the ``anchor``. ``nearest`` is how near they have been, px.
    """

    reference: Reference
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]
    anchor: float
    nearest: float = inf

    @staticmethod
    def begin(reference: Reference, options: Options) -> "DragGAN":
        """The handles where they are."""
        sure = torch.ones_like(reference.handles[:, 0])
        return DragGAN(reference, options, reference.handles, sure, options.anchor)

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where the next picture is looked at."""
        return self.handles

    def loss(self, patches: Patches) -> Float[Tensor, ""]:
        """Motion supervision from the handles (equation 1, first term)."""
        known, options = self.reference, replace(self.options, anchor=self.anchor)
        return motion_supervision(patches, self.handles, known.targets, known.templates, options)

    def track(self, patches: Patches) -> "DragGAN":
        """Find the handles again (equation 2)."""
        templates, options = compared(self.reference.templates, self.options)
        handles, confidence = track(patches, self.handles, templates, options)
        away = float((self.reference.targets - handles).norm(dim=1).mean())
        gained = away < self.nearest - NEARER * options.arrive
        anchor, nearest = self.anchor if gained else self.anchor / 2, min(away, self.nearest)
        return DragGAN(self.reference, self.options, handles, confidence, anchor, nearest)


def compared(
    templates: Float[Tensor, "p k c"], options: Options
) -> tuple[Float[Tensor, "p n c"], Options]:
    """(the part of the templates that is compared to find the handles, options with its radius)."""
    if options.compared >= options.radius:
        return templates, options
    near = offsets(options.radius, disc=True).norm(dim=1) <= options.compared
    return templates[:, near], replace(options, radius=options.compared)


def motion_supervision(
    patches: Patches,
    handles: Float[Tensor, "p 2"],
    targets: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    options: Options,
) -> Float[Tensor, ""]:
    """How far the picture is from having moved one px further (equation 1, first term).

    For each point the mean of |F(q) - F(q + d)| over the disc of ``radius`` px (r1) around the
    handle, summed over the points; d is the step towards the target, at most 1 px, and F(q) is held
    fixed. A share ``options.anchor`` of F(q) is what the handle looked like at the start: else
    small errors of each step add up, and the point arrives where nothing looks like it any more.
    """
    way = targets - handles
    step = way / way.norm(dim=1, keepdim=True).clamp(min=1.0)
    disc = handles[:, None] + offsets(options.radius, disc=True).to(handles)
    fixed = patches.detach().at(disc).lerp(templates, options.anchor)
    moved = patches.at(disc + step[:, None])
    return (moved - fixed).abs().mean((1, 2)).sum()
