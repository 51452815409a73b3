"""How the generator's picture moves: by optical flow, and by its coordinate head.

Flow between the pictures of a tuned generator is the photo's own: its lips, its teeth. But it is
lost where much changes, in an opening mouth for example. The coordinate head is not, in the skin;
the inside of a mouth it does not tell apart. All flow is backward: from the picture of the ws that
``to`` is given to the first one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from drag import EditError
from photo.crop import resized
from photo.mesh import FacePoints
from stylegan import CoordinateHead, Generator, to_uint8
from transfer import face_parts
from transfer.correspondence import CoordinateMap, coordinate_map, motion_between
from transfer.flow import AccumulatedFlow, Motion, Picture, Plane, fused
from weights.formats import Model

Latents = Float[Tensor, "layers w_dim"]


class NoPictureError(EditError):
    """The generator shows nothing at these ws."""


@torch.no_grad()
def painted(generator: Generator, ws: Latents, side: int | None = None) -> Picture:
    """Its picture, [side side 3]; a preview if ``side`` is less than its own.

    Raises:
        NoPictureError: the picture holds what is no number.
    """
    made = generator(ws[None].to(generator.mapping.w_avg), resolution=side)[0]
    if not bool(made.isfinite().all()):
        raise NoPictureError(
            "The model shows no picture here: fit the photo again, or differently."
        )
    return to_uint8(made)


@dataclass(frozen=True)
class CorrespondenceEstimator:
    """By correspondence: a pixel came from where the first picture shows the same point of a face.

    ``box`` is what the head means by -1 and 1 (``stylegan.to_points``); motion is in px of pictures
    of ``side`` px.
    """

    generator: Generator
    head: CoordinateHead
    box: Float[Tensor, "2 3"]
    first: Latents
    side: int

    def to(self, ws: Latents) -> Motion:
        """The motion since the first picture; errors do not add up over the pictures between."""
        return motion_between(self.shown(ws), self._start).resized(self.side)

    @cached_property
    def _start(self) -> CoordinateMap:
        return self.shown(self.first)

    @torch.no_grad()
    def shown(self, ws: Latents) -> CoordinateMap:
        """The points of the face in the picture of these ws, as wide as the head's last block."""
        ws = ws.to(self.box)[None]
        maps = dict(self.generator.maps(ws, resolution=self.head.sides[-1]))
        return coordinate_map(self.head(maps, ws)[0], self.box)


@dataclass
class FlowEstimator:
    """By optical flow, composed: each picture should be a small step from the one before.

    The pictures are ``side`` px wide and high, which may be less than the generator's own.
    """

    generator: Generator
    first: Latents
    side: int
    trail: AccumulatedFlow = field(init=False)

    def __post_init__(self) -> None:
        self.trail = AccumulatedFlow.start(self._picture(self.first))

    def to(self, ws: Latents) -> Motion:
        """The motion since the first picture, whose next one this is."""
        self.trail = self.trail.to(self._picture(ws))
        return self.trail.motion()

    def _picture(self, ws: Latents) -> Picture:
        return painted(self.generator, ws, self.side)


def correspondence(model: Model, ws: Latents, side: int) -> CorrespondenceEstimator | None:
    """Of the model's picture of these ws, in px of this side; None without a coordinate head."""
    if model.coordinates is None or model.box is None:
        return None
    return CorrespondenceEstimator(model.generator, model.coordinates, model.box, ws, side)


def follower(model: Model, ws: Latents, side: int) -> CorrespondenceEstimator | FlowEstimator:
    """What follows the untuned generator's picture of these ws, in px of this side."""
    return correspondence(model, ws, side) or FlowEstimator(model.generator, ws, side)


@dataclass(frozen=True)
class TrackedFrame:
    """A picture of the tuned generator.

    Args:
        picture: itself.
        motion: from it back to the first picture, px.
        mouth: 1 between the lips; None where the model does not know its landmarks.
    """

    picture: Picture
    motion: Motion
    mouth: Plane | None


@dataclass(frozen=True)
class MotionEstimator:
    """The motion between the pictures of a drag: flow, and correspondence where flow is lost.

    Args:
        seen: flow between the tuned generator's pictures.
        known: correspondence of the untuned one's, if it has a coordinate head.
        landmarks: of faces by their w, px of the generator's picture, if the model knows them.
    """

    seen: FlowEstimator
    known: CorrespondenceEstimator | None
    landmarks: Callable[[Latents], FacePoints] | None

    def to(self, ws: Latents) -> TrackedFrame:
        """The picture of these ws."""
        motion, mouth = self.seen.to(ws), None
        if self.landmarks is not None:
            mouth = face_parts.mouth_mask(self._places(ws), self.seen.side)
        if self.known is not None:
            nowhere = np.zeros_like(motion.confidence)
            motion = fused(motion, self.known.to(ws), nowhere if mouth is None else mouth)
        return TrackedFrame(self.seen.trail.last, motion, mouth)

    def face(self) -> Plane | None:
        """How far each pixel is from the face in the first picture, in shares of the side."""
        if self.landmarks is None:
            return None
        return face_parts.face_distance(self._places(self.seen.first), self.seen.side)

    def _places(self, ws: Latents) -> FacePoints:
        """The landmarks in px of what is seen."""
        assert self.landmarks is not None
        own = self.seen.generator.config.resolution
        return resized(self.landmarks(ws), own, self.seen.side)
