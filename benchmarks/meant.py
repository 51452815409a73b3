"""What an edit was meant to do to its photo, at the photo's own px, for judges to compare with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from editor.session import FittedPhoto
from photo import Photo
from photo.crop import Crop, Quad, finer
from photo.mesh import Mesh
from transfer.eyes import eye_layers
from transfer.flow import pixels, sample
from transfer.mouth import mouth_layer
from transfer.paint import MOVED, drawn, layers_of, sketched
from transfer.rig import RIG_SIDE, Pose, Rig
from transfer.warp import Warp

from .edit_judges import Layers

COVERED = 1 / 512  # share of an overlay from which a pixel is drawn anew
ROUNDS = 20  # of following a backward flow forwards
STILL, HEAD, OTHER = range(3)  # layers; the last: eyes, mouth, and what the head has uncovered


@dataclass(frozen=True)
class Meant:
    """In px of the photo.

    Args:
        mesh: where the face's points should be.
        places: see ``edit_judges.folded``.
        layers: likewise.
    """

    mesh: Float[np.ndarray, "468 2"]
    places: Float[np.ndarray, "h w 2"]
    layers: Layers


def meant_by(subject: FittedPhoto, change: Warp | Pose, mesh: Mesh) -> Meant:
    """By a pose of the photo's rig, or a warp, with the photo's face where ``mesh`` is."""
    if isinstance(change, Warp):
        return _by_flow(subject.photo, subject.quad, change, mesh)
    assert subject.rig is not None, "A pose is one of a rig."
    moved = (change.vertices - subject.rig.vertices)[: len(mesh), :2]
    at = mesh[:, :2] + Crop(subject.quad, RIG_SIDE).motion_to_photo(moved)
    return Meant(at, *_bent(subject, subject.rig, change))


def _by_flow(photo: Photo, quad: Quad, change: Warp, mesh: Mesh) -> Meant:
    """The mesh goes where the flow leads."""
    crop = Crop(quad, len(change.flow))
    part = crop.part(photo)
    shift = np.zeros((*photo.shape[:2], 2), np.float32)
    shift[part] = crop.spread(finer(crop.motion_to_photo(change.flow)), part)
    acts = np.abs(shift).max(2) > MOVED
    acts[part] |= crop.spread(finer(change.overlay), part)[..., 3] > COVERED
    at = start = mesh[:, :2]
    for _ in range(ROUNDS):
        at = start - sample(shift, at[:, None])[:, 0]
    return Meant(at, pixels(*photo.shape[:2]) + shift, acts)


def _bent(subject: FittedPhoto, rig: Rig, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """(places, layers) of a bent head; what shows nothing of it stays in its place."""
    photo, quad = subject.photo, subject.quad
    sketch = sketched(photo, Crop(quad, RIG_SIDE), (rig, pose))
    part, shift = sketch.part, drawn(sketch, Crop(quad, RIG_SIDE), (rig, pose))
    _, uncovered, over = layers_of(Crop(quad, RIG_SIDE), sketch, rig, shift)
    behind, alpha = (sketch.enlarged(share, part[0]) for share in (uncovered, over))
    way = sketch.enlarged(shift * sketch.cell.astype(np.float32), part[0])
    moves = (np.abs(way).max(2) > MOVED) & (alpha > 0)
    shown = np.where(behind > 0, OTHER, STILL)
    shown[moves] = np.where(alpha[moves] > 0.5, HEAD, OTHER)
    layers, places = np.zeros(photo.shape[:2], int), pixels(*photo.shape[:2])
    layers[part] = shown
    for layer in (*eye_layers(photo, quad, rig, pose), *mouth_layer(photo, quad, rig, pose)):
        x, y = np.maximum(layer.corner, 0)
        share = layer.share[y - layer.corner[1] :, x - layer.corner[0] :]
        below = layers[y : y + share.shape[0], x : x + share.shape[1]]
        below[share[: below.shape[0], : below.shape[1]] > 0] = OTHER
    if pose.fixed is not None:
        inner = Crop(quad, len(pose.fixed))
        keep = inner.spread(finer(pose.fixed), part)
        layers[part][keep > 0.5] = STILL
    places[part] += way * (layers[part] == HEAD)[..., None]
    return places, layers
