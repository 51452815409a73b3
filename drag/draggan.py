"""Motion supervision and point tracking in turns (DragGAN, section 3.2)."""

from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from .motion import supervision
from .options import Options
from .start import Start
from .track import track


@dataclass(frozen=True)
class DragGAN:
    """Handles that are pulled one px at a time, and looked for all around."""

    start: Start
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]

    def pull(self, features: Float[Tensor, "c h w"]) -> Float[Tensor, ""]:
        """How far the picture is from having moved one px further (equation 1, first term)."""
        start, options = self.start, self.options
        return supervision(
            features,
            self.handles,
            start.targets,
            start.size,
            options.radius,
            start.templates,
            options.anchor,
        )

    def follow(self, features: Float[Tensor, "c h w"]) -> "DragGAN":
        """Find the handles again (equation 2)."""
        start, options = self.start, self.options
        handles, confidence = track(
            features,
            self.handles,
            start.templates,
            start.size,
            options.search,
            options.radius,
            options.track_penalty,
        )
        return replace(self, handles=handles, confidence=confidence)
