"""Two renders of one face, one factor of z moved, and where each of its points went: the truth.

The surfaces of the first are drawn with their places in the second in lieu of their places on the
neutral face, so every pixel knows where its point is seen in the other picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from photo.crop import resized

from . import traits as T
from .portrait import Portrait, Portraits
from .render import code
from .scene import SIDE

# By how much a factor of z is moved: a pose towards its mean and beyond, an expression up.
MOVES = {"yaw": 1.5, "smile": 2.0, "open": 2.5, "pitch": 1.5, "brow_up": 2.5, "lids": 2.5}
POSE = ("yaw", "pitch")
UNSEEN = 1_000_000  # samples from this one on are in no training set
SAME = 0.06  # decimetres of the neutral face: as far as the next pixel may be from a point's place

Map = Float32[np.ndarray, "side side 4"]


@dataclass(frozen=True)
class Pair:
    """The face before and after.

    Args:
        factor: the one that was moved.
        z: both codes.
        pictures: both renders.
        landmarks: of both, (x, y) in px.
        motion: from each pixel of the first picture to where the second has its point, in px.
        covered: the first picture shows a point of the head here, not the background.
        visible: and the second shows it too.
    """

    factor: str
    z: Float32[np.ndarray, "2 z"]
    pictures: UInt8[np.ndarray, "2 side side 3"]
    landmarks: Float[np.ndarray, "2 points 2"]
    motion: Float32[np.ndarray, "side side 2"]
    covered: Bool[np.ndarray, "side side"]
    visible: Bool[np.ndarray, "side side"]


def moved(z: Float32[np.ndarray, " z"], factor: str, by: float) -> Float32[np.ndarray, " z"]:
    """The code with the first dim of a factor moved."""
    dim = T.DIMS[factor].start
    other = z.copy()
    other[dim] += -by if factor in POSE and z[dim] > 0 else by
    return other


def pairs(portraits: Portraits, count: int, seed: int) -> Iterator[Pair]:
    """Pairs that no training has seen, the factors of MOVES in turns."""
    factors, index = list(MOVES), UNSEEN
    for k in range(count):
        factor = factors[k % len(factors)]
        found = None
        while found is None:
            z = code(seed, index)
            found = pair(portraits, factor, np.stack([z, moved(z, factor, MOVES[factor])]))
            index += 1
        yield found


def pair(
    portraits: Portraits, factor: str, z: Float32[np.ndarray, "2 z"], side: int = SIDE
) -> Pair | None:
    """The renders of two codes, ``side`` px, with their truth; None if they wear different hair."""
    faces = portraits.portrait(z[0]), portraits.portrait(z[1])
    styles = T.hair_style(T.factors(z))
    if styles[0] != styles[1]:
        return None
    scene = portraits.scene
    pictures = np.stack([scene.picture(face.parts, face.shading, side) for face in faces])
    maps = [scene.places(face.parts, face.shading, side) for face in faces]
    motion = _motion(portraits, faces, side) * (maps[0][..., 3:] > 0)
    marks = np.stack([portraits.points(face.head) for face in faces])
    marks = resized(marks, SIDE, side)
    covered = maps[0][..., 3] > 0
    visible = covered & seen(maps[0], maps[1], motion)
    return Pair(factor, z, pictures, marks, motion, covered, visible)


def _motion(
    portraits: Portraits, faces: tuple[Portrait, Portrait], side: int
) -> Float32[np.ndarray, "side side 2"]:
    """Draw the face before with the clip coordinates x, y, w that it will have."""
    before, after = faces
    later = {(part.kind, part.textures): part.clip[:, [0, 1, 3]] for part in after.parts}
    drawn = [
        replace(part, rest=later[part.kind, part.textures])
        for part in before.parts
        if part.kind not in ("brows", "lashes")
    ]
    clip = portraits.scene.places(drawn, before.shading, side)
    away = np.where(clip[..., 3:] > 0, clip[..., 2:3], 1)
    places = (clip[..., :2] / away * [1, -1] + 1) * side / 2 - 0.5
    grid = np.mgrid[:side, :side].astype(np.float32)
    return (places - np.stack([grid[1], grid[0]], axis=2)).astype(np.float32)


def seen(
    before: Map, after: Map, motion: Float32[np.ndarray, "side side 2"]
) -> Bool[np.ndarray, "side side"]:
    """Where ``after`` shows, within a pixel of where the motion leads, the same point and part."""
    side = len(before)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    same = np.zeros((side, side), dtype=bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            at = (x + motion[..., 0] + dx).round(), (y + motion[..., 1] + dy).round()
            found = cv2.remap(after, *at, cv2.INTER_NEAREST, borderValue=0)
            near = np.linalg.norm(found[..., :3] - before[..., :3], axis=2) < SAME
            same |= near & (found[..., 3] == before[..., 3])
    return same
