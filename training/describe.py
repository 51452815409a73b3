"""What the renderer is asked to draw, as numbers: unlimited targets for the mapping, no drawing.

From w these must be readable: the traits themselves, and where points of the head come to lie.
"""

import numpy as np
from jaxtyping import Float, Float32

from . import traits as T
from .assets import HAIR, SKINS, Assets
from .figure import Poser
from .points import Landmarks

EXTRA_POINTS = 160  # of the skin, spread evenly, beside the landmarks
KNOWN = 4000  # codes from which means and variances are known
FACE_IN_TEXTURE = np.s_[90:200, 165:250]  # rows from the bottom, columns of 256
WEIGHTS = (2.0, 1.0, 0.7)  # of what is seen, the factors, and points


class Describe:
    """z -> numbers of mean 0 and variance 1, times how much they matter to the eye."""

    def __init__(self, assets: Assets):
        landmarks = Landmarks(assets)
        extra = _spread(np.unique(assets.body.vertex), assets.base, EXTRA_POINTS)
        shown = np.concatenate([landmarks.vertices, extra])
        self.poser = Poser(assets, np.concatenate([shown, *landmarks.eyes]))
        self.shown, *self.eyes = (
            np.searchsorted(self.poser.vertices, v) for v in (shown, *landmarks.eyes)
        )
        self.rest = self._points(self.poser.whole.base)
        self.skins = np.stack([_mean_colour(assets, name) for name in SKINS])
        known = self._numbers(np.random.default_rng(0).standard_normal((KNOWN, T.Z_DIM)))
        self.mean, self.scale = known.mean(0), 1 / known.std(0).clip(min=1e-6)
        self.scale *= np.repeat(WEIGHTS, self.widths)

    def __call__(self, z: T.Z) -> Float32[np.ndarray, "n p"]:
        """What is seen, the factors of T, then x and y of points."""
        return ((self._numbers(z) - self.mean) * self.scale).astype(np.float32)

    def _numbers(self, z: T.Z) -> Float[np.ndarray, "n p"]:
        x = T.factors(z)
        points = self.pixels(x).reshape(len(z), -1)
        seen = np.concatenate([part.reshape(len(z), -1) for part in self._seen(x)], axis=1)
        factors = np.concatenate([x[f[0]] for f in T.FACTORS], axis=1)
        self.widths = [seen.shape[1], factors.shape[1], points.shape[1]]
        return np.concatenate([seen, factors, points], axis=1)

    def _seen(self, x: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Traits that are no linear function of the factors; colours as a screen shows them."""
        looks, style = T.looks(x), np.eye(len(HAIR) + 1)[T.hair_style(x)]
        skin, hair = T.skin(x), T.hair_colour(x)
        face = np.sqrt(skin @ self.skins * looks["tint"] * looks["exposure"])
        shown = [face, np.sqrt(hair * looks["exposure"]), skin, T.iris(x), style]
        shown += [np.sqrt(looks[name]) for name in ("background", "cloth")]
        shown += [looks[name] for name in ("stubble", "lips", "blush", "brow_dark", "contrast")]
        return [*shown, T.brows(x), *T.population(x)[:1], T.pose(x)[0]]

    def pixels(self, x: dict[str, np.ndarray]) -> Float[np.ndarray, "n points 2"]:
        """(x, y) of the eyes, the landmarks and more, in px from the picture's centre."""
        points = self._points(self.poser.whole(T.morphs(x, True)))
        heads = self.poser.posed(x, points)
        return heads.pixels(heads.turn(points, self.rest)) - 127.5

    def _points(self, base: np.ndarray) -> np.ndarray:
        eyes = [base[..., group, :].mean(-2, keepdims=True) for group in self.eyes]
        return np.concatenate([*eyes, base[..., self.shown, :]], axis=-2)


def _mean_colour(assets: Assets, skin: str) -> Float[np.ndarray, " 3"]:
    """Of the face in a skin's texture, in linear light."""
    texture = assets.texture(assets.picture_of(f"skins/{skin}"), 256)[FACE_IN_TEXTURE]
    return np.square(texture[..., :3] / 255.0).mean((0, 1))


def _spread(vertices: np.ndarray, base: np.ndarray, count: int) -> np.ndarray:
    """Vertices far from each other, chosen one after the other, of the front of the head."""
    front = vertices[(base[vertices, 2] > 0.2) & (base[vertices, 1] > 5.4)]
    chosen, away = [int(front[0])], np.full(len(front), np.inf)
    for _ in range(count - 1):
        away = np.minimum(away, np.linalg.norm(base[front] - base[chosen[-1]], axis=1))
        chosen.append(int(front[away.argmax()]))
    return np.array(chosen)
