"""How the generator's picture moves: seen by optical flow, and read from its coordinate head.

Flow between the pictures of a tuned generator is the photo's own: its lips, its teeth. But what
changes much it cannot follow, an opening mouth for example. The coordinate head can, in the skin;
the inside of a mouth it does not tell apart.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inversion import regions
from inversion.correspondence import Shown, motion_between, shown
from inversion.flow import Motion, Picture, Plane, Trail, joined
from stylegan import CoordinateHead, Generator, to_uint8

Latents = Float[Tensor, "layers w"]


@runtime_checkable
class Follower(Protocol):
    """Follows a picture from where it began."""

    def to(self, ws: Latents) -> Motion:
        """The motion from the first picture to this one, in px of the generator's picture."""
        ...


@dataclass(frozen=True)
class ByPoints:
    """A pixel came from where the first picture shows the same point of the face.

    ``box`` is what the head means by -1 and 1, see stylegan/coordinates.py; ``side`` that of the
    pictures whose px count.
    """

    generator: Generator
    head: CoordinateHead
    box: Float[Tensor, "2 3"]
    first: Latents
    side: int

    def to(self, ws: Latents) -> Motion:
        """Nothing is remembered between two pictures, so that errors do not add up."""
        found = motion_between(self.shown(ws), self._start)
        found = found.enlarged(self.side)
        return Motion(found.motion, found.trust)

    @cached_property
    def _start(self) -> Shown:
        return self.shown(self.first)

    @torch.no_grad()
    def shown(self, ws: Latents) -> Shown:
        """The points of the face in the picture of these ws."""
        ws = ws.to(self.box)[None]
        maps = dict(self.generator.maps(ws, resolution=self.head.sides[-1]))
        return shown(self.head(maps, ws)[0], self.box)


@dataclass
class ByFlow:
    """Flow from picture to picture, added up: each should be a small step from the one before.

    The pictures are ``side`` px wide and high, which may be less than the generator's own.
    """

    generator: Generator
    first: Latents
    side: int
    trail: Trail = field(init=False)

    def __post_init__(self) -> None:
        self.trail = Trail.start(self._picture(self.first))

    def to(self, ws: Latents) -> Motion:
        """The motion so far."""
        self.trail = self.trail.to(self._picture(ws))
        return self.trail.motion()

    @torch.no_grad()
    def _picture(self, ws: Latents) -> Picture:
        ws = ws.to(self.generator.mapping.w_avg)
        return to_uint8(self.generator(ws[None], resolution=self.side)[0])


@dataclass(frozen=True)
class Sight:
    """A picture of the tuned generator.

    Args:
        picture: itself.
        motion: since the first picture.
        mouth: 1 between the lips; None where the model does not know its landmarks.
    """

    picture: Picture
    motion: Motion
    mouth: Plane | None


@dataclass(frozen=True)
class Watch:
    """Looks at the pictures of a drag.

    Args:
        seen: flow between the tuned generator's pictures.
        known: motion of the untuned one's, if it has a coordinate head.
        landmarks: of faces by their w, px of the generator's picture, if the model knows them.
    """

    seen: ByFlow
    known: ByPoints | None
    landmarks: Callable[[Latents], Float[np.ndarray, "68 2"]] | None

    def to(self, ws: Latents) -> Sight:
        """The picture of these ws."""
        motion, mouth = self.seen.to(ws), None
        if self.landmarks is not None:
            mouth = regions.mouth(self._places(ws), self.seen.side)
        if self.known is not None:
            nowhere = np.zeros_like(motion.trust)
            motion = joined(motion, self.known.to(ws), nowhere if mouth is None else mouth)
        return Sight(self.seen.trail.last, motion, mouth)

    def face(self) -> Plane | None:
        """How far each pixel is from the face in the first picture, in shares of the side."""
        if self.landmarks is None:
            return None
        return regions.face(self._places(self.seen.first), self.seen.side)

    def _places(self, ws: Latents) -> Float[np.ndarray, "68 2"]:
        """The landmarks in px of what is seen."""
        assert self.landmarks is not None
        scale = self.seen.side / self.seen.generator.config.resolution
        return (self.landmarks(ws) + 0.5) * scale - 0.5
