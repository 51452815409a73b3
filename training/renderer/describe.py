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
SEEN, FACTOR, POINT = 2.0, 1.0, 0.7  # how much each kind of number matters
CHOICES = {"style": 10.0, "skin": 4.0, "iris": 4.0, "brows": 4.0}  # arg-max: hard to learn
BEHIND = {"hair": 0.15, "skin": 0.15, "iris": 0.15, "brows": 0.15}  # seen as choices only


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
        parts = self._parts(np.random.default_rng(0).standard_normal((KNOWN, T.Z_DIM)))
        known = np.concatenate([numbers for _, numbers in parts], axis=1)
        self.weights = np.concatenate([np.full(x.shape[1], weight) for weight, x in parts])
        self.mean, self.scale = known.mean(0), self.weights / known.std(0).clip(min=1e-6)

    def __call__(self, z: T.Z) -> Float32[np.ndarray, "n p"]:
        """What is seen, the factors of T, then x and y of points."""
        numbers = np.concatenate([numbers for _, numbers in self._parts(z)], axis=1)
        return ((numbers - self.mean) * self.scale).astype(np.float32)

    def _parts(self, z: T.Z) -> list[tuple[float, Float[np.ndarray, "n _"]]]:
        """(weight, numbers) of each kind."""
        x, count = T.factors(z), len(z)
        seen = [(CHOICES.get(name, SEEN), part) for name, part in self._seen(x).items()]
        factors = [(BEHIND.get(name, FACTOR), x[name]) for name in T.DIMS]
        parts = [*seen, *factors, (POINT, self.pixels(x))]
        return [(weight, part.reshape(count, -1)) for weight, part in parts]

    def _seen(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Traits that are no linear function of the factors; colours as a screen shows them."""
        looks, style = T.looks(x), np.eye(len(HAIR) + 1)[T.hair_style(x)]
        skin, hair = T.skin(x), T.hair_colour(x)
        face = np.sqrt(skin @ self.skins * looks["tint"] * looks["exposure"])
        shown = {"face": face, "hair": np.sqrt(hair * looks["exposure"]), "skin": skin}
        shown |= {"iris": T.iris(x), "style": style, "brows": T.brows(x)}
        shown |= {name: np.sqrt(looks[name]) for name in ("background", "cloth")}
        plain = ("stubble", "lips", "blush", "brow_dark", "contrast")
        shown |= {name: looks[name] for name in plain}
        return shown | {"race": T.population(x)[0], "pose": T.pose(x)[0]}

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
