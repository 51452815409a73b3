"""What a drag is in this editor: how far, how fast, along what, and what it does to the photo."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from drag import Edit, Options, State
from inversion.flow import Picture, Plane
from inversion.settle import Pull, newly_seen, settle
from inversion.transfer import Change

from .motion import Sight
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
Space = Literal["w+", "w"]
"""What a drag searches: a move that all layers share, with or without small ones of their own."""


@dataclass(frozen=True)
class Moved:
    """One step of a drag. ``version`` is set every few steps and at the end."""

    state: State
    version: Version | None


def change_of(first: Picture, sight: Sight, edit: Edit, state: State, face: Plane | None) -> Change:
    """What a drag does to the photo.

    Args:
        first: the tuned generator's picture before it.
        sight: the same now.
        edit: the drag, in px of the crop.
        state: how far it has come.
        face: see inversion/settle.py.
    """
    side = len(first)
    handles, moved = (points.double().numpy() for points in (edit.handles, state.handles))
    mask = None if edit.mask is None else edit.mask.numpy()
    pull = Pull(handles, moved, REACH * side, mask, face, sight.mouth)
    flow = settle(sight.motion, pull)
    paint = newly_seen(first, sight.picture, sight.motion, flow, pull)
    return Change(flow.astype(np.float32), paint.astype(np.float32))
