"""What the renderer is asked to draw, as numbers: unlimited targets for the mapping, no drawing.

From w these must be readable: the traits themselves, and where points of the head come to lie.
"""

import numpy as np
from jaxtyping import Float, Float32

from . import traits as T
from .assets import HAIR, Assets
from .figure import Poser
from .points import Landmarks

EXTRA_POINTS = 160  # of the skin, spread evenly, beside the landmarks
PX = 20.0  # px of the picture that count as 1


class Describe:
    """z -> numbers of similar size."""

    def __init__(self, assets: Assets):
        landmarks = Landmarks(assets)
        extra = _spread(np.unique(assets.body.vertex), assets.base, EXTRA_POINTS)
        shown = np.concatenate([landmarks.vertices, extra])
        self.poser = Poser(assets, np.concatenate([shown, *landmarks.eyes]))
        self.shown, *self.eyes = (
            np.searchsorted(self.poser.vertices, v) for v in (shown, *landmarks.eyes)
        )
        self.rest = self._points(self.poser.whole.base)

    def __call__(self, z: T.Z) -> Float32[np.ndarray, "n p"]:
        """Traits (see traits.py), then x and y of the points."""
        x = T.factors(z)
        style = np.eye(len(HAIR) + 1)[T.hair_style(x)]
        parts = [x[name] for name, _, _, _ in T.FACTORS if name not in ("hair", "skin", "iris")]
        parts += [*T.population(x)[:1], T.skin(x), T.iris(x), style, 2 * T.hair_colour(x)]
        parts += [3 * T.pose(x)[0], *T.looks(x).values()]
        parts += [self.pixels(x).reshape(len(z), -1) / PX]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def pixels(self, x: dict[str, np.ndarray]) -> Float[np.ndarray, "n points 2"]:
        """(x, y) of the eyes, the landmarks and more, in px from the picture's centre."""
        points = self._points(self.poser.whole(T.morphs(x, True)))
        heads = self.poser.posed(x, points)
        return heads.pixels(heads.turn(points, self.rest)) - 127.5

    def _points(self, base: np.ndarray) -> np.ndarray:
        eyes = [base[..., group, :].mean(-2, keepdims=True) for group in self.eyes]
        return np.concatenate([*eyes, base[..., self.shown, :]], axis=-2)


def _spread(vertices: np.ndarray, base: np.ndarray, count: int) -> np.ndarray:
    """Vertices far from each other, chosen one after the other, of the front of the head."""
    front = vertices[(base[vertices, 2] > 0.2) & (base[vertices, 1] > 5.4)]
    chosen, away = [int(front[0])], np.full(len(front), np.inf)
    for _ in range(count - 1):
        away = np.minimum(away, np.linalg.norm(base[front] - base[chosen[-1]], axis=1))
        chosen.append(int(front[away.argmax()]))
    return np.array(chosen)
