"""From traits to vertices in the picture: morph, turn, look through the camera, crop as FFHQ does.

Positions leave as clip coordinates (x, y, z, w), so that all cropping is done and OpenGL only
has to draw. The crop is computed on the face *without* its expression: opening the mouth does not
shrink the head. Everything takes many heads at once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from . import traits as T
from .assets import Assets

CAMERA = 14.0  # decimetres from the neck joint
NECK = (5.3, 6.3)  # height in the base mesh over which the shoulders' turn becomes the head's
NEAR_FAR = (8.0, 22.0)
SIDE = 256  # px that landmarks are given in

Points = Float[np.ndarray, "*n v 3"]


@dataclass(frozen=True)
class Heads:
    """Posed base meshes.

    Args:
        base: the morphed vertices before they are turned.
        pose: yaw, pitch, roll of the head and yaw of the shoulders in radians.
        pivot: what is turned about.
        crop: (a, b, tx, ty): projected (x, y) goes to (a x - b y + tx, b x + a y + ty), the
            picture being -1..1.
    """

    base: Points
    pose: Float[np.ndarray, "*n 4"]
    pivot: Float[np.ndarray, "*n 3"]
    crop: Float[np.ndarray, "*n 4"]

    def __getitem__(self, row: int) -> "Heads":
        return Heads(self.base[row], self.pose[row], self.pivot[row], self.crop[row])

    def turn(self, points: Points, rest: Float[np.ndarray, "v 3"]) -> Points:
        """Points of these heads turned into the view; ``rest``: where they are on the base mesh."""
        share = np.clip((rest[:, 1] - NECK[0]) / (NECK[1] - NECK[0]), 0, 1)
        share = (share * share * (3 - 2 * share))[:, None]
        head, body = self.pose[..., None, :3], self.pose[..., None, 3:] * [1.0, 0.0, 0.0]
        return rotate(points - self.pivot[..., None, :], body + share * (head - body))

    def clip(self, view: Points) -> Float[np.ndarray, "*n v 4"]:
        """Clip coordinates of points in the view."""
        a, b, tx, ty = (self.crop[..., k, None] for k in range(4))
        w = CAMERA - view[..., 2]
        near, far = NEAR_FAR
        z = ((far + near) * w - 2 * far * near) / (far - near)
        x = a * view[..., 0] - b * view[..., 1] + tx * w
        y = b * view[..., 0] + a * view[..., 1] + ty * w
        return np.stack([x, y, z, w], axis=-1)

    def pixels(self, view: Points) -> Float[np.ndarray, "*n v 2"]:
        """(x, y) in px of the picture, (0, 0) the centre of the first pixel."""
        clip = self.clip(view)
        return (clip[..., :2] / clip[..., 3:] * [1, -1] + 1) * SIDE / 2 - 0.5


def rotate(points: Points, angles: Float[np.ndarray, "*n v 3"]) -> Points:
    """Turned by roll, then pitch, then yaw (radians); yaw > 0 looks to the picture's right."""
    x, y, z = (points[..., k] for k in range(3))
    yaw, pitch, roll = (angles[..., k] for k in range(3))
    x, y = np.cos(roll) * x - np.sin(roll) * y, np.sin(roll) * x + np.cos(roll) * y
    y, z = np.cos(pitch) * y - np.sin(pitch) * z, np.sin(pitch) * y + np.cos(pitch) * z
    x, z = np.cos(yaw) * x + np.sin(yaw) * z, -np.sin(yaw) * x + np.cos(yaw) * z
    return np.stack([x, y, z], axis=-1)


def crop_of(eyes: Float[np.ndarray, "*n 2 2"], mouth: Float[np.ndarray, "*n 2"]) -> np.ndarray:
    """FFHQ's crop (Karras et al. 2019, appendix A) of projected points, y up: Heads.crop."""
    middle, across = eyes.mean(-2), eyes[..., 1, :] - eyes[..., 0, :]
    down = mouth - middle
    x = across + down[..., ::-1] * [-1, 1]
    reach = np.maximum(2.0 * np.linalg.norm(across, axis=-1), 1.8 * np.linalg.norm(down, axis=-1))
    x = x / (np.linalg.norm(x, axis=-1) * reach)[..., None]
    centre = middle + 0.1 * down
    a, b = x[..., 0], -x[..., 1]
    tx = -(a * centre[..., 0] - b * centre[..., 1])
    ty = -(b * centre[..., 0] + a * centre[..., 1])
    return np.stack([a, b, tx, ty], axis=-1)


class Morpher:
    """Applies all morph targets that T uses to some of the base mesh's vertices."""

    def __init__(self, assets: Assets, vertices: np.ndarray):
        self.names = list(T.morphs(T.factors(np.ones((1, T.Z_DIM))), True))
        self.base = assets.base[vertices]
        place = np.full(len(assets.base), -1)
        place[vertices] = np.arange(len(vertices))
        self.matrix = np.zeros((len(self.names), len(vertices), 3), dtype=np.float32)
        for row, name in enumerate(self.names):
            index, delta = assets.targets[name]
            kept = place[index] >= 0
            self.matrix[row, place[index][kept]] += delta[kept]

    def __call__(self, weights: dict[str, Float[np.ndarray, " n"]]) -> Points:
        """The vertices under these weights; a target without a weight does nothing."""
        names = [row for row, name in enumerate(self.names) if np.any(weights.get(name, 0))]
        amounts = np.stack([weights[self.names[row]] for row in names], axis=1)
        moved = amounts.astype("f4") @ self.matrix[names].reshape(len(names), -1)
        return self.base + moved.reshape(-1, *self.base.shape).astype(np.float64)


class Poser:
    """Makes heads of codes; of a head without expression only what the crop needs is computed."""

    def __init__(self, assets: Assets, vertices: np.ndarray):
        groups = [assets.joints[name] for name in ("head", "r-eye", "l-eye")] + [assets.mouth]
        self.count, self.vertices = len(assets.base), np.unique(vertices)
        self.whole, self.plain = (Morpher(assets, v) for v in (self.vertices, np.hstack(groups)))
        ends = np.cumsum([len(group) for group in groups])
        self.groups = [slice(int(e) - len(g), int(e)) for e, g in zip(ends, groups, strict=True)]
        self.rest = self._means(self.plain.base)

    def _means(self, points: Points) -> Points:
        return np.stack([points[..., group, :].mean(-2) for group in self.groups], axis=-2)

    def posed(self, x: dict[str, np.ndarray], base: Points) -> Heads:
        """Heads of these codes' factors that have these vertices."""
        means = self._means(self.plain(T.morphs(x, False)))
        uncut = np.tile([1.0, 0, 0, 0], (len(means), 1))
        pivot, points, pose = means[:, 0], means[:, 1:], T.pose(x)[0]
        raw = Heads(points, pose, pivot, uncut)
        clip = raw.clip(raw.turn(points, self.rest[1:]))
        flat = clip[..., :2] / clip[..., 3:]
        return Heads(base, pose, pivot, crop_of(flat[:, :2], flat[:, 2]))

    def heads(self, x: dict[str, np.ndarray]) -> Heads:
        """The whole heads of these codes' factors; vertices that were not asked for stay 0."""
        moved = self.whole(T.morphs(x, True))
        base = np.zeros((len(moved), self.count, 3))
        base[:, self.vertices] = moved
        return self.posed(x, base)
