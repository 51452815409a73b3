"""What may be said of an edited photo of a face, each by one function on plain arrays.

None of them knows how the edit was made. A mesh is what the face net sees, px of the photo.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.interpolate import LinearNDInterpolator

from photo import Photo
from photo.crop import Crop, Quad
from photo.mesh import Mesh, eye_distance
from stylegan import from_uint8, to_uint8
from training.generator.losses import SqueezeFeatures
from transfer.flow import pixels, sample

from .face_drags import FaceDrag

MOST_SHRUNK = 8.0  # times, from which an area that the edit shrinks counts as folded
CUT, INNER = 512, 256  # px of the face's crop, and of the box around the face in it

Layers = Bool[np.ndarray, "h w"] | Int[np.ndarray, "h w"]
"""False or 0 where nothing was drawn; else the number of the layer that was."""


def seen(before: Mesh, after: Mesh, drag: FaceDrag) -> float:
    """The share of its way that a handle has gone, a mean; beyond its target it is more than 1."""
    done = after[drag.rows, :2] - before[drag.rows, :2]
    return float(np.mean((done * drag.ways).sum(1) / np.square(drag.ways).sum(1)))


def mesh_error(meant: Float[np.ndarray, "468 _"], after: Mesh, before: Mesh) -> float:
    """Mean distance of a point from where it was meant to be, in distances between the eyes."""
    return float(np.linalg.norm(after[:, :2] - meant[:, :2], axis=1).mean()) / eye_distance(before)


def folded(places: Float[np.ndarray, "h w 2"], layers: Layers) -> float:
    """The share of what was drawn where the picture is turned over, or shrunk too much.

    Looked at are squares of four neighbouring px of one layer: where one layer ends at another,
    the map jumps by right.

    Args:
        places: (x, y) px of the photo before that each pixel of the photo after shows.
        layers: what of it was drawn.
    """
    corners = places[:-1, :-1], places[:-1, 1:], places[1:, :-1], places[1:, 1:]
    a, b, c, d = corners
    x, y = (b - a + d - c) / 2, (c - a + d - b) / 2
    area = x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    one = layers[:-1, :-1] > 0
    for other in (layers[:-1, 1:], layers[1:, :-1], layers[1:, 1:]):
        one &= layers[:-1, :-1] == other
    bad = (area <= 0) | (area > MOST_SHRUNK)
    return float(bad[one].mean()) if one.any() else 0.0


def outside(before: Photo, after: Photo, layers: Layers) -> int:
    """How many px differ although nothing was drawn there."""
    return int(((after != before).any(2) & (layers == 0)).sum())


@torch.no_grad()
def identity(
    photos: tuple[Photo, Photo], meshes: tuple[Mesh, Mesh], quad: Quad, features: SqueezeFeatures
) -> float:
    """SqueezeNet-feature distance of the face after from that before; 0: the same.

    The face after is laid onto the one before point by point, so that what is compared is how skin,
    eyes and lips look, and not where they went.

    Args:
        photos: before and after.
        meshes: of the face in each.
        quad: of a crop around it.
        features: the network.
    """
    crop = Crop(quad, CUT)
    first, then = (crop.from_photo(mesh[:, :2]) for mesh in meshes)
    low, high = first.min(0), first.max(0)
    grid = low + pixels(INNER, INNER) * (high - low) / (INNER - 1)
    moved = np.asarray(LinearNDInterpolator(first, then)(grid))
    face = np.isfinite(moved[..., :1])
    faces = [
        from_uint8(sample(to_uint8(crop.cut(photo)), np.nan_to_num(places)) * face)[None]
        for photo, places in zip(photos, (grid, moved), strict=True)
    ]
    return float(features(faces[1], faces[0]))
