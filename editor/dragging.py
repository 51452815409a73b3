"""What a drag is in this editor: how far, how fast, along what, and what it does to the photo."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from drag import Edit, Options, State
from inversion.flow import Plane
from inversion.settle import Pull, newly_seen, settle
from inversion.transfer import Change, chain
from stylegan import Config

from .motion import Watch
from .session import Version

DRAG_OPTIONS = Options(
    steps=120,
    rate=0.03,
    radius=2.0,
    search=4.0,
    anchor=0.5,
    arrive=0.3,
    mask_weight=1.0,
    prior_weight=0.02,
    patience=40,
)  # chosen with benchmarks/drag_accuracy.py
OPTIONS_SIDE = 128  # px: the options' lengths are those of a picture of this side
LAYERS = 6  # of w that a drag moves (DragGAN, implementation details), unless the model has axes
OWN = 0.2  # of the step of the move that all layers share: that of a layer's own move
REACH = 0.12  # of the crop's side: how far from the drags the photo may move freely
FRAME_EVERY = 4  # steps between two pictures of a drag
SEEN_SIDE = 256  # px of the largest pictures whose motion is looked at
EXACT_MASK = 2e9  # multiplications of a whole map: beyond, some of what must not move is looked at
MASK_WINDOWS = 6  # so many parts of it
Space = Literal["w+", "w"]
"""What a drag searches: a move that all layers share, with or without small ones of their own."""


@dataclass(frozen=True)
class Moved:
    """One step of a drag. ``version`` is set every few steps and at the end."""

    state: State
    version: Version | None


def scaled(options: Options, config: Config, feature_side: int) -> Options:
    """The options for drags of this generator's pictures."""
    many = config.operations(feature_side) > EXACT_MASK
    options = replace(options, mask_windows=MASK_WINDOWS if many else 0)
    return options.scaled(config.resolution / OPTIONS_SIDE)


@dataclass(frozen=True)
class Frames:
    """Makes versions of the photo from what is seen of a drag.

    Args:
        watch: looks at the tuned generator's pictures.
        edit: the drag, in px of these pictures.
        before: what was done to the photo before this drag.
    """

    watch: Watch
    edit: Edit
    before: Change

    @cached_property
    def face(self) -> Plane | None:
        """How far each pixel was from the face before the drag, see inversion/settle.py."""
        return self.watch.face()

    def version(self, ws: Float[Tensor, "layers w"], moved: Float[Tensor, "p 2"]) -> Version:
        """How the photo looks once the handles are here, in px of the pictures."""
        sight, edit, first = self.watch.to(ws), self.edit, self.watch.seen.trail.first
        handles, now = (points.double().numpy() for points in (edit.handles, moved))
        mask = None if edit.mask is None else edit.mask.numpy()
        pull = Pull(handles, now, REACH * len(first), mask, self.face, sight.mouth)
        flow = settle(sight.motion, pull)
        paint = newly_seen(first, sight.picture, sight.motion, flow, pull)
        change = Change(flow.astype(np.float32), paint.astype(np.float32))
        return Version(ws, chain(self.before, change), picture=sight.picture)
