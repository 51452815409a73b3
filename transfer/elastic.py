"""Pull a part of a photo that no model knows: it bends, what it uncovers is filled."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from . import arap
from .backdrop import filled
from .cutout import REACH, WAYS, Cutout, Points, cutout, far
from .flow import Picture, pixels, sample
from .layers import smooth
from .warp import Warp

MOVED = 0.5  # px: what moves further leaves its place to what is behind
HALO = 5  # px around it that still show some of it
SOFT = 1.0  # px of its edge
RING = 3  # px around it where what is behind is laid over, not next to it
FILL_SIDE = 256  # px of the picture in which what is behind is filled


@dataclass(frozen=True)
class Pulled:
    """A picture on the way to the targets; ``handles`` are where its handles are now."""

    picture: Picture
    moves: Cutout
    rest: arap.Sheet
    vertices: arap.Vertices
    handles: Points

    @property
    def change(self) -> Warp:
        """What it does to the photo."""
        return layered(self.picture, self.moves, self.rest, self.vertices)


def pull(
    picture: Picture, handles: Points, targets: Points, mask: Bool[np.ndarray, "r r"] | None = None
) -> Iterator[Pulled]:
    """Step by step towards the targets, as far as nothing folds; each is usable.

    Args:
        picture: the photo, [r r 3].
        handles: (x, y) px of it.
        targets: where they should go.
        mask: True may move, and moves; without, what the handles seem to be on, near to them.
    """
    side, longest = len(picture), float(np.linalg.norm(targets - handles, axis=1).max())
    reach = max(REACH * side, WAYS * longest)
    moves = cutout(picture, handles, reach, mask)
    rest = arap.sheet(moves.where, HALO + RING + 2)
    held = moves.held(rest.vertices, 0.9 * rest.step)
    if mask is None:
        held = np.maximum(held, far(rest.vertices, handles, reach))
    asked = arap.Pull(handles, targets, held, arap.STIFF_REACH * side)
    rows = rest.weights(handles)
    for vertices in arap.bent(rest, asked):
        yield Pulled(picture, moves, rest, vertices, rows @ vertices)


def layered(picture: Picture, moves: Cutout, rest: arap.Sheet, vertices: arap.Vertices) -> Warp:
    """The bent sheet over what is behind it.

    Its edge is the photo's own. What is behind is laid over up to RING px from it, as the flow ends
    there in a jump, which is not to be seen between two px of a small picture.
    """
    size = picture.shape[:2]
    places, there = arap.sources(rest, vertices, size)
    own = smooth(0.5 + moves.inside / (2 * SOFT)).astype(np.float32)
    shown = np.where(there, sample(own, places), 0)
    still = moves.joined & (moves.inside < 0)
    drawn = _wider(shown > 0.5, RING) & there & ~still
    flow = np.where(drawn[..., None], places - pixels(*size), 0)
    moving = np.linalg.norm(flow, axis=2) > MOVED
    left = moves.where & arap.moved(rest, vertices, MOVED, size)
    left = _wider(left, HALO) & ~still
    share = np.where(drawn, moving * (1 - shown), left | _wider(moving, 2)).astype(np.float32)
    share = cv2.GaussianBlur(share, (0, 0), 0.6)[..., None]
    behind = _behind(picture, left)
    return Warp(flow.astype(np.float32), np.concatenate([behind * share, share], 2))


def _behind(picture: Picture, left: Bool[np.ndarray, "r r"]) -> Float[np.ndarray, "r r 3"]:
    """The picture without what has left."""
    colours, size = picture.astype(np.float32), (FILL_SIDE, FILL_SIDE)
    if not left.any():
        return colours
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    gone = cv2.resize(left.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    made = cv2.resize(filled(small, ~gone), left.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.where(left[..., None], made.clip(0, 255), colours)


def _wider(part: Bool[np.ndarray, "r r"], by: int) -> Bool[np.ndarray, "r r"]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(part.astype(np.uint8), disc) > 0
