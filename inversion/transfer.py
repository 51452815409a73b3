"""The generator gives the motion, the photo gives the pixels.

A small generator's picture is a soft portrait of somebody similar. How it *moves* when a point is
dragged carries over; its pixels do not. So the motion between its pictures before and after is
measured, cleaned, and applied to the photo at the photo's own size. Only where something comes to
light that the photo cannot show (an opened mouth) is the generator's own change added.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from .align import Quad as Quad
from .align import to_crop as to_crop
from .flow import Flow, Motion, Picture, Plane, at, follow, read
from .photo import Photo

SMOOTHNESS = 6.0  # weight of a bend in the field against one trusted measurement
BUMP = 8 / 128  # of the crop: how far around a handle its own motion is corrected
STILL = 8.0  # weight of stillness far from the edit, likewise
SOLVER_STEPS = 300
FINER = 8  # times: OpenCV reads fields at 1 / 32 of their cells
NEW_REACH = 0.12  # of the crop: how far from a handle new content may appear
TORN = 1.5  # times as large: what is stretched more than this has come to light


@dataclass(frozen=True)
class Change:
    """What an edit does to the photo inside the crop.

    Args:
        flow: px of the generator's picture, from after to before; 0 on the crop's rim.
        added: RGB to add after the motion, in grey levels; 0 where the photo has all it needs.
    """

    flow: Flow
    added: Float[np.ndarray, "r r 3"]


def settle(
    motion: Motion,
    handles: Float[np.ndarray, "p 2"],
    moved: Float[np.ndarray, "p 2"],
    mask: Bool[np.ndarray, "r r"] | None,
    reach: float,
) -> Flow:
    """A smooth field that keeps to the trusted motion, the handles, and stillness elsewhere.

    Minimises trust |u - flow|^2 + still |u|^2 + smoothness |grad u|^2 by conjugate gradients, then
    adds what is lacking at the handles. ``handles`` are where the drags began, ``moved`` where
    they are now; ``reach`` is how far from them, in px, the picture may move freely.
    """
    side = len(motion.trust)
    still = _stillness(handles, moved, mask, side, reach)
    free = np.exp(-still)
    trusted = motion.trust * free
    flow = _membrane(trusted + still, trusted[..., None] * motion.flow)
    return flow + free[..., None] * _correction(flow, handles, moved)


def chain(first: Change, then: Change) -> Change:
    """One change after another, so that the photo's pixels are moved only once."""
    flow, added = follow(then.flow, first.flow), then.added + at(first.added, then.flow)
    return Change(flow.astype(np.float32), added.astype(np.float32))


def render(photo: Photo, quad: Quad, change: Change) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the edited photo, which of its pixels differ from the photo's own).

    ``quad`` holds the crop's corners in photo px. Nothing outside the crop changes.
    """
    height, width = photo.shape[:2]
    left, top = np.floor(quad.min(0)).astype(int).clip(0, None)
    right, bottom = np.ceil(quad.max(0)).astype(int) + 1
    part = slice(top, min(bottom, height)), slice(left, min(right, width))
    result, where = photo.copy(), np.zeros((height, width), bool)
    to_photo = np.linalg.inv(to_crop(quad, len(change.flow)))[:2, :2]
    shift = _spread(change.flow @ to_photo.T, quad, part)
    added = _spread(change.added, quad, part)
    y, x = np.mgrid[part].astype(np.float32)
    moved = _pick(photo, np.stack([x, y], -1) + shift, cv2.INTER_CUBIC)
    made = np.clip(np.round(moved + added), 0, 255).astype(np.uint8)
    edited = (np.abs(shift).max(2) > 0.02) | (np.abs(added).max(2) >= 0.5)
    result[part] = np.where(edited[..., None], made, photo[part])
    where[part] = (result[part] != photo[part]).any(2)
    return result, where


def _spread(field: np.ndarray, quad: Quad, part: tuple[slice, slice]) -> np.ndarray:
    """A field of the crop at the photo's pixels in this part; 0 outside the crop."""
    rows, columns = part
    size = columns.stop - columns.start, rows.stop - rows.start
    side = len(field) * FINER
    fine = cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    place = np.array([[1, 0, columns.start], [0, 1, rows.start], [0, 0, 1]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(fine, to_crop(quad, side) @ place, size, flags=flags)


def cut_mask(mask: Bool[np.ndarray, "h w"], quad: Quad, side: int) -> Bool[np.ndarray, "side side"]:
    """A mask of the photo inside the crop, in px of the crop."""
    grey = mask.astype(np.uint8) * 255
    warped = cv2.warpPerspective(grey, to_crop(quad, side), (side, side), flags=cv2.INTER_LINEAR)
    return warped > 127


def newly_seen(
    before: Picture, after: Picture, motion: Motion, flow: Flow, handles: Float[np.ndarray, "p 2"]
) -> Float[np.ndarray, "r r 3"]:
    """RGB to add to the moved photo: the generator's change where motion cannot explain it.

    Only where the field tears the picture apart close to a handle (an opening mouth or eye):
    elsewhere the photo's own pixels, a little stretched, look better than a soft picture's. The
    change is taken against the trusted surroundings, so that a change of light is not added.
    """
    side = len(flow)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    warped = _pick(before, np.stack([x, y], -1) + flow, cv2.INTER_LINEAR)
    change = cv2.GaussianBlur(after.astype(np.float32) - warped, (0, 0), side / 128)
    trust = motion.trust.astype(np.float32)[..., None]
    around = [cv2.GaussianBlur(part, (0, 0), side / 16) for part in (change * trust, trust)]
    change = change - around[0] / (around[1].reshape(side, side, 1) + 1e-3)
    torn = np.clip(2 * (_growth(flow) - TORN), 0, 1) * (1 - motion.trust)
    away = np.min([np.hypot(x - px, y - py) for px, py in handles], axis=0) / (NEW_REACH * side)
    share = cv2.GaussianBlur(torn * np.clip(2 - 2 * away, 0, 1), (0, 0), side / 128)
    return change * share[..., None]


def _growth(flow: Flow) -> Plane:
    """How many times larger each place has become: 1 / det(I + grad flow)."""
    (xy, xx), (yy, yx) = (np.gradient(flow[..., k]) for k in (0, 1))
    return 1 / np.clip((1 + xx) * (1 + yy) - xy * yx, 0.1, None)


def _pick(picture: np.ndarray, places: np.ndarray, method: int) -> np.ndarray:
    """A picture's pixels at places (x, y); mirrored outside it."""
    x, y = cv2.split(places.astype(np.float32))
    return cv2.remap(picture, x, y, method, borderMode=cv2.BORDER_REFLECT_101)


def _correction(flow: Flow, handles: np.ndarray, moved: np.ndarray) -> Flow:
    """What has to be added so that the photo follows the handles: a Gaussian bump for each.

    Wide enough for its height that it neither folds the picture nor pulls a tip out of it. What
    several bumps add up to at the handles is a linear system.
    """
    side = len(flow)
    lacking = handles - moved - read(flow, moved[None])[0]
    width = np.maximum(BUMP * side, 1.5 * np.linalg.norm(lacking, axis=1))

    def bumps(places: np.ndarray) -> np.ndarray:
        away = np.linalg.norm(places[..., None, :] - moved, axis=-1)
        return np.exp(-0.5 * (away / width) ** 2)

    heights = np.linalg.lstsq(bumps(moved), lacking, rcond=1e-2)[0]
    y, x = np.mgrid[:side, :side]
    return bumps(np.stack([x, y], -1).astype(float)) @ heights


def _stillness(
    handles: np.ndarray, moved: np.ndarray, mask: np.ndarray | None, side: int, reach: float
) -> Plane:
    """0 near the drags; grows with the distance from them, outside the mask, and at the rim."""
    y, x = np.mgrid[:side, :side]
    away = np.full((side, side), np.inf)
    for start, end in zip(handles, moved, strict=True):
        for share in np.linspace(0, 1, 5):
            place = start + share * (end - start)
            away = np.minimum(away, np.hypot(x - place[0], y - place[1]))
    still = STILL * np.clip(away / reach - 1, 0, 1) ** 2
    rim = np.minimum.reduce([x, y, side - 1 - x, side - 1 - y])
    still = still + 1e3 * (rim < max(1, side // 32))
    return still if mask is None else still + 1e3 * ~mask


def _membrane(weight: Plane, wanted: Flow) -> Flow:
    """Solve (weight - smoothness Laplacian) u = wanted by conjugate gradients."""

    def apply(u: Flow) -> Flow:
        edge = np.pad(u, ((1, 1), (1, 1), (0, 0)), mode="edge")
        around = edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]
        return weight[..., None] * u + SMOOTHNESS * (4 * u - around)

    scale = 1 / (weight[..., None] + 4 * SMOOTHNESS)
    u = np.zeros_like(wanted)
    rest = wanted.copy()
    way = scale * rest
    power = float((rest * way).sum())
    for _ in range(SOLVER_STEPS):
        if power < 1e-10:
            break
        bent = apply(way)
        step = power / float((way * bent).sum())
        u, rest = u + step * way, rest - step * bent
        lower = float((rest * scale * rest).sum())
        way, power = scale * rest + lower / power * way, lower
    return u


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (x, y) through a 3x3 matrix."""
    if points.size == 0:
        return points.astype(np.float64)
    flat = points.reshape(-1, 1, 2).astype(np.float64)
    return cv2.perspectiveTransform(flat, matrix).reshape(points.shape)
