"""The rig of a head, from what the face nets see in a photo: rings around its face."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from photo import Photo, nets
from photo.crop import Crop, Quad
from photo.mesh import CHIN, OVAL, Mesh, canonical

from .backdrop import Backdrop, backdrop
from .bend import triangles
from .layers import smooth
from .rig import GRID, MATTE_SHARE, RIG_SIDE, SIDEWARDS, Rig, Vertices, head_motion, wide_crop

BEYOND = 0.7  # radii of the face from the silhouette to the last ring, which is still
VERTICES = 468 + (len(SIDEWARDS) + 1) * len(OVAL)
FARTHEST = 1.2  # radii of the face, from its outline to that of hair
NECK = 0.75  # heights of the face below the chin, where nothing moves any more
EDGE = 0.1  # sides of the crop within the wide crop's edge, where nothing moves any more
STEEP, ROUNDS = 1.2, 12  # px of depth for one px; edges of triangles in a row that it is held over
CENTRE = 3.5  # cm: depth of the head's silhouette, in the canonical face


def build(photo: Photo, quad: Quad, points: Mesh, behind: Backdrop | None = None) -> Rig:
    """The rig of the face in the crop with these corners; its points are px of that.

    What is behind the head is looked for, unless it is given.
    """
    crop = Crop(quad, RIG_SIDE)
    mesh = np.c_[crop.to_photo(points[:, :2]), points[:, 2] * crop.photo_px]
    behind = behind or backdrop(photo, wide_crop(quad))
    rings, follow, near = _rings(points, behind.person)
    irises = np.stack([crop.from_photo(iris) for iris in nets.irises(photo, mesh)])
    ones, vertices = np.ones(len(points)), unsteep(np.concatenate([points, rings.reshape(-1, 3)]))
    return Rig(vertices, np.r_[ones, follow], np.r_[ones, near], irises, behind)


def unsteep(vertices: Vertices) -> Vertices:
    """The same nowhere steeper than STEEP: what is deeper comes nearer.

    The side of a face is seen from its edge: turned into view, its few px would be drawn out.
    """
    corners = triangles(len(vertices))
    first, second = np.concatenate([corners, np.roll(corners, 1, 1), np.roll(corners, 2, 1)]).T[:2]
    most = STEEP * np.linalg.norm(vertices[first, :2] - vertices[second, :2], axis=1)
    z = vertices[:, 2].copy()
    for _ in range(ROUNDS):
        np.minimum.at(z, first, z[second] + most)
        np.minimum.at(z, second, z[first] + most)
    return np.c_[vertices[:, :2], z]


def _rings(
    mesh: Mesh, person: UInt8[np.ndarray, "m m"]
) -> tuple[Float[np.ndarray, "k o 3"], Float[np.ndarray, " r"], Float[np.ndarray, " r"]]:
    """(rings around the face, how much each point follows the head, and the face's outline)."""
    head = head_motion(canonical(), mesh)
    oval = mesh[list(OVAL)]
    down = head.turn @ (0, 1, 0)
    down = down[:2] / max(1e-6, float(np.linalg.norm(down[:2])))
    middle = oval[:, :2].mean(0)
    ray = oval[:, :2] - middle
    height = float(np.ptp(oval[:, :2] @ down))
    size = float(np.linalg.norm(ray, axis=1).mean())
    reach = _silhouette(oval[:, :2], ray, person, down)
    depth = head.scale * CENTRE + head(np.zeros((1, 3)))[0, 2]
    share = np.array([*SIDEWARDS, 1.0])[:, None]
    flat = oval[None, :, :2] + share[..., None] * reach[None]
    flat[-1] += BEYOND * reach * (size / np.linalg.norm(reach, axis=1))[:, None]
    margin = (GRID - RIG_SIDE) / 2
    inside = margin + RIG_SIDE / 2 - np.abs(flat - (RIG_SIDE - 1) / 2).max(2)
    flat = flat.clip(2 - margin, RIG_SIDE - 3 + margin)
    z = oval[None, :, 2] + share**2 * (depth - oval[None, :, 2])
    below = (flat - mesh[CHIN, :2]) @ down / (NECK * height)
    follow = (1 - smooth(below)) * smooth(inside / (EDGE * RIG_SIDE))
    follow[-1] = 0
    away = np.linalg.norm(flat - oval[None, :, :2], axis=2) / (0.35 * height)
    near = np.clip(1 - away, 0, 1) ** 2
    return np.concatenate([flat, z[..., None]], 2), follow.ravel(), near.ravel()


def _silhouette(
    oval: Float[np.ndarray, "o 2"],
    ray: Float[np.ndarray, "o 2"],
    person: UInt8[np.ndarray, "m m"],
    down: Float[np.ndarray, "2"],
) -> Float[np.ndarray, "o 2"]:
    """From the face's outline to the head's along rays; below the chin to the end of the neck."""
    steps = np.linspace(0, 1, 61)[1:]
    size = float(np.linalg.norm(ray, axis=1).mean())
    unit = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    places = oval[None] + (FARTHEST * size * steps)[:, None, None] * unit[None]
    side = len(person)
    at = (places - (RIG_SIDE - 1) / 2) / (RIG_SIDE * MATTE_SHARE) * side + (side - 1) / 2
    x, y = cv2.split(at.astype(np.float32))
    inside = cv2.remap(person, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) > 127
    count = np.minimum.accumulate(inside, axis=0).sum(0)
    length = FARTHEST * size * np.maximum(count, 2) / len(steps)
    length = np.max([np.roll(length, k) for k in (-1, 0, 1)], axis=0)
    length = np.convolve(np.r_[length[-1:], length, length[:1]], np.ones(3) / 3, "valid")
    neck = smooth((unit @ down - 0.3) / 0.4)
    length = (1 - neck) * length + neck * NECK * 2 * size
    return unit * length[:, None]
