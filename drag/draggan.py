"""Motion supervision and point tracking in turns (DragGAN: Pan et al. 2023, section 3.2)."""

from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from .options import Options
from .patches import Patches, offsets
from .reference import Reference
from .track import track


@dataclass(frozen=True)
class DragGAN:
    """Handles that are pulled one px at a time, and looked for all around."""

    reference: Reference
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where the next picture is looked at."""
        return self.handles

    def loss(self, patches: Patches) -> Float[Tensor, ""]:
        """Motion supervision from the handles (equation 1, first term)."""
        known = self.reference
        return motion_supervision(
            patches, self.handles, known.targets, known.templates, self.options
        )

    def track(self, patches: Patches) -> "DragGAN":
        """Find the handles again (equation 2)."""
        handles, confidence = track(patches, self.handles, self.reference.templates, self.options)
        return replace(self, handles=handles, confidence=confidence)


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
