"""Landmarks as vertices of the base mesh: the 68 of iBUG's convention, then more.

Chosen by eye on the neutral face. Only the person's left side and the middle are listed; the
right side is found by mirroring. They are points of the head, not of its outline: the jaw line
of a turned head stays on the skin.
"""

import numpy as np
from jaxtyping import Int32

from .assets import Assets

JAW = (12001, 7573, 7574, 7597, 7595, 10366, 11900, 11898)  # from the ear to the chin
CHIN = 5296
BROW = (6983, 6980, 6979, 6981, 7024)  # from the nose outwards
NOSE = (132, 131, 201, 5054)  # the bridge, down to the tip
NOSTRIL = (7054, 7057)  # from the middle outwards
UNDER_NOSE = 317
EYE = (6855, 11483, 11467, 13376, 11477, 11480)  # inner corner, upper lid, outer corner, lower lid
LIP_CORNER, UPPER_LIP, LOWER_LIP = 7129, (7210, 7170), (7241, 7130)  # lips from the middle
UPPER_MIDDLE, LOWER_MIDDLE = 455, 492
INNER_CORNER, INNER_UPPER, INNER_LOWER = 7193, 7226, 7236
INNER_UPPER_MIDDLE, INNER_LOWER_MIDDLE = 474, 493
EAR = (12012, 12340)  # top, lobe
CHEEK, TEMPLE = (11765, 7607, 11906), (7443, 7017, 7019)
MIDDLE = (983, 234, 5162)  # hairline, forehead, front of the chin
NOSE_TIP = 30  # index of the landmark


def ibug(mirror: dict[int, int]) -> list[int]:
    """The vertices of the 68 landmarks in their usual order, the person's right side first."""

    def right(*vertices: int) -> list[int]:
        return [mirror[vertex] for vertex in vertices]

    inner, upper1, upper2, outer, lower1, lower2 = EYE
    eye = right(outer, upper2, upper1, inner, lower2, lower1)
    nose = [*NOSE, *right(NOSTRIL[1], NOSTRIL[0]), UNDER_NOSE, *NOSTRIL]
    lips = [*right(LIP_CORNER, UPPER_LIP[1], UPPER_LIP[0]), UPPER_MIDDLE, *UPPER_LIP, LIP_CORNER]
    lips += [LOWER_LIP[1], LOWER_LIP[0], LOWER_MIDDLE, *right(*LOWER_LIP)]
    inside = [*right(INNER_CORNER, INNER_UPPER), INNER_UPPER_MIDDLE, INNER_UPPER, INNER_CORNER]
    inside += [INNER_LOWER, INNER_LOWER_MIDDLE, *right(INNER_LOWER)]
    jaw = [*right(*JAW), CHIN, *JAW[::-1]]
    return [*jaw, *right(*BROW[::-1]), *BROW, *nose, *eye, *EYE, *lips, *inside]


class Landmarks:
    """Where the landmarks are on a base mesh. The last two are the centres of the eyes."""

    def __init__(self, assets: Assets):
        used = np.unique(assets.body.vertex)
        self.mirror_vertex = {v: _mirrored(assets.base, used, v) for v in _listed()}
        pairs = [v for left in (*EAR, *CHEEK, *TEMPLE) for v in (self.mirror_vertex[left], left)]
        self.vertices = np.array([*ibug(self.mirror_vertex), *MIDDLE, *pairs], dtype=np.int32)
        self.eyes = assets.joints["r-eye"], assets.joints["l-eye"]
        self.names = [f"ibug-{k}" for k in range(68)] + ["hairline", "forehead", "chin-front"]
        for name in ("ear-top", "ear-lobe", "cheek", "under-eye", "jaw-side"):
            self.names += [f"{name}-right", f"{name}-left"]
        for name in ("temple", "hairline-inner", "hairline-outer"):
            self.names += [f"{name}-right", f"{name}-left"]
        self.names += ["eye-right", "eye-left"]

    def on(self, base: np.ndarray) -> np.ndarray:
        """The landmarks of one shape of the base mesh, in its units."""
        eyes = [base[group].mean(0, keepdims=True) for group in self.eyes]
        return np.concatenate([base[self.vertices], *eyes])

    def mirrored(self, base: np.ndarray) -> Int32[np.ndarray, " p"]:
        """The landmark that each one becomes in a mirror; ``base`` is the neutral mesh."""
        points = self.on(base)
        away = np.linalg.norm(points[:, None] * [-1, 1, 1] - points[None], axis=2)
        return away.argmin(1).astype(np.int32)


def _listed() -> list[int]:
    pairs = (JAW, BROW, NOSTRIL, EYE, UPPER_LIP, LOWER_LIP, EAR, CHEEK, TEMPLE)
    return [v for group in pairs for v in group] + [
        LIP_CORNER, INNER_CORNER, INNER_UPPER, INNER_LOWER
    ]  # fmt: skip


def _mirrored(base: np.ndarray, used: np.ndarray, vertex: int) -> int:
    return int(used[np.abs(base[used] - base[vertex] * [-1, 1, 1]).sum(1).argmin()])
