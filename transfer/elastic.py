"""Pull a part of a photo that no model knows: it bends, what it uncovers is filled."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from .arap import Pull, bent
from .backdrop import filled
from .cutout import REACH, WAYS, Cutout, Points, around, cutout, far
from .flow import Picture, pixels, sample
from .layers import smooth
from .sheet import Sheet, Vertices, moved, sheet, sources
from .warp import Warp

ALONG = 0.06  # of the side: how far around a handle all goes the same way
NEAR = 1.0  # px: a handle as close to its target has arrived
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
    rest: Sheet
    vertices: Vertices
    handles: Points

    def left(self, targets: Points) -> float:
        """How far the handles still are from their targets, at most, in px."""
        return float(np.linalg.norm(targets - self.handles, axis=1).max())

    @property
    def change(self) -> Warp:
        """What it does to the photo."""
        size = self.picture.shape[:2]
        left = self.moves.where & moved(self.rest, self.vertices, MOVED, size)
        return laid(self.picture, self.moves, *sources(self.rest, self.vertices, size), left)


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
    longest = float(np.linalg.norm(targets - handles, axis=1).max())
    reach = max(REACH * len(picture), WAYS * longest)
    moves, ends = cutout(picture, handles, reach, mask), (handles, targets)
    steps = list(_pulled(picture, moves, ends, reach if mask is None else np.inf))
    if mask is None and steps[-1].left(targets) > NEAR:
        other = list(_pulled(picture, around(picture, handles, reach), ends, reach))
        steps = min(steps, other, key=lambda way: way[-1].left(targets))
    yield from steps


def _pulled(
    picture: Picture, moves: Cutout, ends: tuple[Points, Points], reach: float
) -> Iterator[Pulled]:
    """What moves goes from one of the ends to the other; beyond ``reach`` it is held."""
    rest, (handles, targets) = sheet(moves.where, HALO + RING + 2), ends
    held = moves.held(rest.vertices, 0.9 * rest.step)
    if np.isfinite(reach):
        held = np.maximum(held, far(rest.vertices, handles, reach))
    asked, rows = Pull(handles, targets, held, ALONG * len(picture)), rest.weights(handles)
    for vertices in bent(rest, asked):
        yield Pulled(picture, moves, rest, vertices, rows @ vertices)


def laid(
    picture: Picture,
    moves: Cutout,
    places: Float[np.ndarray, "r r 2"],
    there: Bool[np.ndarray, "r r"],
    left: Bool[np.ndarray, "r r"],
) -> Warp:
    """What moves, laid over what is behind it.

    Its edge is the photo's own. What is behind is laid over up to RING px from it, as the flow ends
    there in a jump, which is not to be seen between two px of a small picture.

    Args:
        picture: the photo.
        moves: what of it moves.
        places: (x, y) in the photo of what each pixel shows after,
        there: where it shows any of what moves, and some px around that.
        left: what has moved away.
    """
    own = smooth(0.5 + moves.inside / (2 * SOFT)).astype(np.float32)
    shown = np.where(there, sample(own, places), 0)
    still = moves.joined & (moves.inside < 0)
    drawn = _wider(shown > 0.5, RING) & there & ~still
    flow = np.where(drawn[..., None], places - pixels(*there.shape), 0)
    moving = np.linalg.norm(flow, axis=2) > MOVED
    left = _wider(left, HALO) & ~still
    share = np.where(drawn, moving * (1 - shown), left | _wider(moving, 2)).astype(np.float32)
    share = cv2.GaussianBlur(share, (0, 0), 0.6)[..., None]
    return Warp(flow.astype(np.float32), np.concatenate([_behind(picture, left) * share, share], 2))


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
