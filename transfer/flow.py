"""Optical flow between the generator's pictures, and how a field is warped by it.

All flow is backward, as for warping: after(y) shows what before(y + flow(y)) showed.
"""

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

Picture = UInt8[np.ndarray, "r r 3"]
Flow = Float[np.ndarray, "r r 2"]
Plane = Float[np.ndarray, "r r"]
Colours = Float32[np.ndarray, "r r _"]

FLOW_SIDE = 512  # px at which flow is measured; DIS compares patches of 8 px
NO_MAP = cast(Any, None)  # of y: the one of x holds both
CONSISTENT = 1.0  # px of a 128 px picture: at this forward-backward error confidence is 1/e


@dataclass(frozen=True)
class Motion:
    """Where the pixels of a picture are in another one.

    ``flow`` is (x, y) px from each pixel to the place in the other picture that shows the same;
    ``confidence`` is 0 where the other picture does not show it, else up to 1.
    """

    flow: Flow
    confidence: Plane

    def resized(self, side: int) -> "Motion":
        """The same for pictures of another side, in their px, as float32.

        The mean of what is interpolated is weighted by confidence (normalized convolution, Knutsson
        and Westin 1993).
        """
        weight, size = self.confidence + 1e-3, (side, side)
        total = cv2.resize(self.flow * weight[..., None], size)
        flow = side / len(weight) * total / cv2.resize(weight, size)[..., None]
        return Motion(flow.astype(np.float32), cv2.resize(self.confidence, size))


def fused(first: Motion, second: Motion, excluded: Plane) -> Motion:
    """The first motion where it is confident, else the second but where it is excluded (1)."""
    weight = (1 - first.confidence) * second.confidence * (1 - excluded)
    confidence = first.confidence + weight
    total = first.confidence[..., None] * first.flow + weight[..., None] * second.flow
    return Motion(total / np.maximum(confidence, 1e-6)[..., None], confidence)


@dataclass(frozen=True)
class AccumulatedFlow:
    """Flow composed through a sequence of pictures, each a small step from the one before.

    Small steps keep brightness constant, which one large step does not. ``backward`` leads from the
    last picture to the first, ``forward`` the other way, in px of FLOW_SIDE.
    """

    first: Picture
    last: Picture
    backward: Float[np.ndarray, "f f 2"]
    forward: Float[np.ndarray, "f f 2"]

    @staticmethod
    def start(picture: Picture) -> "AccumulatedFlow":
        """A sequence of one picture."""
        zero = np.zeros((FLOW_SIDE, FLOW_SIDE, 2), np.float32)
        return AccumulatedFlow(picture, picture, zero, zero)

    def to(self, picture: Picture) -> "AccumulatedFlow":
        """The sequence with one picture more."""
        before, after = grey(self.last), grey(picture)
        backward = compose(dis_flow(after, before), self.backward)
        forward = compose(self.forward, dis_flow(before, after))
        return AccumulatedFlow(self.first, picture, backward, forward)

    def motion(self) -> Motion:
        """From the last picture to the first, in px of the pictures.

        Confidence falls with the forward-backward error (Sundaram et al. 2010), which is how far
        from its start a pixel ends that goes to the first picture and back.
        """
        side = len(self.last)
        error = np.linalg.norm(self.backward + warp(self.forward, self.backward), axis=2)
        confidence = np.exp(-((error * 128 / FLOW_SIDE / CONSISTENT) ** 2))
        return Motion(_shrink(self.backward, side) * side / FLOW_SIDE, _shrink(confidence, side))


def grey(picture: Picture) -> UInt8[np.ndarray, "f f"]:
    """Its brightness at FLOW_SIDE px (bicubic), as ``dis_flow`` reads it."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.resize(light, (FLOW_SIDE, FLOW_SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def dis_flow(source: UInt8[np.ndarray, "r r"], target: UInt8[np.ndarray, "r r"]) -> Flow:
    """target(y + flow(y)) = source(y), by dense inverse search (DIS, Kroeger et al. 2016)."""
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return cast(Flow, method.calc(source, target, np.zeros((*source.shape, 2), np.float32)))


def compose(first: Flow, second: Flow) -> Flow:
    """The flow a -> c of a flow a -> b and a flow b -> c."""
    return first + warp(second, first)


def warp(field: Float[np.ndarray, "r r c"], flow: Flow) -> Float[np.ndarray, "r r c"]:
    """Backward warping: field(y + flow(y)), bilinear, 0 outside of the field."""
    return sample(field.astype(np.float32), pixels(*flow.shape[:2]) + flow)


def pixels(height: int, width: int) -> Float32[np.ndarray, "h w 2"]:
    """(x, y) of each pixel."""
    places = np.empty((height, width, 2), np.float32)
    places[..., 0], places[..., 1] = np.arange(width), np.arange(height)[:, None]
    return places


def sample(
    field: np.ndarray,
    places: Float[np.ndarray, "a b 2"],
    method: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_CONSTANT,
) -> np.ndarray:
    """A field at places (x, y) px, [a b c], by OpenCV's names; outside of it 0 unless mirrored."""
    return cv2.remap(
        field, places.astype(np.float32, copy=False), NO_MAP, method, borderMode=border
    )


def matched_colours(own: Colours, wanted: Colours, confidence: Colours) -> Colours:
    """A picture in the colours that another one has around each place, where that is trusted.

    Adds the difference of the two, weighted by confidence [r r 1] and blurred over 1/16 of the side
    (normalized convolution).
    """
    sigma = len(own) / 16
    total = cv2.GaussianBlur((wanted - own) * confidence, (0, 0), sigma)
    return own + total / (cv2.GaussianBlur(confidence, (0, 0), sigma)[..., None] + 1e-3)


def _shrink(field: Float[np.ndarray, "f f *c"], side: int) -> Float[np.ndarray, "r r *c"]:
    return cv2.resize(field, (side, side), interpolation=cv2.INTER_AREA).astype(np.float64)
