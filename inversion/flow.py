"""How one picture moves into another: dense motion between the generator's pictures."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

Picture = UInt8[np.ndarray, "r r 3"]
Flow = Float[np.ndarray, "r r 2"]
Plane = Float[np.ndarray, "r r"]
Colours = Float32[np.ndarray, "r r _"]

FLOW_SIDE = 512  # px at which motion is measured; DIS compares patches of 8 px
CONSISTENT = 1.0  # px of a 128 px picture: there and back again may differ by this much


@dataclass(frozen=True)
class Motion:
    """Where the pixels of the picture after come from, in px of the generator's picture.

    ``flow`` points from after to before: after(y) shows what before(y + flow(y)) showed.
    ``trust`` is 1 where going there and back again agrees, 0 where something new came to light.
    """

    flow: Flow
    trust: Plane


def joined(seen: Motion, known: Motion, unknown: Plane) -> Motion:
    """What was seen where it agrees with itself, else what is known but where that is unknown."""
    second = (1 - seen.trust) * known.trust * (1 - unknown)
    trust = seen.trust + second
    whole = np.maximum(trust, 1e-6)[..., None]
    flow = (seen.trust[..., None] * seen.flow + second[..., None] * known.flow) / whole
    return Motion(flow, trust)


@dataclass(frozen=True)
class Trail:
    """Motion followed through a row of pictures, each a small step from the one before.

    Small steps keep colours comparable, which one big step does not. ``back`` leads from the
    last picture to the first and ``forth`` the other way, in px of FLOW_SIDE.
    """

    first: Picture
    last: Picture
    back: Float[np.ndarray, "f f 2"]
    forth: Float[np.ndarray, "f f 2"]

    @staticmethod
    def start(picture: Picture) -> "Trail":
        """A trail of one picture."""
        nothing = np.zeros((FLOW_SIDE, FLOW_SIDE, 2), np.float32)
        return Trail(picture, picture, nothing, nothing)

    def to(self, picture: Picture) -> "Trail":
        """The trail with one picture more."""
        before, after = grey(self.last), grey(picture)
        back = follow(dis(after, before), self.back)
        forth = follow(self.forth, dis(before, after))
        return Trail(self.first, picture, back, forth)

    def motion(self) -> Motion:
        """Motion from the first picture to the last."""
        side = len(self.last)
        gap = np.linalg.norm(self.back + at(self.forth, self.back), axis=2) * 128 / FLOW_SIDE
        trust = np.exp(-((gap / CONSISTENT) ** 2))
        return Motion(_shrink(self.back, side) * side / FLOW_SIDE, _shrink(trust, side))


def grey(frame: Picture) -> UInt8[np.ndarray, "f f"]:
    """A picture as its motion is measured: brightness only, FLOW_SIDE px."""
    light = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return cv2.resize(light, (FLOW_SIDE, FLOW_SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def dis(start: np.ndarray, goal: np.ndarray) -> Flow:
    """goal(y + flow(y)) = start(y), by dense inverse search (Kroeger et al. 2016)."""
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return cast(Flow, method.calc(start, goal, np.zeros((*start.shape, 2), np.float32)))


def follow(first: Flow, then: Flow) -> Flow:
    """One field followed by another."""
    return first + at(then, first)


def at(field: Float[np.ndarray, "r r c"], flow: Flow) -> Float[np.ndarray, "r r c"]:
    """field(y + flow(y))."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return read(field, np.stack([x, y], -1) + flow)


def read(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A field at places (x, y); 0 outside it."""
    x, y = cv2.split(places.astype(np.float32))
    return cv2.remap(field.astype(np.float32), x, y, cv2.INTER_LINEAR)


def pick(picture: np.ndarray, places: np.ndarray, method: int) -> np.ndarray:
    """A picture's pixels at places (x, y); mirrored outside it."""
    x, y = cv2.split(places.astype(np.float32))
    return cv2.remap(picture, x, y, method, borderMode=cv2.BORDER_REFLECT_101)


def matched(own: Colours, wanted: Colours, trust: Colours) -> Colours:
    """A picture in the colours that another has around each place where that is trusted."""
    spread = len(own) / 16
    away = [cv2.GaussianBlur(part, (0, 0), spread) for part in ((wanted - own) * trust, trust)]
    return own + away[0] / (away[1].reshape(*own.shape[:2], 1) + 1e-3)


def _shrink(field: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(field, (side, side), interpolation=cv2.INTER_AREA).astype(np.float64)
