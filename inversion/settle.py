"""A smooth field of motion for the photo from what the generator's pictures show of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from .flow import Flow, Motion, Picture, Plane, matched, pick, read

SMOOTHNESS = 6.0  # weight of a bend in the field against one trusted measurement
BUMP = 8 / 128  # of the crop: how far around a handle its own motion is corrected
STILL = 8.0  # weight of stillness far from the edit, likewise
NEIGHBOURS = SMOOTHNESS * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
SOLVER_STEPS = 300
SOLVED = 1e-4  # what is left then changes no place by more than some thousandths of a px
FACE_STILL = 0.5  # the same in the face, far from the drags: it follows about half of the way
FACE_EDGE = 0.08  # of the crop: over so much the motion of the face fades around it
NEW_REACH = 0.12  # of the crop: how far from a handle new content may appear
TORN = 1.5  # times as large: what is stretched more than this has come to light,
OPENED = 1.6  # and so much between the lips, where teeth may be stretched a little


@dataclass(frozen=True)
class Pull:
    """What was dragged, in px of the crop, and what may follow.

    Args:
        handles: where the drags began.
        moved: where they are now.
        reach: how far from them the picture may move freely.
        mask: True may move.
        face: how far from the face each pixel is, in shares of the side; see FACE_STILL.
        mouth: 1 between the lips after the drag, where new content may appear.
    """

    handles: Float[np.ndarray, "p 2"]
    moved: Float[np.ndarray, "p 2"]
    reach: float
    mask: Bool[np.ndarray, "r r"] | None = None
    face: Plane | None = None
    mouth: Plane | None = None


def settle(motion: Motion, pull: Pull) -> Flow:
    """A smooth field that keeps to the trusted motion, the handles, and stillness elsewhere.

    Minimises trust |u - flow|^2 + still |u|^2 + smoothness |grad u|^2 by conjugate gradients, then
    adds what is lacking at the handles.
    """
    still = _stillness(pull, len(motion.trust))
    free = np.exp(-still)
    trusted = motion.trust * free
    flow = _membrane(trusted + still, trusted[..., None] * motion.flow)
    return flow + free[..., None] * _correction(flow, pull)


def newly_seen(
    before: Picture, after: Picture, motion: Motion, flow: Flow, pull: Pull
) -> Float[np.ndarray, "r r 4"]:
    """What to paint over the moved photo: the generator's picture where motion cannot explain it.

    Only where the field tears the picture apart, close to a handle or between the lips: elsewhere
    the photo's own pixels, a little stretched, look better than a soft picture's. A change of
    colour that the trusted surroundings have too is light, and not painted.
    """
    side = len(flow)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    warped = pick(before, np.stack([x, y], -1) + flow, cv2.INTER_LINEAR).astype(np.float32)
    trust = motion.trust.astype(np.float32)[..., None]
    made = matched(after.astype(np.float32), warped, trust)
    share = _torn(motion, _growth(flow), pull)[..., None]
    return np.concatenate([made.clip(0, 255) * share, share], axis=2)


def _torn(motion: Motion, growth: Plane, pull: Pull) -> Plane:
    """1 where something has come to light, 0 where there is enough of the photo."""
    side = len(growth)
    y, x = np.mgrid[:side, :side]
    away = np.min([np.hypot(x - px, y - py) for px, py in pull.moved], axis=0) / (NEW_REACH * side)
    torn = np.clip(2 * (growth - TORN), 0, 1) * (1 - motion.trust) * np.clip(2 - 2 * away, 0, 1)
    if pull.mouth is not None:
        torn = np.maximum(torn, np.clip(4 * (growth - OPENED), 0, 1) * pull.mouth)
    if pull.mask is not None:
        torn = torn * pull.mask
    return cv2.GaussianBlur(torn.astype(np.float32), (0, 0), side / 128)


def _growth(flow: Flow) -> Plane:
    """How many times larger each place has become: 1 / det(I + grad flow)."""
    (xy, xx), (yy, yx) = (np.gradient(flow[..., k]) for k in (0, 1))
    return 1 / np.clip((1 + xx) * (1 + yy) - xy * yx, 0.1, None)


def _correction(flow: Flow, pull: Pull) -> Flow:
    """What has to be added so that the photo follows the handles: a Gaussian bump for each.

    Wide enough for its height that it neither folds the picture nor pulls a tip out of it. What
    several bumps add up to at the handles is a linear system.
    """
    side, moved = len(flow), pull.moved
    lacking = pull.handles - moved - read(flow, moved[None])[0]
    width = np.maximum(BUMP * side, 1.5 * np.linalg.norm(lacking, axis=1))

    def bumps(places: np.ndarray) -> np.ndarray:
        away = np.linalg.norm(places[..., None, :] - moved, axis=-1)
        return np.exp(-0.5 * (away / width) ** 2)

    heights = np.linalg.lstsq(bumps(moved), lacking, rcond=1e-2)[0]
    y, x = np.mgrid[:side, :side]
    return bumps(np.stack([x, y], -1).astype(float)) @ heights


def _stillness(pull: Pull, side: int) -> Plane:
    """0 near the drags and in the face; grows around them, outside the mask, and at the rim."""
    y, x = np.mgrid[:side, :side]
    away = np.full((side, side), np.inf)
    for start, end in zip(pull.handles, pull.moved, strict=True):
        for share in np.linspace(0, 1, 5):
            place = start + share * (end - start)
            away = np.minimum(away, np.hypot(x - place[0], y - place[1]))
    far = np.clip(away / pull.reach - 1, 0, 1) ** 2
    still = STILL * far
    if pull.face is not None:
        off = np.clip(pull.face / FACE_EDGE, 0, 1) ** 2
        still = np.minimum(still, STILL * off + FACE_STILL * far)
    rim = np.minimum.reduce([x, y, side - 1 - x, side - 1 - y])
    still = still + 1e3 * (rim < max(1, side // 32))
    return still if pull.mask is None else still + 1e3 * ~pull.mask


def _membrane(weight: Plane, wanted: Flow) -> Flow:
    """Solve (weight - smoothness Laplacian) u = wanted by conjugate gradients."""
    own = (weight[..., None] + 4 * SMOOTHNESS).astype(np.float32)

    def apply(u: Flow) -> Flow:
        around = cv2.filter2D(u, -1, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE)
        return own * u - around

    scale, wanted = 1 / own, wanted.astype(np.float32)
    u = np.zeros_like(wanted)
    rest = wanted.copy()
    way = scale * rest
    power = float((rest * way).sum())
    for _ in range(SOLVER_STEPS):
        if power < SOLVED:
            break
        bent = apply(way)
        step = power / float((way * bent).sum())
        u, rest = u + step * way, rest - step * bent
        lower = float((rest * scale * rest).sum())
        way, power = scale * rest + lower / power * way, lower
    return u
