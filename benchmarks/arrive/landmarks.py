"""DragGAN's face-landmark protocol: drag one face's landmarks to where another face has them.

    python -m benchmarks.arrive.landmarks --pairs 1000 --json out.json

Two random faces; the handles are the landmarks of the first, the targets those of the second: the
nose tip; eyes, nose and mouth corners; all 68. After the product's drag they are looked for in the
result. MD is their mean distance to the targets in px of a 512 px picture. Pairs further apart than
FARTHEST are passed over, to be like the paper's without an edit (12.9, 11.7, 16.0 px). Two judges:
``md`` is by the coordinate head, which paints which point of the face each pixel shows (a landmark
is the point under it in most faces); ``md_net`` by the mesh net, which sees the picture only,
and whose own error is part of it. A landmark that a face hides is not counted.
The Frechet distance is between the pictures before and after (1 point), by pooled SqueezeNet
features, if ``--features`` says where these are.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from drag import Edit
from drag import edit as limits
from editor.engine import Engine
from editor.motion.estimators import CorrespondenceEstimator
from photo import crop
from photo.faces import SURE
from photo.mesh import IBUG
from photo.nets import aligned_points
from stylegan import from_uint8
from training.generator.losses import SqueezeFeatures
from transfer.correspondence import CoordinateMap, confidence_of, nearest
from weights.formats import Model, load

from ..tables import command, table, write
from ..truth.model_quality import frechet, pooled

POINTS = {1: (30,), 5: (36, 45, 30, 48, 54), 68: tuple(range(68))}  # of iBUG's
PAPER_SIDE = 512  # px
FARTHEST = 24.0  # px of PAPER_SIDE: mean distance of the 68 landmarks of a pair
SHORTEST = 1.0 / 128  # of the side: a handle that is nearer to its target stays free
PSI, SEED, SURVEY = 0.8, 40_000_000, 200
"""Truncation and first seed of the faces, and how many of them say where landmarks are."""


class Judge:
    """Finds landmarks in the generator's pictures: (x, y) in its px, NaN for those hidden."""

    def __init__(self, engine: Engine, model: Model):
        self.engine, self.model = engine, model
        self.marks = self._survey() if model.coordinates is not None else None
        self.find = self.by_net if self.marks is None else self.by_head

    def map(self, ws: Float[Tensor, "layers w"]) -> CoordinateMap:
        """What the picture shows, by the coordinate head."""
        head, box = self.model.coordinates, self.model.box
        assert head is not None
        assert box is not None
        return CorrespondenceEstimator(
            self.engine.generator, head, box, ws, self.engine.side
        ).shown(ws)

    def _survey(self) -> Float[np.ndarray, "68 3"]:
        """The point of the neutral face that is under each landmark in most faces."""
        under: list[np.ndarray] = []
        for k in range(SURVEY):
            ws = self.engine.latent(SEED - 1 - k, PSI)
            seen = self.map(ws)
            place = places(self.engine, ws) * len(seen.covered) / self.engine.side
            column, row = place.round().astype(int).clip(0, len(seen.covered) - 1).T
            covered = seen.covered[row, column, None]
            under.append(np.where(covered, seen.points[row, column], np.nan))
        return np.nanmedian(np.stack(under), axis=0).astype(np.float32)

    def by_head(self, ws: Float[Tensor, "layers w"]) -> Float[np.ndarray, "68 2"]:
        """Where the coordinate head paints the landmarks."""
        assert self.marks is not None
        seen = self.map(ws)
        places, distance = nearest(self.marks, seen)
        places[confidence_of(distance) < 0.5] = np.nan
        return crop.resized(places, len(seen.covered), self.engine.side)

    def by_net(self, ws: Float[Tensor, "layers w"]) -> Float[np.ndarray, "68 2"]:
        """Where the mesh net sees them."""
        points, sure = aligned_points(self.engine.picture(ws))
        return points[list(IBUG)] if sure > SURE else np.full((68, 2), np.nan)


@dataclass(frozen=True)
class Trial:
    """One drag. Distances to the targets in px of PAPER_SIDE, of the landmarks that were dragged:
    by the judge that gave the targets and by the mesh net, each before and after.
    """

    found: tuple[float, float]
    net: tuple[float, float]
    seconds: float
    pictures: tuple[np.ndarray, np.ndarray]


def chosen(judge: Judge, count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Pairs of random faces (their ws) whose landmarks are not too far apart."""
    seed, paper = SEED, PAPER_SIDE / judge.engine.side
    for _ in range(count):
        first = judge.engine.latent(seed, PSI)
        away = np.inf
        second = first
        while not away <= FARTHEST:
            seed += 1
            second = judge.engine.latent(seed, PSI)
            away = distance(*(places(judge.engine, ws) for ws in (first, second))) * paper
        yield first, second
        seed += 1


def places(engine: Engine, ws: Float[Tensor, "layers w"]) -> Float[np.ndarray, "68 2"]:
    """About where the landmarks of a face are, px of its picture."""
    return engine.dragger.places(ws)[list(IBUG)]


def distance(a: Float[np.ndarray, "p 2"], b: Float[np.ndarray, "p 2"]) -> float:
    """Mean distance of the points that both have; NaN without any."""
    away = np.linalg.norm(a - b, axis=1)
    return float(np.nanmean(away)) if np.isfinite(away).any() else float("nan")


def dragged(
    engine: Engine, ws: Tensor, handles: Float[np.ndarray, "p 2"], targets: Float[np.ndarray, "p 2"]
) -> tuple[Tensor, float]:
    """(ws after the product's drag, seconds); points that are hidden or there already stay free."""
    far = np.linalg.norm(targets - handles, axis=1) >= SHORTEST * engine.side
    inside = (np.abs(np.c_[handles, targets] / (engine.side - 1) - 0.5) <= 0.5).all(1)
    if not (far & inside).any():
        return ws, 0.0
    points = (torch.from_numpy(p[far & inside]).float() for p in (handles, targets))
    begin = time.monotonic()
    with patch.object(limits, "MOST_POINTS", len(handles)):  # the product allows fewer
        edit = Edit((engine.side, engine.side), *points)
    *_, (_, after) = engine.dragger.drag_latent(ws, edit)
    return after, time.monotonic() - begin


def trial(judge: Judge, pair: tuple[Tensor, Tensor], chosen: tuple[int, ...]) -> Trial | None:
    """Drag these landmarks of one face to another's; None if they are not to be seen."""
    rows = list(chosen)
    before, goal = (judge.find(ws)[rows] for ws in pair)
    if not np.isfinite(before + goal).any():
        return None
    after, seconds = dragged(judge.engine, pair[0], before, goal)
    scale = PAPER_SIDE / judge.engine.side
    by_net = [judge.by_net(ws)[rows] for ws in (*pair, after)]
    return Trial(
        (scale * distance(before, goal), scale * distance(judge.find(after)[rows], goal)),
        (scale * distance(by_net[0], by_net[1]), scale * distance(by_net[2], by_net[1])),
        seconds,
        (judge.engine.picture(pair[0]), judge.engine.picture(after)),
    )


def row(points: int, results: list[Trial]) -> dict[str, float | None]:
    """The figures of one row; None where nothing was found."""
    names = ("md_no_edit", "md", "md_net_no_edit", "md_net", "seconds")
    values = np.array([(*one.found, *one.net, one.seconds) for one in results]).reshape(-1, 5)
    figures = {name: mean(column) for name, column in zip(names, values.T, strict=True)}
    return {"points": points, "pairs": len(results), **figures}


def mean(values: Float[np.ndarray, " n"]) -> float | None:
    """Of what is a number."""
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 3) if len(known) else None


@torch.no_grad()
def frechet_of(results: list[Trial], features: Callable[[Tensor], Tensor]) -> float | None:
    """Between the pictures before and after; None for fewer than two pairs."""
    if len(results) < 2:
        return None
    sides = zip(*(trial.pictures for trial in results), strict=True)
    crowds = [torch.cat([features(from_uint8(p)[None]) for p in side]) for side in sides]
    return round(frechet(crowds[0], crowds[1]), 4)


def main() -> None:
    """Drag, print the table, write the figures."""
    parser = command("Drag the landmarks of one face to another's.")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights")
    args = parser.parse_args()
    judge = Judge(Engine(args.model, device="cpu"), load(args.model))
    pairs = list(chosen(judge, args.pairs))
    rows: list[dict[str, float | None]] = []
    first: list[Trial] = []
    for points, which in POINTS.items():
        tried = [trial(judge, pair, which) for pair in tqdm(pairs, desc=f"{points} points")]
        results = [one for one in tried if one is not None]
        first = first or results
        rows.append(row(points, results))
    away = None
    if args.features:
        away = frechet_of(first, partial(pooled, SqueezeFeatures(args.features)))
    table(rows)
    print(f"Frechet distance by pooled SqueezeNet features: {away}")
    write(args.json, {"pairs": args.pairs, "frechet": away, "rows": rows})


if __name__ == "__main__":
    main()
