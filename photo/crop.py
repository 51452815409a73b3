"""A square picture of a part of a photo. What turns px of the one into px of the other is here.

A point (x, y) counts from the centre of the first pixel, in photo and crop alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from stylegan import from_uint8

from .decoder.bounds import PhotoError
from .decoder.process import Sent
from .transparency import on_white

Quad = Float[np.ndarray, "4 2"]
"""Corners of a crop in px of the photo: top left, bottom left, bottom right, top right."""
Part = tuple[slice, slice]
"""Rows and columns of the photo."""
Points = TypeVar("Points", np.ndarray, Tensor)
FINE = 2048  # px, but at most 8 times finer: OpenCV reads fields at 1 / 32 of their cells
STRIP = 2**20  # px
LEAST_SIDE = 4.0  # px of the photo, of a crop
MOST_SIDES = 20.0  # times the photo's longer side, of a crop


@dataclass(frozen=True)
class Crop:
    """The part of a photo inside ``quad``, as an upright picture of ``side`` px."""

    quad: Quad
    side: int

    def at(self, side: int) -> "Crop":
        """The same part in a picture of another side."""
        return replace(self, side=side)

    def shrunk(self, share: float) -> "Crop":
        """The middle of it, this share of its edges, in a picture of the same side."""
        middle = self.quad.mean(0)
        return replace(self, quad=middle + share * (self.quad - middle))

    @property
    def photo_px(self) -> float:
        """Px of the photo for one px of the crop, along its upper edge."""
        return float(np.linalg.norm(self.quad[3] - self.quad[0])) / self.side

    @property
    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """From px of the photo to those of the crop, homogeneous."""
        side = self.side
        corners = np.array([[0, 0], [0, side], [side, side], [side, 0]]) - 0.5
        return cv2.getPerspectiveTransform(self.quad.astype(np.float32), corners.astype(np.float32))

    def from_photo(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Where points of the photo are in the crop."""
        return _through(self.matrix, points)

    def to_photo(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Where points of the crop are in the photo."""
        return _through(np.linalg.inv(self.matrix), points)

    def motion_to_photo(self, motion: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Differences of points of the crop, in px of the photo; the quad is a parallelogram."""
        return motion @ np.linalg.inv(self.matrix)[:2, :2].T

    def cut(self, photo: Sent, mirrored: bool = True) -> Float[Tensor, "3 side side"]:
        """The part in [-1, 1]; beyond the photo's edge it is mirrored, or else grey.

        What is transparent is shown on white.

        Pixels are averaged, not picked, where the photo is finer than the crop.
        """
        side, edges = self.side, np.linalg.norm(self.quad[[1, 3]] - self.quad[0], axis=1)
        fine = self.at(side * max(1, min(8, round(edges.max() / side))))
        border = cv2.BORDER_REFLECT_101 if mirrored else cv2.BORDER_CONSTANT
        warped = on_white(fine._warped(photo, border, 128))
        small = cv2.resize(warped, (side, side), interpolation=cv2.INTER_AREA)
        return from_uint8(small.astype(np.uint8))

    def cut_mask(self, mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "side side"]:
        """The part of a mask of the photo."""
        return self._warped(mask.astype(np.uint8) * 255, cv2.BORDER_CONSTANT) > 127

    def _warped(self, photo: np.ndarray, border: int, beyond: int = 0) -> np.ndarray:
        size, linear, grey = (self.side, self.side), cv2.INTER_LINEAR, (beyond, beyond, beyond, 255)
        return cv2.warpPerspective(
            photo, self.matrix, size, flags=linear, borderMode=border, borderValue=grey
        )

    def part(self, photo: Sent) -> Part:
        """Where the photo has the crop, and what is beside it if that is tilted."""
        height, width = photo.shape[:2]
        left, top = np.floor(self.quad.min(0)).astype(int).clip(0, None)
        right, bottom = np.ceil(self.quad.max(0)).astype(int) + 1
        return slice(top, min(bottom, height)), slice(left, min(right, width))

    def spread(self, fine: Float32[np.ndarray, "r r *c"], part: Part) -> np.ndarray:
        """A field over the crop, see ``finer``, at the photo's pixels of a part; 0 outside it."""
        rows, columns = part
        size = columns.stop - columns.start, rows.stop - rows.start
        place = np.array([[1, 0, columns.start], [0, 1, rows.start], [0, 0, 1]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(fine, self.at(len(fine)).matrix @ place, size, flags=flags)


def finer(
    field: Float[np.ndarray, "r r *c"] | UInt8[np.ndarray, "r r *c"] | Bool[np.ndarray, "r r"],
) -> Float32[np.ndarray, "s s *c"]:
    """A field over a crop, of any side, in as many cells as it takes to be read smoothly."""
    side = len(field) * min(8, max(1, FINE // len(field)))
    return cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)


def strips(part: Part) -> Iterator[Part]:
    """A part in strips of whole rows: work on one of them at a time takes little memory."""
    rows, columns = part
    high = max(1, STRIP // max(1, columns.stop - columns.start))
    for top in range(rows.start, rows.stop, high):
        yield slice(top, min(top + high, rows.stop)), columns


def _through(matrix: Float[np.ndarray, "3 3"], points: np.ndarray) -> np.ndarray:
    ahead = np.c_[points, np.ones(len(points))] @ matrix.T
    return ahead[:, :2] / ahead[:, 2:]


def resized(points: Points, before: int | float, after: int | float) -> Points:
    """Px of a picture of one side in those of the same picture at another side."""
    return (points + 0.5) * (after / before) - 0.5


def box_quad(left: float, top: float, side: float) -> Quad:
    """An upright square of the photo, for anything that is not a face.

    Raises:
        PhotoError: the box is smaller than 16 px.
    """
    if side < 16:
        raise PhotoError("This box is too small: draw one of at least 16 px.")
    low, high = np.array([left, top]), np.array([left, top]) + side
    return np.array([low, [low[0], high[1]], high, [high[0], low[1]]])


def check_quad(quad: Quad, photo: Sent) -> None:
    """Complain about corners that are not those of a crop of this photo.

    Raises:
        ValueError: too small, too large, too slanted, mirrored, or beside the photo.
    """
    height, width = photo.shape[:2]
    edges = np.roll(quad, -1, 0) - quad
    lengths = np.linalg.norm(edges, axis=1)
    if lengths.min() < LEAST_SIDE or lengths.max() > MOST_SIDES * max(height, width):
        raise ValueError("its crop is too small or too large")
    (ax, ay), (bx, by) = edges.T, np.roll(edges, -1, 0).T
    turns = (ax * by - ay * bx) / (lengths * np.roll(lengths, -1))
    if turns.max() > -0.1:
        raise ValueError("its crop is not a square, not even roughly")
    if (quad.max(0) < 1).any() or (quad.min(0) > (width - 2, height - 2)).any():
        raise ValueError("its crop lies beside the photo")
