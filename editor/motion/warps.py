"""How a photo without a face moves as the generator's picture does: dense flow, cleaned."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from torch import Tensor

from drag import Edit
from photo.crop import resized
from transfer.flow import Plane
from transfer.regularize import WarpConstraints, disocclusions, regularize_flow
from transfer.warp import Warp, chain

from ..session import Version
from .estimators import Latents, MotionEstimator

REACH = 0.12  # of the crop's side: how far from the drags the photo may move freely


@dataclass(frozen=True)
class WarpBuilder:
    """Makes versions of the photo from what is seen of a drag.

    Args:
        watch: looks at the tuned generator's pictures.
        edit: the drag, in px of these pictures.
        before: what was done to the photo before this drag.
    """

    watch: MotionEstimator
    edit: Edit
    before: Warp

    @cached_property
    def face(self) -> Plane | None:
        """How far each pixel was from the face before the drag, see transfer/regularize.py."""
        return self.watch.face()

    def version(self, ws: Latents, moved: Float[Tensor, "p 2"]) -> Version:
        """How the photo looks once the handles are here, in px of the generator's picture."""
        sight, edit, first = self.watch.to(ws), self.edit, self.watch.seen.trail.first
        moved = resized(moved, self.watch.seen.generator.config.resolution, len(first))
        handles, now = (points.double().numpy() for points in (edit.handles, moved))
        mask = None if edit.mask is None else edit.mask.numpy()
        pull = WarpConstraints(handles, now, REACH * len(first), mask, self.face, sight.mouth)
        flow = regularize_flow(sight.motion, pull)
        overlay = disocclusions(first, sight.picture, sight.motion, flow, pull)
        change = Warp(flow.astype(np.float32), overlay.astype(np.float32))
        return Version(ws, chain(self.before, change), picture=sight.picture)
