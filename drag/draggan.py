"""Motion supervision and point tracking in turns (DragGAN, section 3.2)."""

from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from .motion import supervision
from .options import Options
from .patches import Patches
from .start import Start
from .track import track


@dataclass(frozen=True)
class DragGAN:
    """Handles that are pulled one px at a time, and looked for all around."""

    start: Start
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where the next picture is looked at."""
        return self.handles

    def pull(self, near: Patches) -> Float[Tensor, ""]:
        """How far the picture is from having moved one px further (equation 1, first term)."""
        start = self.start
        return supervision(near, self.handles, start.targets, start.templates, self.options)

    def follow(self, near: Patches) -> "DragGAN":
        """Find the handles again (equation 2)."""
        handles, confidence = track(near, self.handles, self.start.templates, self.options)
        return replace(self, handles=handles, confidence=confidence)
