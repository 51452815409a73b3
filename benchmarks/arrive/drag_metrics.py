"""What is measured of a drag on the generator's own face: the field's figures, on any pictures.

Lengths are px of a picture of SIDE px, whatever the pictures' own side is; points are (x, y) in px
of the pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from inversion import distance
from photo.crop import resized
from stylegan import from_uint8
from transfer.correspondence import CoordinateMap, confidence_of, nearest
from transfer.flow import Picture, pixels, sample

from ..figures import SURE
from ..keep.fidelity import lpips
from ..real.elastic import MOST_DB, RADII, dai
from .landmarks import PAPER_SIDE as SIDE

FAR = 0.25  # of the side: points of the face that are so far from handle and target should rest
SAME = 0.5  # confidence from which two places show the same point of the face
Point = Float[np.ndarray, "2"]
Points = Float[np.ndarray, "p 2"]


@dataclass(frozen=True)
class Figure:
    """A mean ± half of its 95 % interval, of so many drags; None where these are too few."""

    mean: float | None
    error: float | None
    n: int

    @staticmethod
    def of(values: Sequence[float | None]) -> "Figure":
        """Of those values that are known."""
        known = np.array([value for value in values if value is not None])
        mean = float(known.mean()) if len(known) else None
        error = SURE * float(known.std(ddof=1)) / sqrt(len(known)) if len(known) > 1 else None
        return Figure(mean, error, len(known))

    def __str__(self) -> str:
        """As in a table."""
        if self.mean is None:
            return "none"
        digits = 4 if 0 < abs(self.mean) < 0.1 else 2 if abs(self.mean) < 100 else 0
        error = "?" if self.error is None else f"{self.error:.{digits}f}"
        return f"{self.mean:.{digits}f} ± {error}"


@dataclass(frozen=True)
class Shown:
    """A picture and what three judges see in it.

    Args:
        picture: itself.
        marks: the 68 landmarks of its face, by the face net; nan: it sees none.
        better: the same, calibrated (benchmarks/calibrated.py).
        face: which point of the face each pixel shows, by the coordinate head.
    """

    picture: Picture
    marks: Points
    better: Points
    face: CoordinateMap


@dataclass(frozen=True)
class Pull:
    """One drag of one point, in px of the pictures.

    Args:
        mark: its row in ``Shown.marks``.
        handle: where it is.
        target: where it should go.
    """

    mark: int
    handle: Point
    target: Point

    @property
    def length(self) -> float:
        """Of the way."""
        return float(np.linalg.norm(self.target - self.handle))

    def disc(self, side: int) -> Bool[np.ndarray, "side side"]:
        """What may move when something is masked: a disc with room for the way."""
        middle, radius = (self.handle + self.target) / 2, self.length / 2 + side / 10
        return np.linalg.norm(pixels(side, side) - middle, axis=2) < radius


def figures(before: Shown, after: Shown, pull: Pull) -> dict[str, float]:
    """The figures of one drag that its pictures tell."""
    large = SIDE / len(before.picture)
    away = pull.target - pull.handle
    by_head = went(before, after, pull.handle)
    by_net, better = (
        getattr(after, judge)[pull.mark] - getattr(before, judge)[pull.mark]
        for judge in ("marks", "better")
    )
    return {
        "MD net": large * float(np.linalg.norm(by_net - away)),
        "MD calibrated": large * float(np.linalg.norm(better - away)),
        "MD head": large * float(np.linalg.norm(by_head - away)),
        "share net": float(by_net @ away) / pull.length**2,
        "share calibrated": float(better @ away) / pull.length**2,
        **indices(before.picture, after.picture, pull.handle[None], pull.target[None]),
        "others": large * others(before.marks, after.marks, pull, FAR * len(before.picture)),
        "outside": outside(before.picture, after.picture, pull),
    }


def went(before: Shown, after: Shown, handle: Point) -> Point:
    """How far the point of the face under the handle went, by the coordinate head.

    nan where the handle is not on the face, or that point is hidden afterwards.
    """
    cells = len(before.face.covered)
    scale = len(before.picture) / cells
    at = ((handle + 0.5) / scale - 0.5).astype(np.float32)
    column, row = np.round(at).astype(int).clip(0, cells - 1)
    if not before.face.covered[row, column]:
        return np.full(2, np.nan)
    point = sample(before.face.points, at[None, None])[0]
    ends: list[np.ndarray] = []
    for face in (before.face, after.face):
        places, away = nearest(point, face, at[None])
        ends.append(places[0] if confidence_of(away)[0] > SAME else np.full(2, np.nan))
    return scale * (ends[1] - ends[0])


def others(before: Points, after: Points, pull: Pull, far: float) -> float:
    """How far points of the face moved that are far from the drag, a mean."""
    ends = np.stack([pull.handle, pull.target])
    away = np.linalg.norm(before[:, None] - ends, axis=2).min(1)
    chosen = away > far
    return float(np.linalg.norm((after - before)[chosen], axis=1).mean())


def indices(before: Picture, after: Picture, handles: Points, targets: Points) -> dict[str, float]:
    """GoodDrag's accuracy index at each radius over all points, see ``benchmarks.real.elastic``."""
    large = [
        cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        for picture in (before, after)
    ]
    ends = (resized(points, len(before), SIDE).tolist() for points in (handles, targets))
    drags = [((x, y), (u, v)) for (x, y), (u, v) in zip(*ends, strict=True)]
    return {f"DAI {r}": dai(large[0], large[1], drags, r) for r in RADII}


def outside(before: Picture, after: Picture, pull: Pull) -> float:
    """Mean change, grey levels, outside the disc that a masked drag may move."""
    still = ~pull.disc(len(before))
    return float(np.abs(before.astype(float) - after)[still].mean())


def returned(before: Picture, again: Picture) -> dict[str, float]:
    """PSNR, dB (MOST_DB at most, which equal pictures have), and LPIPS after the way back.

    LPIPS is left out where its backbone is not at hand.
    """
    pair = from_uint8(before), from_uint8(again)
    found = {"back dB": min(MOST_DB, distance.psnr(*pair))}
    network = lpips()
    if network is not None:
        with torch.no_grad():
            found["back LPIPS"] = float(network(*(picture[None] for picture in pair)))
    return found
