"""A photo's head as a surface in 2.5 dimensions, and how a generator's motion bends it.

The face is the mesh of the face net; rings around it reach over hair and ears to the head's
silhouette, and over the neck down to where nothing moves. All points are (x, y, z) px of the crop
at RIG_SIDE; z grows away from the camera. The rig knows nothing of generators: it is given the
meshes of two pictures.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from photo.crop import Crop, Quad
from photo.mesh import LEFT_CORNERS, OVAL, RIGHT_CORNERS, STABLE, Mesh, canonical, eye_distance

from .backdrop import Backdrop

RIG_SIDE = 512
MATTE_SHARE = 1.5  # of the crop's side: the wide crop, which the head may move in
GRID = round(RIG_SIDE * MATTE_SHARE)  # cells of the wide crop, each as wide as a px of the crop
SIDEWARDS = (0.25, 0.5, 0.75, 1.0)  # of the way to the silhouette; the last ring is beyond it
MIDDLE = 6.0  # cm: depth of the middle of the head, in the canonical face
MOST_STRETCH = 1.4  # times as wide as in the photo: hair and ears that come into view
MOST_GROWTH = 1.05  # times, of a skull: what is beyond comes of how faces are cut out

Vertices = Float[np.ndarray, "v 3"]
"""The mesh, then the rings, from the innermost outwards."""
Shifts = tuple[Vertices, Vertices]
"""How the skull's motion shifts each vertex, and how the face's own does."""


@dataclass(frozen=True)
class Similarity:
    """p -> scale * turn @ (p - centre) + centre + shift."""

    scale: float
    turn: Float[np.ndarray, "3 3"]
    centre: Float[np.ndarray, "3"]
    shift: Float[np.ndarray, "3"]

    def __call__(self, points: Vertices) -> Vertices:
        """Where the points go."""
        return self.scale * (points - self.centre) @ self.turn.T + self.centre + self.shift

    @property
    def roll(self) -> Float[np.ndarray, "3 3"]:
        """What of the turn is in the picture's plane."""
        a = np.arctan2(self.turn[1, 0] - self.turn[0, 1], self.turn[0, 0] + self.turn[1, 1])
        return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])

    def undone(self, points: Vertices) -> Vertices:
        """Where the points come from."""
        return (points - self.centre - self.shift) @ self.turn / self.scale + self.centre


@dataclass(frozen=True)
class Rig:
    """The head in a crop of a photo.

    Args:
        vertices: mesh and rings in the photo.
        follow: how much of the head's motion each one takes part in: 1, down the neck to 0.
        near: how much of the expression at the face's outline each one takes part in.
        irises: left and right; see ``nets.irises``.
        backdrop: what is behind the head.
    """

    vertices: Vertices
    follow: Float[np.ndarray, " v"]
    near: Float[np.ndarray, " v"]
    irises: Float[np.ndarray, "2 5 2"]
    backdrop: Backdrop

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        own = (self.vertices, self.follow, self.near, self.irises)
        return self.backdrop.size + sum(part.nbytes for part in own)

    @property
    def eyes(self) -> float:
        """Distance between the eyes, px."""
        return eye_distance(self.vertices[:468])


@dataclass(frozen=True)
class Pose:
    """Where a rig's points are after edits.

    Args:
        vertices: as the rig's.
        gaze: (x, y) by which each iris has moved beyond its eye.
        fixed: px of the crop, of any side, that no edit was allowed to change; None: none.
    """

    vertices: Vertices
    gaze: Float[np.ndarray, "2 2"]
    fixed: Bool[np.ndarray, "r r"] | None = None

    def rests(self, rig: Rig) -> bool:
        """Whether the photo is as it was."""
        return np.array_equal(self.vertices, rig.vertices) and not self.gaze.any()

    def iris(self, rig: Rig, number: int) -> Float[np.ndarray, "5 2"]:
        """Where the left or the right iris is."""
        corners = list((LEFT_CORNERS, RIGHT_CORNERS)[number])
        ends = (v[corners, :2] for v in (rig.vertices, self.vertices))
        return aligned(rig.irises[number], *ends) + self.gaze[number]

    def towards(self, other: "Pose", share: float) -> "Pose":
        """So much of the way to another pose of the same rig: exactly these at 0 and 1."""
        pairs = ((self.vertices, other.vertices), (self.gaze, other.gaze))
        vertices, gaze = ((1 - share) * start + share * end for start, end in pairs)
        return Pose(vertices, gaze, other.fixed)


def wide_crop(quad: Quad) -> Crop:
    """What the head may move in, around the crop with these corners; its px are as wide."""
    return Crop(quad, RIG_SIDE).shrunk(MATTE_SHARE).at(GRID)


def rest(rig: Rig) -> Pose:
    """The photo as it is."""
    return Pose(rig.vertices, np.zeros((2, 2)))


def head_motion(before: Mesh, after: Mesh) -> Similarity:
    """How the skull moved: Procrustes' problem for the points that no expression moves.

    Closed form by SVD (Umeyama 1991, eq. 40 to 42); points far from the first answer's are trusted
    less in a second one.
    """
    rows = list(STABLE)
    weight = np.ones(len(rows))
    found = _umeyama(before[rows], after[rows], weight)
    off = np.linalg.norm(found(before[rows]) - after[rows], axis=1)
    return _umeyama(before[rows], after[rows], 1 / (1 + (off / max(1e-6, np.median(off))) ** 2))


def moved(rig: Rig, pose: Pose, before: Mesh, after: Mesh) -> Shifts:
    """How the pose's vertices move as a generator's face does between two pictures.

    The head's motion applies as it is, the rest in the frame of the photo's own head.

    Args:
        rig: of the photo.
        pose: before the motion.
        before, after: meshes of the generator's pictures, px of the crop at RIG_SIDE.
    """
    own, head = pose.vertices[:468], head_motion(before, after)
    change = head.undone(after) - before
    frame = head_motion(before, own)
    change = frame.scale * change @ frame.turn.T
    centre, at = own[list(STABLE)].mean(0), before[list(STABLE)].mean(0)
    step = head(at[None])[0] - at
    scale = float(np.clip(head.scale, 1 / MOST_GROWTH, MOST_GROWTH))
    ahead = replace(head, scale=scale, centre=centre, shift=frame.scale * step)
    return carried(rig, pose, ahead, change)


def carried(rig: Rig, pose: Pose, skull: Similarity, change: Mesh) -> Shifts:
    """How the pose's vertices move, all of the head with its skull.

    Args:
        rig: of the photo.
        pose: before the motion.
        skull: its motion.
        change: the face's own, before the skull's.
    """
    spread = rig.near[:, None] * change[rows_of(rig)]
    whole = rig.follow[:, None] * (turned(rig, pose.vertices, skull) - pose.vertices)
    return whole, rig.follow[:, None] * skull.scale * spread @ skull.turn.T


def turned(rig: Rig, vertices: Vertices, skull: Similarity) -> Vertices:
    """Where the skull's motion takes the face, what is around it, and the head's outline.

    The edge that is seen of a round head is another part of it after each turn: it goes where the
    middle of the head goes, and the head becomes no narrower. Rings between are carried by both;
    what comes into view is stretched for it, but no wider than MOST_STRETCH times.
    """
    to, middle, share = skull(vertices), middle_of(vertices[:468]), outlines(rig)[:, None]
    edge = skull(middle[None]) + skull.scale * (vertices - middle) @ skull.roll.T
    rows = rows_of(rig)
    way = (1 - share) * to + share * edge - to[rows]
    length = np.linalg.norm(way[:, :2], axis=1, keepdims=True)
    most = skull.scale * rooms(rig, vertices)[:, None] / np.maximum(length, 1e-6)
    return to[rows] + np.c_[np.minimum(1, most) * way[:, :2], way[:, 2]]


def middle_of(mesh: Mesh) -> Float[np.ndarray, "3"]:
    """The middle of the head that this face belongs to."""
    return head_motion(canonical(), mesh)(np.array([[0, 0, MIDDLE]]))[0]


def rows_of(rig: Rig) -> Int[np.ndarray, " v"]:
    """The row of the mesh that each vertex belongs to: its own, or one of the face's outline."""
    return np.r_[np.arange(468), np.tile(OVAL, _ring_count(rig))]


def outlines(rig: Rig) -> Float[np.ndarray, " v"]:
    """How much each vertex is of the head's outline, and not of its surface: 0 to 1."""
    rings = (*SIDEWARDS, *(1.0,) * _ring_count(rig))[: _ring_count(rig)]
    return np.r_[np.zeros(468), np.repeat(np.square(rings), len(OVAL))]


def rooms(rig: Rig, vertices: Vertices) -> Float[np.ndarray, " v"]:
    """How far each vertex of a ring may be from its one of the face's outline, px."""
    far = np.linalg.norm((rig.vertices - rig.vertices[rows_of(rig)])[:, :2], axis=1)
    return MOST_STRETCH * eye_distance(vertices[:468]) / rig.eyes * far


def _umeyama(before: Vertices, after: Vertices, weight: np.ndarray) -> Similarity:
    weight = weight / weight.sum()
    middle, goal = weight @ before, weight @ after
    left, scales, right = np.linalg.svd(
        (after - goal).T @ ((before - middle) * weight[:, None]), full_matrices=False
    )
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    spread = float(weight @ np.square(before - middle).sum(1))
    turn = left * signs @ right
    return Similarity(float(scales @ signs) / max(1e-9, spread), turn, middle, goal - middle)


def _ring_count(rig: Rig) -> int:
    return (len(rig.vertices) - 468) // len(OVAL)


def aligned(points: np.ndarray, ends: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Points after the similarity that takes two ends to where they are now."""
    a, b = (complex(*(e[1] - e[0])) for e in (ends, now))
    factor = b / a if a else 1
    moved = (points - ends[0]) @ np.array([[1], [1j]]) * factor
    return np.c_[moved.real, moved.imag] + now[0]
