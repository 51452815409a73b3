"""What of a photo moves when a point of it is pulled, and what of that stays joined to the rest."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from .flow import Picture, Plane, pixels, sample
from .layers import nearest, smooth

CUT_SIDE = 144  # px of the part that is cut, with a margin beyond what is not held
MARGIN = 1.3
SEED, LIKELY = 0.008, 0.08  # shares of the side: around a handle it moves for sure, or perhaps
ROUNDS = 3  # of GrabCut
LEAST, MOST = 0.01, 0.8  # of that part: what is cut out is that much, or it is not believed
GAPS = 5  # px of it that are closed
SEEN = 3.0  # px to either side of an edge: there colours are compared
WIDE = 5.0  # px of it over which means are taken
FEW = 0.3  # of the ends near one: if that many are alike it counts as such
EDGE = 8.0  # their distance in Lab from which the picture has an edge there
GROWN = 0.08  # of the side: how far what moves goes on where there is none
REACH, WAYS = 0.28, 3.0  # of the side, and of the longest drag: further away all is held
HARD = 1e4  # weight with which it is held

Points = Float[np.ndarray, "p 2"]


@dataclass(frozen=True)
class Cutout:
    """What moves.

    Args:
        where: all of it.
        inside: px from each pixel to the nearest that does not move; below 0 beside it.
        joined: whether the nearest end of it is none that the picture shows: there the photo goes
            on, and the sheet may not be torn off.
    """

    where: Bool[np.ndarray, "r r"]
    inside: Plane
    joined: Bool[np.ndarray, "r r"]

    def held(self, places: Float[np.ndarray, "v 2"], within: float) -> Float[np.ndarray, " v"]:
        """How much points are to stay: those so close to where the photo goes on, or beside it."""
        side = len(self.where)
        x, y = np.round(places).astype(int).clip(0, side - 1).T
        rim = np.minimum(places, side - 1 - places).min(1) < within / 2
        near = self.inside[y, x] < within
        return np.where((self.joined[y, x] & near) | (rim & self.where[y, x]), HARD, 0.0)


def cutout(
    picture: Picture, handles: Points, reach: float, mask: Bool[np.ndarray, "r r"] | None
) -> Cutout:
    """What may move by the mask, or else what the handles seem to be on, and what is around it.

    Where there is no telling that, it is what is ``around`` them.
    """
    where = mask if mask is not None else suggested(picture, handles, reach)
    if where is None:
        return around(picture, handles, reach)
    if where.all():
        return _measured(where, np.ones_like(where))
    joined = _joined(picture, where)
    if mask is None:
        _, away = nearest(where)
        where = where | (joined & (away < GROWN * len(where)))
    return _measured(where, joined)


def around(picture: Picture, handles: Points, reach: float) -> Cutout:
    """All that is so near to the handles; nothing is torn off there."""
    where = _away(handles, picture.shape[:2]) < reach
    return _measured(where, np.ones_like(where))


def far(places: Float[np.ndarray, "v 2"], handles: Points, reach: float) -> Float[np.ndarray, " v"]:
    """How much points are to stay because they are far from what is pulled."""
    away = np.linalg.norm(places[:, None] - handles, axis=2).min(1)
    return HARD ** smooth(2.5 * (away / reach - 0.6)) - 1


def suggested(picture: Picture, handles: Points, reach: float) -> Bool[np.ndarray, "r r"] | None:
    """What the handles are on, by GrabCut (Rother et al. 2004); None where there is no telling.

    What ends on all sides before ``reach`` may well be a part of something, as a nose is of a face.
    """
    side = len(picture)
    low = np.floor(handles.min(0) - MARGIN * reach).astype(int).clip(0, side)
    high = np.ceil(handles.max(0) + MARGIN * reach).astype(int).clip(0, side)
    part = picture[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, CUT_SIDE / max(part.shape[:2]))
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    away = _away((handles - low + 0.5) * scale - 0.5, small.shape[:2])
    moves = _grabbed(small, away, side * scale)
    if not (LEAST < moves.mean() < MOST and away[moves].max() > reach * scale):
        return None
    wide = cv2.resize(moves.astype(np.float32), part.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    where = np.zeros((side, side), bool)
    where[low[1] : high[1], low[0] : high[0]] = cv2.GaussianBlur(wide, (0, 0), 1.5) > 0.5
    return where


def _grabbed(
    small: UInt8[np.ndarray, "h w 3"], away: Float[np.ndarray, "h w"], side: float
) -> Bool[np.ndarray, "h w"]:
    """In a small part of a picture of this side; ``away`` is how far the handles are, in its px."""
    seeds = away <= max(SEED * side, float(away.min()))
    labels = np.full(away.shape, cv2.GC_PR_BGD, np.uint8)
    labels[away < LIKELY * side] = cv2.GC_PR_FGD
    labels[seeds] = cv2.GC_FGD
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(small, labels, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)  # pyright: ignore
    except cv2.error:  # there is only one colour
        return seeds
    moves = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    moves = cv2.morphologyEx(moves, cv2.MORPH_CLOSE, np.ones((GAPS, GAPS), np.uint8))
    _, parts = cv2.connectedComponents(moves)
    found = np.isin(parts, np.unique(parts[seeds]))
    ends, _ = cv2.findContours(found.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(found.shape, np.uint8)
    cv2.drawContours(whole, ends, -1, 1, cv2.FILLED)
    return whole > 0


def _joined(picture: Picture, where: Bool[np.ndarray, "r r"]) -> Bool[np.ndarray, "r r"]:
    """Of each pixel: whether the nearest end of ``where`` is none that the picture shows.

    There is an edge where colours differ right across, and also their means on both sides, which
    those of grass do not.
    """
    depth = cv2.GaussianBlur(where.astype(np.float32), (0, 0), SEEN)
    inward = np.stack(
        [cv2.Sobel(depth, cv2.CV_32F, *axes, ksize=3) for axes in ((1, 0), (0, 1))], 2
    )
    inward *= SEEN / np.maximum(np.linalg.norm(inward, axis=2, keepdims=True), 1e-6)
    ends = _ends(where)
    own, inward = pixels(*where.shape)[ends][None], inward[ends][None]
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    soft = cv2.GaussianBlur(lab, (0, 0), 1.0)
    right = [sample(soft, own + way * inward, border=cv2.BORDER_REPLICATE) for way in (1, -1)]
    sides = [_mean(lab, part.astype(np.float32))[ends] for part in (where, ~where)]
    apart = [np.linalg.norm(one - other, axis=-1).ravel() for one, other in (right, sides)]
    alike = np.zeros(where.shape, np.float32)
    alike[ends] = np.minimum(*apart) < EDGE
    near = _mean(alike[..., None], ends.astype(np.float32))[..., 0] > FEW
    places, _ = nearest(ends)
    x, y = places.astype(int).transpose(2, 0, 1)
    return near[y, x]


def _mean(field: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Of a field around each pixel, where there is a share of it."""
    total = cv2.GaussianBlur(field * share[..., None], (0, 0), WIDE)
    total = total.reshape(field.shape)
    return total / (cv2.GaussianBlur(share, (0, 0), WIDE)[..., None] + 1e-6)


def _ends(where: Bool[np.ndarray, "r r"]) -> Bool[np.ndarray, "r r"]:
    """Its outermost pixels."""
    return where & (cv2.erode(where.astype(np.uint8), np.ones((3, 3))) == 0)


def _measured(where: Bool[np.ndarray, "r r"], joined: Bool[np.ndarray, "r r"]) -> Cutout:
    padded = np.pad(where, 1, mode="edge").astype(np.uint8)
    inside, outside = (cv2.distanceTransform(p, cv2.DIST_L2, 5) for p in (padded, 1 - padded))
    return Cutout(where, (inside - outside)[1:-1, 1:-1], joined)


def _away(points: Points, size: tuple[int, ...]) -> Float[np.ndarray, "h w"]:
    """px from each pixel to the nearest of the points."""
    y, x = np.mgrid[: size[0], : size[1]]
    return np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]).min(2)
