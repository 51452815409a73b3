"""Make a render look like a photo: another place, background, light, lens, file.

Renders are clean, photos are not. Every change here is one that photos know; each is taken with
its chance, so that a part of the pictures stays nearly as rendered. Pictures are float32 in [0, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

Picture = Float[np.ndarray, "h w 3"]
Matrix = Float[np.ndarray, "2 3"]
Source = np.random.Generator
Change = Callable[[Picture, Source], Picture]


@dataclass(frozen=True)
class Jitter:
    """How far a crop may be off: radians, share of the size, share of the side (one sigma each)."""

    turn: float
    scale: float
    shift: float

    def draw(self, side: int, source: Source) -> Matrix:
        """A random similarity about the middle of a crop of this side (px)."""
        turn, grow, *shift = source.normal(size=4).clip(-2.5, 2.5)
        size = np.exp(self.scale * grow)
        cos, sin = size * np.cos(self.turn * turn), size * np.sin(self.turn * turn)
        linear = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (side - 1) / 2)
        return np.c_[linear, middle - linear @ middle + self.shift * side * np.array(shift)]


def after(second: Matrix, first: Matrix) -> Matrix:
    """One matrix that moves points by the first, then by the second."""
    return np.c_[second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]]


def warp(picture: np.ndarray, matrix: Matrix, side: int, border: int) -> np.ndarray:
    """The square that ``matrix`` (picture px to crop px) cuts out."""
    return cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)


def place(
    picture: UInt8[np.ndarray, "side side 3"],
    face: np.ndarray,
    matrix: Matrix,
    side: int,
    behind: Picture | None,
) -> Picture:
    """Cut a crop out of a render; in front of another background, where one is given.

    Args:
        face: where the render is not background; any size.
        matrix: from the render's px to the crop's.
    """
    if behind is None:
        return warp(picture, matrix, side, cv2.BORDER_REFLECT_101).astype(np.float32) / 255
    size = (picture.shape[1], picture.shape[0])
    alpha = cv2.resize(face.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    alpha = cv2.GaussianBlur(cv2.erode(alpha, np.ones((3, 3))), (3, 3), 0)
    colours = warp(picture, matrix, side, cv2.BORDER_REPLICATE).astype(np.float32) / 255
    cover = warp(alpha, matrix, side, cv2.BORDER_REPLICATE)[..., None]
    return colours * cover + behind * (1 - cover)


def background(side: int, other: Picture, source: Source) -> Picture:
    """Something to stand before: blobs, a gradient, bars, grain, or parts of another picture."""
    kind = source.integers(5)
    if kind == 0:
        return cv2.resize(_colours(source, 2), (side, side), interpolation=cv2.INTER_LINEAR)
    if kind == 1:
        return cv2.resize(_colours(source, int(source.integers(3, 20))), (side, side))
    if kind == 2:
        return _tiles(cv2.resize(other, (side, side)), source)
    if kind == 3:
        return shapes(cv2.resize(_colours(source, 2), (side, side)), source, 12)
    rough = cv2.resize(_colours(source, 2), (side, side))
    return (rough + source.normal(0, 0.2, (side, side, 1))).clip(0, 1).astype(np.float32)


def _colours(source: Source, cells: int) -> Picture:
    spread = source.uniform(0.05, 0.5)
    colours = source.random(3) + spread * source.normal(size=(cells, cells, 3))
    return colours.clip(0, 1).astype(np.float32)


def _tiles(picture: Picture, source: Source) -> Picture:
    """The picture in 16 pieces, mixed: its textures without its face."""
    piece = picture.shape[0] // 4
    rows = picture[: 4 * piece, : 4 * piece].reshape(4, piece, 4, piece, 3).swapaxes(1, 2)
    mixed = source.permutation(rows.reshape(16, piece, piece, 3)).reshape(4, 4, piece, piece, 3)
    joined = np.ascontiguousarray(mixed.swapaxes(1, 2).reshape(4 * piece, 4 * piece, 3))
    return cv2.resize(joined, (picture.shape[1], picture.shape[0]))


def shapes(picture: Picture, source: Source, most: int) -> Picture:
    """Up to this many ellipses and bars of one colour over the picture, soft or sharp."""
    side = picture.shape[0]
    for _ in range(source.integers(1, most + 1)):
        cover = np.zeros((side, side), np.float32)
        centre = [int(v) for v in source.integers(0, side, 2)]
        long, thin = source.uniform(0.1, 0.5) * side, source.uniform(0.03, 0.16) * side
        angle, solid = float(source.uniform(0, 180)), source.random() < 0.5
        if solid:
            corners = cv2.boxPoints((tuple(map(float, centre)), (4 * long, thin), angle))
            cv2.fillConvexPoly(cover, corners.astype(np.int32), 1.0)
        else:
            cv2.ellipse(cover, centre, (int(long / 2), int(thin)), angle, 0, 360, 1.0, -1)
        cover = cv2.GaussianBlur(cover, (0, 0), float(source.uniform(0.5, 3)))[..., None]
        tone = source.random(3) + source.normal(0, 0.05, (side, side, 1))
        picture = picture * (1 - cover) + cover * tone.clip(0, 1)
    return picture.astype(np.float32)


def hide(picture: Picture, source: Source) -> Picture:
    """One or two things before the face: a hand, a pole, a lock of hair."""
    return shapes(picture, source, 2)


def tint(picture: Picture, source: Source) -> Picture:
    """Another exposure, white balance, contrast and gamma."""
    gain = source.uniform(0.6, 1.4) * (1 + source.normal(0, 0.08, 3)).clip(0.75, 1.25)
    bent = (picture * gain).clip(0, 1) ** np.exp(source.normal(0, 0.3))
    middle = bent.mean()
    return (middle + (bent - middle) * source.uniform(0.6, 1.4)).clip(0, 1).astype(np.float32)


def fade(picture: Picture, source: Source) -> Picture:
    """Another saturation; grey in one of four."""
    share = 0.0 if source.random() < 0.25 else source.uniform(0.3, 1.5)
    grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return (grey[..., None] + (picture - grey[..., None]) * share).clip(0, 1).astype(np.float32)


def light(picture: Picture, source: Source) -> Picture:
    """Light or shade from one side, or dark corners."""
    line = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)
    if source.random() < 0.3:
        share = 1 - source.uniform(0.1, 0.6) * (line[:, None] ** 2 + line[None] ** 2) / 2
    else:
        angle, offset = source.uniform(0, 2 * np.pi), source.uniform(-0.5, 0.5)
        along = np.cos(angle) * line[None] + np.sin(angle) * line[:, None] - offset
        step = 1 / (1 + np.exp(-along * source.uniform(1, 12)))
        share = 1 + source.uniform(-0.6, 0.5) * step
    return (picture * share[..., None]).clip(0, 1).astype(np.float32)


def blur(picture: Picture, source: Source) -> Picture:
    """Out of focus, or moved."""
    if source.random() < 0.6:
        return cv2.GaussianBlur(picture, (0, 0), float(source.uniform(0.3, 1.8)))
    length = int(source.integers(2, 7))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = source.uniform(0, np.pi)
    reach = length * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(int(v) for v in np.rint(length + way * reach / 2)) for way in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def shrink(picture: Picture, source: Source) -> Picture:
    """Seen by few pixels and enlarged."""
    side = picture.shape[0]
    small = max(8, int(side * source.uniform(0.25, 0.8)))
    few = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    how = cv2.INTER_CUBIC if source.random() < 0.5 else cv2.INTER_LINEAR
    return cv2.resize(few, (side, side), interpolation=how).clip(0, 1)


def grain(picture: Picture, source: Source) -> Picture:
    """A sensor's noise, grey or coloured."""
    shape = (*picture.shape[:2], 3 if source.random() < 0.5 else 1)
    noise = source.standard_normal(shape, dtype=np.float32) * np.float32(source.uniform(0.01, 0.07))
    return (picture + noise).clip(0, 1)


def pack(picture: Picture, source: Source) -> Picture:
    """Through a JPEG file."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(source.integers(15, 90))]
    file = cv2.imencode(".jpg", (picture * 255).astype(np.uint8), quality)[1]
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.float32) / 255


# In the order of the way that light takes; chances at strength 1.
CHANGES: tuple[tuple[Change, float], ...] = (
    (hide, 0.25), (light, 0.4), (tint, 0.8), (fade, 0.5),
    (blur, 0.3), (shrink, 0.25), (grain, 0.4), (pack, 0.35),
)  # fmt: skip


def photograph(picture: Picture, source: Source, strength: float = 1.0) -> Picture:
    """The picture as a camera may have taken it."""
    for change, chance in CHANGES:
        if source.random() < strength * chance:
            picture = change(picture, source)
    return picture.astype(np.float32)
