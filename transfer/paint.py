"""Draw a photo with its head bent: background, head, then eyes and mouth.

The map is drawn in a small picture of the part of the photo that may move; each pixel of the photo
is resampled once, at its own size.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from photo import Photo
from photo.crop import Crop, Part, Quad, finer, strips
from photo.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE

from .bend import bend
from .eyes import eye_layers
from .flow import pixels, sample
from .layers import smooth
from .mouth import mouth_layer
from .rig import RIG_SIDE, Pose, Rig, Vertices, wide_crop

INSIDE = (*LEFT_EYE, *RIGHT_EYE, *INNER_LIPS)  # rows of the mesh
ACTS = 0.5  # px of the crop: what moves further is part of an edit
COARSE = 4  # times as large are the cells in which it is looked for what moves
WELL = 2.0  # px of the small picture, from which nothing of what moves stays in its place
MOVED = 0.02  # px of the photo: what moves less has not moved


@dataclass(frozen=True)
class Sketch:
    """A small picture of the part of a photo around a head, upright with the photo.

    Args:
        part: of the photo.
        size: (height, width) of the small picture.
    """

    part: Part
    size: tuple[int, int]

    @property
    def corner(self) -> Float[np.ndarray, "2"]:
        """(x, y) of the part's first pixel."""
        return np.array([self.part[1].start, self.part[0].start], np.float64)

    @property
    def whole(self) -> tuple[int, int]:
        """(width, height) of the part."""
        return self.part[1].stop - self.part[1].start, self.part[0].stop - self.part[0].start

    @property
    def cell(self) -> Float[np.ndarray, "2"]:
        """Px of the photo for one of the small picture's."""
        return np.array(self.whole) / self.size[::-1]

    @property
    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """From its px to those of the photo, homogeneous."""
        first = 0.5 * self.cell - 0.5 + self.corner
        return np.array([[self.cell[0], 0, first[0]], [0, self.cell[1], first[1]], [0, 0, 1]])

    def from_photo(self, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Px of the photo in those of the small picture."""
        return (points - self.corner + 0.5) / self.cell - 0.5

    def enlarged(
        self, field: Float32[np.ndarray, "h w *c"], rows: slice
    ) -> Float32[np.ndarray, "a b *c"]:
        """A field over the small picture, at these rows of the photo, bilinear."""
        if self.size == self.whole[::-1]:
            return field[rows.start - self.part[0].start : rows.stop - self.part[0].start]
        y = (np.arange(rows.start, rows.stop) - self.corner[1] + 0.5) / self.cell[1] - 0.5
        y = y.clip(0, self.size[0] - 1)
        first = np.floor(y).astype(int)
        used = field[first[0] : first[-1] + 2]
        wide = cv2.resize(used, (self.whole[0], len(used)), interpolation=cv2.INTER_LINEAR)
        upper, ones = first - first[0], (1,) * (field.ndim - 1)
        share = (y - first).astype(np.float32).reshape(-1, *ones)
        lower = np.minimum(upper + 1, len(used) - 1)
        return wide[upper] + share * (wide[lower] - wide[upper])


def paint(
    photo: Photo, quad: Quad, rig: Rig, pose: Pose, inside: bool = True
) -> tuple[Photo, Bool[np.ndarray, "h w"]]:
    """(the edited photo, which of its pixels differ from the photo's own).

    Args:
        photo: its quad is that of the crop whose px the rig's are, at RIG_SIDE.
        quad: corners of the crop, px of the photo.
        rig: of the photo's head.
        pose: of the rig.
        inside: whether eyes and mouth are drawn anew.
    """
    whole, edited = photo.copy(), np.zeros(photo.shape[:2], bool)
    if pose.rests(rig):
        return whole, edited
    crop = Crop(quad, RIG_SIDE)
    sketch = sketched(photo, crop, (rig, pose))
    _bend_into(whole, photo, crop, sketch, (rig, pose))
    if inside:
        for layer in (*eye_layers(photo, quad, rig, pose), *mouth_layer(photo, quad, rig, pose)):
            layer.onto(whole[sketch.part], sketch.corner)
    fixed = None if pose.fixed is None else finer(pose.fixed)
    for part in strips(sketch.part):
        if fixed is not None:
            keep = crop.spread(fixed, part) > 0.5
            whole[part][keep] = photo[part][keep]
        edited[part] = cv2.absdiff(whole[part], photo[part]).any(2)
    return whole, edited


def acting(rig: Rig, pose: Pose) -> Bool[np.ndarray, "r r"]:
    """What of the crop has moved visibly."""
    shift = bend(rig.vertices, pose.vertices, (RIG_SIDE, RIG_SIDE))
    return np.abs(shift).max(2) > ACTS


def sketched(photo: Photo, crop: Crop, ends: tuple[Rig, Pose]) -> Sketch:
    """Of what moves; its px are about those of the crop, where the photo has as many."""
    points = np.concatenate([crop.to_photo(each.vertices[:, :2]) for each in ends])
    cell = max(1.0, crop.photo_px)
    rough = _sketch(photo, points.min(0), points.max(0), COARSE * cell)
    shift = drawn(rough, crop, ends)
    _, uncovered, over = layers_of(crop, rough, ends[0], shift)
    acts = (uncovered > 0) | ((over > 0) & (np.abs(shift).max(2) > MOVED / COARSE))
    found = np.argwhere(acts)[:, ::-1] * rough.cell + rough.corner
    inside = crop.to_photo(ends[1].vertices[list(INSIDE), :2])  # eyes and mouth
    low = np.concatenate([found - 2 * rough.cell, inside - 4]).min(0)
    return _sketch(photo, low, np.concatenate([found + 3 * rough.cell, inside + 4]).max(0), cell)


def _sketch(photo: Photo, low: np.ndarray, high: np.ndarray, cell: float) -> Sketch:
    """Of the part of a photo between two points, its px so many of the photo's."""
    size = np.array(photo.shape[1::-1])
    left, top = np.floor(low).astype(int).clip(0, size - 1).tolist()
    right, bottom = (np.ceil(high).astype(int) + 1).clip((left + 1, top + 1), size).tolist()
    rows, columns = max(1, round((bottom - top) / cell)), max(1, round((right - left) / cell))
    return Sketch((slice(top, bottom), slice(left, right)), (rows, columns))


def drawn(sketch: Sketch, crop: Crop, ends: tuple[Rig, Pose]) -> Float32[np.ndarray, "h w 2"]:
    """Px of the small picture from where each of its pixels is shown to where it was."""

    def placed(vertices: Vertices) -> Vertices:
        flat = sketch.from_photo(crop.to_photo(vertices[:, :2]))
        return np.c_[flat, vertices[:, 2] * crop.photo_px / sketch.cell[0]]

    return bend(placed(ends[0].vertices), placed(ends[1].vertices), sketch.size)


def _bend_into(
    whole: Photo, photo: Photo, crop: Crop, sketch: Sketch, ends: tuple[Rig, Pose]
) -> None:
    """Draw the head where it is now, and background where it was; strip by strip."""
    shift = drawn(sketch, crop, ends)
    behind, uncovered, over = layers_of(crop, sketch, ends[0], shift)
    ways = shift * sketch.cell.astype(np.float32)
    for rows, columns in strips(sketch.part):
        result = np.ascontiguousarray(photo[rows, columns])
        if uncovered.any():
            share = sketch.enlarged(uncovered, rows).clip(0, 1)
            filled = sketch.enlarged(behind, rows).clip(0, 255).astype(np.uint8)
            result = cv2.blendLinear(filled, result, share, 1 - share)
        way = sketch.enlarged(ways, rows)
        moves = (np.abs(way[..., 0]) > MOVED) | (np.abs(way[..., 1]) > MOVED)
        alpha = sketch.enlarged(over, rows).clip(0, 1) * moves
        places = pixels(*way.shape[:2])
        places += way
        places += np.array([columns.start, rows.start], np.float32)
        head = sample(photo, places, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101)
        whole[rows, columns] = cv2.blendLinear(head, result, alpha, 1 - alpha)


def layers_of(
    crop: Crop, sketch: Sketch, rig: Rig, shift: Float32[np.ndarray, "h w 2"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(what is behind, how far the head has left each pixel, how far it covers it now)."""
    wide, size = wide_crop(crop.quad), sketch.size[::-1]
    flags, edge = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    person, behind = (
        cv2.warpPerspective(
            field.astype(np.float32), wide.at(len(field)).matrix @ sketch.matrix, size,
            flags=flags, borderMode=edge,
        )
        for field in (rig.backdrop.person, rig.backdrop.behind)
    )  # fmt: skip
    person = person / 255
    over = sample(person, pixels(*sketch.size) + shift, border=edge)
    moves = smooth(np.linalg.norm(shift, axis=2) / WELL).astype(np.float32)
    return behind, rig.backdrop.left(person, over, moves), over
