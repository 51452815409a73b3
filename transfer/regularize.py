"""A smooth flow for the photo from the motion between the generator's pictures."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse.linalg import LinearOperator, cg

from .flow import Flow, Motion, Picture, Plane, matched_colours, pixels, sample

SMOOTHNESS = 6.0  # weight of the flow's gradient against one confident measurement
STILL = 8.0  # weight of stillness far from the edit, likewise
FACE_STILL = 0.5  # the same in the face, far from the drags: it goes about half of the way
FACE_EDGE = 0.08  # of the side: over so much the motion of the face fades around it
NEIGHBOURS = SMOOTHNESS * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
TOLERANCE = 1e-4  # relative residual: leaves some ten-thousandths of a px
BUMP = 8 / 128  # of the side: how far around a handle its own motion is corrected
NEW_REACH = 0.12  # of the side: how far from a handle new content may appear
TORN = 1.5  # times as large: what is stretched more than this is disoccluded,
OPENED = 1.6  # and so much between the lips, where teeth may be stretched a little


@dataclass(frozen=True)
class WarpConstraints:
    """What was dragged, in px of the crop, and what may follow.

    Args:
        handles: where the drags began.
        moved: where the handles are now.
        reach: how far from them the picture may move freely.
        mask: True may move.
        face: distance of each pixel from the face as a share of the side; see FACE_STILL.
        mouth: 1 between the lips after the drag, where new content may appear.
    """

    handles: Float[np.ndarray, "p 2"]
    moved: Float[np.ndarray, "p 2"]
    reach: float
    mask: Bool[np.ndarray, "r r"] | None = None
    face: Plane | None = None
    mouth: Plane | None = None


def regularize_flow(motion: Motion, constraints: WarpConstraints) -> Flow:
    """A smooth flow, in px, that keeps to the confident motion, the handles, and stillness.

    Minimises confidence |u - flow|^2 + stillness |u|^2 + SMOOTHNESS |grad u|^2 over u, then adds
    what is lacking at the handles.
    """
    still = _stillness(constraints, len(motion.confidence))
    free = np.exp(-still)
    confidence = motion.confidence * free
    flow = _screened_poisson(confidence + still, confidence[..., None] * motion.flow)
    return flow + free[..., None] * _correction(flow, constraints)


def disocclusions(
    before: Picture, after: Picture, motion: Motion, flow: Flow, constraints: WarpConstraints
) -> Float[np.ndarray, "r r 4"]:
    """What to paint over the warped photo: the generator's picture after, where motion ends.

    Only where the flow tears the picture apart, close to a handle or between the lips: elsewhere
    the photo's own pixels, a little stretched, look better than a soft picture's. A change of
    colour that the confident surroundings have too is light, and not painted.

    Returns:
        RGB in grey levels times the share that is covered, and that share (0 to 1).
    """
    places = pixels(*flow.shape[:2]) + flow
    warped = sample(before, places, border=cv2.BORDER_REFLECT_101).astype(np.float32)
    confidence = motion.confidence.astype(np.float32)[..., None]
    made = matched_colours(after.astype(np.float32), warped, confidence)
    share = _torn(motion, _expansion(flow), constraints)[..., None]
    return np.concatenate([made.clip(0, 255) * share, share], axis=2)


def _torn(motion: Motion, expansion: Plane, constraints: WarpConstraints) -> Plane:
    """1 where something is disoccluded, 0 where there is enough of the photo; soft between."""
    side = len(expansion)
    far = _distance(constraints.moved, side) / (NEW_REACH * side)
    torn = np.clip(2 * (expansion - TORN), 0, 1) * (1 - motion.confidence)
    torn = torn * np.clip(2 - 2 * far, 0, 1)
    if constraints.mouth is not None:
        torn = np.maximum(torn, np.clip(4 * (expansion - OPENED), 0, 1) * constraints.mouth)
    if constraints.mask is not None:
        torn = torn * constraints.mask
    return cv2.GaussianBlur(torn.astype(np.float32), (0, 0), side / 128)


def _expansion(flow: Flow) -> Plane:
    """How many times larger each place has become: 1 / det(I + grad flow), at most 10."""
    (xy, xx), (yy, yx) = (np.gradient(flow[..., k]) for k in (0, 1))
    return 1 / np.clip((1 + xx) * (1 + yy) - xy * yx, 0.1, None)


def _correction(flow: Flow, constraints: WarpConstraints) -> Flow:
    """What to add so that the photo follows the handles: Gaussian radial basis functions.

    Each is wide enough for its height that it neither folds the picture nor pulls a tip out of it.
    Their heights, from what they add up to at the handles, are a linear system.
    """
    side, moved = len(flow), constraints.moved
    lacking = constraints.handles - moved - sample(flow, moved[None])[0]
    width = np.maximum(BUMP * side, 1.5 * np.linalg.norm(lacking, axis=1))

    def bumps(places: np.ndarray) -> np.ndarray:
        distance = np.linalg.norm(places[..., None, :] - moved, axis=-1)
        return np.exp(-0.5 * (distance / width) ** 2)

    heights = np.linalg.lstsq(bumps(moved), lacking, rcond=1e-2)[0]
    return bumps(pixels(side, side).astype(float)) @ heights


def _stillness(constraints: WarpConstraints, side: int) -> Plane:
    """0 near the drags and in the face; grows around them, outside the mask, and at the rim."""
    start, end = constraints.handles, constraints.moved
    ways = np.concatenate([start + share * (end - start) for share in np.linspace(0, 1, 5)])
    far = np.clip(_distance(ways, side) / constraints.reach - 1, 0, 1) ** 2
    still = STILL * far
    if constraints.face is not None:
        off = np.clip(constraints.face / FACE_EDGE, 0, 1) ** 2
        still = np.minimum(still, STILL * off + FACE_STILL * far)
    inner = slice(max(1, side // 32), -max(1, side // 32))
    rim = np.ones((side, side))
    rim[inner, inner] = 0
    still = still + 1e3 * rim
    return still if constraints.mask is None else still + 1e3 * ~constraints.mask


def _distance(points: Float[np.ndarray, "p 2"], side: int) -> Plane:
    """Px from each pixel to the nearest of the points."""
    y, x = np.mgrid[:side, :side]
    distance = np.full((side, side), np.inf)
    for px, py in points:
        distance = np.minimum(distance, np.hypot(x - px, y - py))
    return distance


def _screened_poisson(weight: Plane, wanted: Flow) -> Flow:
    """Solve (weight - SMOOTHNESS Laplacian) u = wanted; nothing flows over the rim.

    A screened Poisson equation (Bhat et al. 2008) whose weight varies from place to place; solved
    for x and y apart by conjugate gradients, preconditioned with the diagonal.
    """
    diagonal = (weight + 4 * SMOOTHNESS).astype(np.float32)

    def apply(u: np.ndarray) -> np.ndarray:
        u = u.reshape(diagonal.shape)
        around = cv2.filter2D(u, -1, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE)
        return (diagonal * u - around).ravel()

    operator = partial(cast(Any, LinearOperator), (diagonal.size,) * 2, dtype=np.float32)
    matrix, inverse = operator(apply), operator(lambda u: u / diagonal.ravel())
    parts = wanted.astype(np.float32).reshape(-1, 2).T
    solved = [cg(matrix, part, rtol=TOLERANCE, maxiter=300, M=inverse)[0] for part in parts]
    return np.stack(solved, 1).reshape(wanted.shape)
