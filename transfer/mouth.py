"""The inside of a mouth that opens: the photo's own teeth where it shows some, else drawn ones.

Upper teeth keep to the skull, lower ones to the chin. Drawn teeth have the mean widths of human
ones and are as bright as the face is lit.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Float, Float32

from photo import Photo
from photo.crop import Crop, Quad
from photo.mesh import INNER_LIPS, LOWER_LIP, UPPER_LIP, canonical

from .flow import sample
from .layers import Layer, around, polygon
from .rig import RIG_SIDE, Pose, Rig, head_motion

GROWN = 0.08  # of the mouth's width by which it has to open further for anything new to be seen
WIDE_OPEN = 0.42  # height of the opening by its width, from which a photo shows the whole inside
CLOSED = 0.05  # the same, to which it shows no teeth
TEETH = (
    0.85,
    0.68,
    0.76,
    0.62,
    0.55,
)  # cm: widths from the middle outwards, as seen from the front
UPPER_SEEN, LOWER_SEEN = 0.55, 0.28  # cm of them below and above the lips
BELOW_MOUTH = (14, 17, 84, 314)  # rows of the mesh: the lower lip
DARK = (0.16, 0.07, 0.07)  # of white, the throat
WHITE = (0.93, 0.90, 0.83)  # of white, teeth in full light
LIT = 90.0  # percentile of the face's brightness that is full light


def mouth_layer(photo: Photo, quad: Quad, rig: Rig, pose: Pose) -> Iterator[Layer]:
    """The inside of the mouth; nothing where it has hardly opened, or was wide open before."""
    crop, rows = Crop(quad, RIG_SIDE), list(INNER_LIPS)
    before, after = (crop.to_photo(v.vertices[rows, :2]) for v in (rig, pose))
    width = float(np.linalg.norm(after[10] - after[0]))
    was, now = (_height(v) / max(1.0, width) for v in (before, after))
    if now - was < GROWN or was > WIDE_OPEN:
        return
    yield _inside(photo, crop, (rig, pose), (before, after), was)


def _height(lips: Float[np.ndarray, "20 2"]) -> float:
    """Of the opening, px: rows 5 and 15 are the middles of the upper and the lower lip."""
    return float(np.linalg.norm(lips[5] - lips[15]))


def _inside(
    photo: Photo,
    crop: Crop,
    rigs: tuple[Rig, Pose],
    lips: tuple[np.ndarray, np.ndarray],
    was: float,
) -> Layer:
    before, after = lips
    low, here = around(after, 3.0)
    soft = max(0.8, 0.012 * float(np.ptp(after[:, 0])))
    share = polygon(after - low, here.shape[:2], soft)
    skull, jaw = _skull(*rigs, crop), _jaw(*rigs, crop)
    bright = _brightness(photo, before)
    colours = _drawn(here, (skull, jaw), rigs[0], crop, was > CLOSED) * bright
    if was > CLOSED:
        source = _through(skull, here)
        corner, _ = around(before, 4.0)
        middle, size = before.mean(0), np.ceil(np.ptp(before, axis=0) + 9).astype(int).tolist()
        seen = polygon(middle + (before - middle) * (0.97, 0.86) - corner, (size[1], size[0]), soft)
        own = sample(photo, source, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE).astype(np.float32)
        kept = sample(seen, source - corner.astype(np.float32))[..., None]
        colours += kept * (own - colours)
    edge = cv2.GaussianBlur(polygon(after - low, here.shape[:2], 0.0), (0, 0), 2 * soft)
    shade = (0.6 + 0.4 * np.clip(2 * edge - 0.9, 0, 1))[..., None]
    return Layer((int(low[0]), int(low[1])), (colours * shade).astype(np.float32), share)


def _skull(rig: Rig, pose: Pose, crop: Crop) -> Float[np.ndarray, "2 3"]:
    """Back from where the upper teeth are to where they were, photo px: affine."""
    return _back(rig, pose, crop, np.zeros(2))


def _jaw(rig: Rig, pose: Pose, crop: Crop) -> Float[np.ndarray, "2 3"]:
    """The same for the lower teeth, which go with the lower lip."""
    head = head_motion(rig.vertices[:468], pose.vertices[:468])
    rows = list(BELOW_MOUTH)
    shift = (pose.vertices[rows] - head(rig.vertices[rows])).mean(0)[:2]
    return _back(rig, pose, crop, shift)


def _back(rig: Rig, pose: Pose, crop: Crop, shift: np.ndarray) -> Float[np.ndarray, "2 3"]:
    head = head_motion(rig.vertices[:468], pose.vertices[:468])
    middle = rig.vertices[[UPPER_LIP, LOWER_LIP]].mean(0)
    three = middle + np.array([[0, 0, 0], [40, 0, 0], [0, 40, 0]])
    was = crop.to_photo(three[:, :2]).astype(np.float32)
    now = crop.to_photo(head(three)[:, :2] + shift).astype(np.float32)
    return cv2.getAffineTransform(now, was)


def _through(matrix: np.ndarray, places: np.ndarray) -> Float32[np.ndarray, "h w 2"]:
    return (places @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def _brightness(photo: Photo, lips: np.ndarray) -> Float32[np.ndarray, "3"]:
    """The light on the face, grey levels: that of the brighter skin around the mouth, neutral."""
    width = np.ptp(lips[:, 0])
    x, y = lips.mean(0).astype(int)
    reach = max(2, int(width))
    around = photo[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    light = cv2.cvtColor(np.ascontiguousarray(around), cv2.COLOR_RGB2GRAY)
    full = float(np.percentile(light, LIT))
    return np.full(3, min(250.0, max(90.0, 1.15 * full)), np.float32)


def _drawn(
    here: np.ndarray, ways: tuple[np.ndarray, np.ndarray], rig: Rig, crop: Crop, own: bool
) -> Float32[np.ndarray, "h w 3"]:
    """Throat, tongue and teeth, in shares of white; upper teeth only where the photo has none."""
    head = head_motion(canonical(), rig.vertices[:468])
    cm = head.scale * crop.photo_px
    across = crop.motion_to_photo(head.turn[:2, 0])
    across = across / np.linalg.norm(across)
    down = np.array([-across[1], across[0]])
    skull, jaw = (_through(way, here) for way in ways)
    lip = crop.to_photo(rig.vertices[[UPPER_LIP, LOWER_LIP], :2])
    below = (jaw - lip[1]) @ down / cm
    tongue = np.clip(1 + (below + 0.1) / 0.9, 0, 1)[..., None] ** 2
    colours = np.array(DARK) + tongue * (np.array([0.52, 0.25, 0.24]) - DARK)
    rows = [((jaw - lip[1]) @ across / cm, -below - LOWER_SEEN, 0.75)]
    if not own:
        top = (skull - lip[0]) @ down / cm - UPPER_SEEN
        rows.append(((skull - lip[0]) @ across / cm, top, 1.0))
    for x, beyond, size in rows:
        share, shade = _teeth(x, beyond, size, cm)
        colours += share[..., None] * (shade[..., None] * np.array(WHITE) - colours)
    return colours.astype(np.float32)


def _teeth(
    x: np.ndarray, beyond: np.ndarray, size: float, cm: float
) -> tuple[np.ndarray, np.ndarray]:
    """(where there are teeth, how bright).

    Args:
        x: cm from the middle.
        beyond: cm past their edges, away from the gum.
        size: of their widths.
        cm: px.
    """
    ends = size * np.cumsum((0.0, *TEETH))
    out = np.abs(x)
    number = np.clip(np.searchsorted(ends, out, side="right") - 1, 0, len(TEETH) - 1)
    width = size * np.array(TEETH)[number]
    across = np.clip((out - ends[number]) / width, 0, 1) * 2 - 1  # -1 and 1: between two teeth
    edge = -0.05 * np.array([0, 1.6, 0.4, 1.8, 2.6])[number] - 0.09 * np.abs(across) ** 5
    pixel = 0.7 / cm
    share = _step((edge - beyond) / pixel) * _step((ends[-1] - out) / pixel)
    gap = np.exp(-(((1 - np.abs(across)) * width / 0.035) ** 2))
    shade = (1 - 0.30 * gap) * (1 - 0.10 * across**2) * (1 - 0.35 * (out / ends[-1]) ** 2)
    return share, shade * (1 - 0.12 * np.clip(-beyond / 0.8, 0, 1))


def _step(t: np.ndarray) -> np.ndarray:
    return np.clip(t + 0.5, 0, 1)
