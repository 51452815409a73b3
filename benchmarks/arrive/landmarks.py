"""DragGAN's face-landmark protocol: drag one face's landmarks to where another face has them.

    python -m benchmarks.arrive.landmarks --pairs 1000 --points 1 5 --json out.json
    python -m benchmarks.arrive.landmarks --pairs 200 --targets net    # as the paper: one net

Two random faces; the handles are the landmarks of the first, the targets those of the second: the
nose tip; eyes, nose and mouth corners; all 68. After the product's drag they are looked for in the
result. MD is their mean distance to those of the second face in px of a 512 px picture: the mean
over the pairs ± half of its 95 % interval. Pairs further apart than FARTHEST are passed over, to be
like the paper's without an edit (12.9, 11.7, 16.0 px).

Three judges look at each result (judges.py). ``--targets`` says whose landmarks are dragged; "MD"
is by that one. What the others say, "MD net" for example, is the distance between what they see
of the result and what they see of the second face. A landmark that a face hides is not counted.
Of a model of photographs (``--model ffhq-512``, once it is fetched) the net is right as it is, and
the calibration is not: ``--targets net``.
Frechet distances are between the pictures before and after the drags of the fewest points: by
pooled SqueezeNet features, if ``--features`` says where these are, and by torchvision's Inception
v3, if ``--inception`` does. The FID of papers is by another training of that net.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from editor.motion.estimators import Latents
from photo.mesh import IBUG
from stylegan import from_uint8
from training.generator.losses import SqueezeFeatures

from ..figures import interval
from ..runner import NOT_RUN
from ..tables import command, table, write
from ..truth.model_quality import frechet, inception, pooled
from .judges import JUDGES, PSI, SEED, Judges, Marks, Seen, distance
from .published import DRAGGAN_SAYS, LANDMARKS

POINTS = {1: (30,), 5: (36, 45, 30, 48, 54), 68: tuple(range(68))}  # of iBUG's
PAPER_SIDE = 512  # px
FARTHEST = 24.0  # px of PAPER_SIDE: mean distance of the 68 landmarks of a pair
FRECHET = ("frechet", "frechet, Inception")
MOST_MISSED = 100  # pairs without a face
Points = Float[np.ndarray, "p 2"]
Pooled = Callable[[Tensor], Float[Tensor, "1 features"]]


@dataclass(frozen=True)
class Pair:
    """Two faces, and what the judges see of them."""

    first: Latents
    seen: Seen
    wanted: Seen


@dataclass(frozen=True)
class Trial:
    """One drag: by each judge the mean distances of the landmarks that were dragged to the second
    face's, px of PAPER_SIDE, before and after; each net's features of the pictures then.
    """

    away: dict[str, tuple[float, float]]
    seconds: float
    pictures: Mapping[str, tuple[Tensor, Tensor]]


def chosen(judges: Judges, count: int) -> Iterator[Pair]:
    """Pairs of random faces whose landmarks are not too far apart.

    Raises:
        ValueError: the net sees no faces in what this model draws.
    """
    engine, seed, missed = judges.engine, SEED, 0
    for _ in range(count):
        first = second = engine.latent(seed, PSI)
        away = np.inf
        while not away <= FARTHEST:
            seed += 1
            second = engine.latent(seed, PSI)
            away = distance(*(places(judges, ws) for ws in (first, second)))
            away *= PAPER_SIDE / engine.side
            if np.isnan(away):
                first, missed = second, missed + 1
                if missed > MOST_MISSED:
                    raise ValueError("The face net sees no faces in this model's pictures.")
        yield Pair(first, judges(first), judges(second))
        seed += 1


def places(judges: Judges, ws: Latents) -> Marks:
    """About where the landmarks of a face are, px of its picture."""
    if judges.engine.model.landmark_regressor is None:
        return judges(ws)["net"]
    return judges.engine.dragger.places(ws)[list(IBUG)]


def dragged(
    engine: Engine,
    ws: Latents,
    handles: Float[np.ndarray, "p 2"],
    targets: Float[np.ndarray, "p 2"],
) -> tuple[Latents, float]:
    """(ws after the product's drag, seconds); points that are hidden or there already stay free."""
    far = np.linalg.norm(targets - handles, axis=1) >= limits.SHORTEST
    inside = (np.abs(np.c_[handles, targets] / (engine.side - 1) - 0.5) <= 0.5).all(1)
    if not (far & inside).any():
        return ws, 0.0
    points = (torch.from_numpy(p[far & inside]).float() for p in (handles, targets))
    begin = time.monotonic()
    with patch.object(limits, "MOST_POINTS", len(handles)):  # the product allows fewer
        edit = Edit((engine.side, engine.side), *points)
    *_, (_, after) = engine.dragger.drag_latent(ws, edit)
    return after, time.monotonic() - begin


def trial(
    judges: Judges, pair: Pair, rows: list[int], targets: str, networks: Mapping[str, Pooled]
) -> Trial | None:
    """Drag these landmarks of one face to another's; None if they are not to be seen."""
    before, goal = pair.seen[targets][rows], pair.wanted[targets][rows]
    if not np.isfinite(before + goal).any():
        return None
    engine, away = judges.engine, dict[str, tuple[float, float]]()
    after, seconds = dragged(engine, pair.first, before, goal)
    scale, result = PAPER_SIDE / engine.side, judges(after)
    for name in result:
        ends = (scale * distance(seen[name][rows], pair.wanted[name][rows])
                for seen in (pair.seen, result))  # fmt: skip
        away[name] = next(ends), next(ends)
    if not networks:
        return Trial(away, seconds, {})
    first, then = (from_uint8(engine.picture(ws))[None] for ws in (pair.first, after))
    seen = {name: (pool(first), pool(then)) for name, pool in networks.items()}
    return Trial(away, seconds, seen)


def row(points: int, results: Sequence[Trial], targets: str) -> dict[str, object]:
    """The figures of one row, those of the judge of the targets first."""
    found: dict[str, object] = {"points": points, "pairs": len(results)}
    names = [name for name in JUDGES if results and name in results[0].away]
    for name in sorted(names, key=lambda name: name != targets):
        suffix = "" if name == targets else f" {name}"
        before, after = np.array([one.away[name] for one in results]).T
        found |= {f"no edit{suffix}": interval(before), f"MD{suffix}": interval(after)}
    return found | {"seconds": interval([one.seconds for one in results])}


@torch.no_grad()
def frechet_of(results: Sequence[Trial], name: str) -> float | str:
    """Between the pictures before and after, if a net has seen two pairs of them."""
    pictures = [one.pictures[name] for one in results if name in one.pictures]
    if len(pictures) < 2:
        return NOT_RUN
    return round(frechet(*(torch.cat(side) for side in zip(*pictures, strict=True))), 4)


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = command("Drag the landmarks of one face to another's.")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--points", type=int, nargs="+", choices=POINTS, default=[*POINTS])
    parser.add_argument("--targets", choices=JUDGES, default=JUDGES[0])
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights")
    parser.add_argument("--inception", type=Path, help="torchvision's weights of Inception v3")
    return parser.parse_args()


def main() -> None:
    """Drag, print the table, write the figures."""
    args = arguments()
    judges = Judges(Engine(args.model, device="cpu"))
    pairs = list(tqdm(chosen(judges, args.pairs), total=args.pairs, desc="faces"))
    networks = dict[str, Pooled]()
    away: dict[str, float | str] = dict.fromkeys(FRECHET, NOT_RUN)
    if args.features:
        networks["frechet"] = partial(pooled, SqueezeFeatures(args.features))
    if args.inception:
        networks["frechet, Inception"] = inception(args.inception)
    rows, each = list[dict[str, object]](), dict[int, list[object]]()
    for points in args.points:
        some = {} if rows else networks
        tried = (
            trial(judges, pair, list(POINTS[points]), args.targets, some)
            for pair in tqdm(pairs, desc=f"{points} points")
        )
        results = [one for one in tried if one is not None]
        away |= {name: frechet_of(results, name) for name in some}
        rows.append(row(points, results, args.targets))
        each[points] = [one.away for one in results]
    table(rows)
    table([away])
    found = {"rows": rows, DRAGGAN_SAYS: LANDMARKS, "targets": args.targets}
    write(args.json, {**found, **away, "each": each})


if __name__ == "__main__":
    main()
