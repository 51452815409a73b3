"""Drag the nose tip of the model's own faces and see where it goes.

    python -m benchmarks.arrive.drag_accuracy --faces 100 --algorithm freedrag --json out.json

Faces are drawn with seeds that training never saw. The direction is random among those that keep
the nose where noses are in the data. Two judges: the tracker (features of the generator, which the
drag itself follows) and dense optical flow between the pictures before and after, which does not
see the features. Distances are px of the generator's picture.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from drag import Algorithm, Edit
from editor.engine import Engine
from editor.search import GEOMETRY, Search
from inversion.landmark_loss import regressed
from photo.crop import resized
from photo.mesh import NOSE_TIP
from transfer.flow import FLOW_SIDE, dis_flow, grey, sample

from ..tables import table, write

LENGTH = 10 / 128  # of the picture's side
ARRIVED = 1.5 / 128
TYPICAL = 2.0  # standard deviations: the nose stays within so many of where noses are
SEED = 20_000_000


@dataclass(frozen=True)
class Trial:
    """One drag; distances in px of the generator's picture."""

    tracked: float
    flow: float
    steps: int
    seconds: float
    end: str
    pictures: tuple[np.ndarray, np.ndarray]


def landmarks(engine: Engine, w: Tensor) -> Tensor:
    """Where the landmarks of faces are: [n w] -> [n points 2], (x, y) in px."""
    assert engine.model.landmark_regressor is not None, "This model does not know its landmarks."
    return regressed(engine.model.landmark_regressor, w)


def target(start: Tensor, noses: Tensor, length: float, source: torch.Generator) -> Tensor:
    """A point this far from the start, in a random direction where noses are found."""
    whiten = torch.linalg.cholesky(torch.linalg.inv(torch.cov(noses.T)))
    for _ in range(1000):
        angle = 2 * torch.pi * torch.rand([], generator=source)
        goal = start + length * torch.stack([angle.cos(), angle.sin()])
        if float(((goal - noses.mean(0)) @ whiten).norm()) < TYPICAL:
            return goal
    return start + length * torch.nn.functional.normalize(noses.mean(0) - start, dim=0)


def trials(engine: Engine, count: int, search: Search = GEOMETRY) -> Iterator[Trial]:
    """Drag this many faces."""
    mapping = engine.generator.mapping
    source = torch.Generator().manual_seed(SEED)
    z_dim = engine.generator.config.z_dim
    many = mapping(torch.randn(5000, z_dim, generator=source))
    noses = landmarks(engine, many)[:, NOSE_TIP]
    ws = mapping(torch.randn(count, z_dim, generator=source))
    for w, start in zip(ws, landmarks(engine, ws)[:, NOSE_TIP], strict=True):
        goal = target(start, noses, LENGTH * engine.side, source)
        yield trial(engine, w, start, goal, search)


def trial(engine: Engine, w: Tensor, start: Tensor, goal: Tensor, search: Search) -> Trial:
    """Drag one point of one face, as the product does it."""
    ws = w.expand(engine.generator.config.num_ws, -1)
    begin = time.monotonic()
    edit = Edit((engine.side, engine.side), start[None], goal[None])
    *_, (state, after) = engine.dragger.drag_latent(ws, edit, search)
    pictures = engine.picture(ws), engine.picture(after)
    flow = float(np.linalg.norm(seen(*pictures, start.numpy()) - goal.numpy()))
    seconds = time.monotonic() - begin
    return Trial(float(state.distances[0]), flow, state.step, seconds, state.end, pictures)


def seen(before: np.ndarray, after: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Where dense optical flow (DIS) says that a point (x, y) of the first picture went."""
    side = len(before)
    flow = dis_flow(grey(before), grey(after))
    place = resized(point, side, FLOW_SIDE).reshape(1, 1, 2)
    return point + sample(flow, place).reshape(2) * side / FLOW_SIDE


def summary(results: list[Trial], side: int) -> dict[str, float]:
    """The figures of the table."""
    tracked = np.array([trial.tracked for trial in results])
    return {
        "faces": len(results),
        "md_before": round(LENGTH * side, 3),
        "md_after": round(float(tracked.mean()), 3),
        "md_flow": round(float(np.mean([trial.flow for trial in results])), 3),
        "arrived": round(float((tracked <= ARRIVED * side).mean()), 3),
        "steps": round(float(np.mean([trial.steps for trial in results])), 1),
    }


def sheet(results: list[Trial], file: Path) -> None:
    """Pictures before (above) and after (below) of the first drags."""
    chosen = results[:40]
    rows = [chosen[k : k + 10] for k in range(0, len(chosen) - len(chosen) % 10, 10)]
    lines = [np.hstack([np.vstack(trial.pictures) for trial in row]) for row in rows]
    Image.fromarray(np.vstack(lines)).save(file)


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description="Drag the nose tip of the model's own faces.")
    parser.add_argument("--faces", type=int, default=100)
    parser.add_argument("--algorithm", choices=get_args(Algorithm), default="draggan")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet")
    args = parser.parse_args()
    engine = Engine(device="cpu")
    search = engine.search().changed(algorithm=args.algorithm)
    results = list(trials(engine, args.faces, search))
    figures = summary(results, engine.side)
    flow = float(np.median([trial.flow for trial in results]))
    ms = 1e3 * sum(t.seconds for t in results) / max(1, sum(t.steps for t in results))
    more = {"median flow": flow, "ms per step": round(ms)}
    rows = [{"algorithm": args.algorithm, **figures, **more}]
    table(rows)
    write(args.json, {"rows": rows})
    if args.sheet:
        sheet(results, args.sheet)


if __name__ == "__main__":
    main()
