"""Eyeballs, which lids cover and uncover, and which look about."""

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Float32

from photo import Photo
from photo.crop import Crop, Quad
from photo.mesh import LEFT_CORNERS, LEFT_EYE, RIGHT_CORNERS, RIGHT_EYE

from .flow import sample
from .layers import Layer, around, nearest, polygon, smooth
from .rig import RIG_SIDE, Pose, Rig, aligned


def eye_layers(photo: Photo, quad: Quad, rig: Rig, pose: Pose) -> Iterator[Layer]:
    """Eyeballs, which the lids cover and uncover; nothing where they have not moved."""
    crop = Crop(quad, RIG_SIDE)
    for number, rows in enumerate((LEFT_EYE, RIGHT_EYE)):
        corners = list((LEFT_CORNERS, RIGHT_CORNERS)[number])
        before, after = (crop.to_photo(v.vertices[list(rows), :2]) for v in (rig, pose))
        ends, now = (crop.to_photo(v.vertices[corners, :2]) for v in (rig, pose))
        gaze = crop.motion_to_photo(pose.gaze[number])
        lids = aligned(before, ends, now)
        if np.abs(lids - after).max() + np.abs(gaze).max() < 0.3:
            continue
        yield _eye(photo, crop.to_photo(rig.irises[number]), (before, after), (ends, now), gaze)


def _eye(
    photo: Photo, iris: np.ndarray, lids: tuple[np.ndarray, np.ndarray],
    ends: tuple[np.ndarray, np.ndarray], gaze: np.ndarray,
) -> Layer:  # fmt: skip
    before, after = lids
    width = float(np.linalg.norm(ends[0][1] - ends[0][0]))
    low, here = around(after, 2.0)
    share = polygon(after - low, here.shape[:2], max(0.7, 0.015 * width))
    source = aligned(here.reshape(-1, 2), ends[1], ends[0]).reshape(here.shape)
    centre, radius = iris[0], float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    away = np.linalg.norm(source - centre - gaze, axis=2) / radius
    source = source - gaze * smooth((2.6 - away) / 1.4)[..., None]
    ball, corner = _eyeball(photo, before, centre, radius)
    colours = sample(
        ball, (source - corner).astype(np.float32), cv2.INTER_CUBIC, cv2.BORDER_REPLICATE
    )
    return Layer((int(low[0]), int(low[1])), colours, share)


def _eyeball(
    photo: Photo, lids: np.ndarray, centre: np.ndarray, radius: float
) -> tuple[Float32[np.ndarray, "a b 3"], np.ndarray]:
    """(the eye without its lids, the first pixel's place): what they hide is guessed.

    An iris is round: what a lid hides of it is seen on its other side. Beyond it is more of the
    white beside it.
    """
    low, own = around(lids, 0.3 * float(np.ptp(lids[:, 0])))
    own = own - low.astype(np.float32)
    inner = lids.mean(0) + (lids - lids.mean(0)) * (0.96, 0.8)
    seen = polygon(inner - low, own.shape[:2], 0.0) > 0.5
    if not seen.any():
        return sample(photo, own + low.astype(np.float32)).astype(np.float32), low
    middle = (centre - low).astype(np.float32)
    places, _ = nearest(seen)
    opposite = 2 * middle - own
    turned = sample(seen.astype(np.float32), opposite) > 0.5
    in_iris = np.linalg.norm(own - middle, axis=2) < 1.1 * radius
    round_ = ~seen & turned & in_iris
    places = np.where(round_[..., None], opposite, places)
    ball = sample(photo, places + low.astype(np.float32), border=cv2.BORDER_REPLICATE)
    ball = ball.astype(np.float32)
    hidden = cv2.GaussianBlur((~seen & ~round_).astype(np.float32), (0, 0), max(0.5, 0.05 * radius))
    soft = cv2.GaussianBlur(ball, (0, 0), max(0.5, 0.12 * radius))
    return ball + hidden[..., None] * (soft - ball), low
