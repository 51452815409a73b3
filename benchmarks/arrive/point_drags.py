"""Drags of single points of the generator's own faces, and what judges see of those.

The points are where the face net, calibrated, sees them. Each goes in a random direction, of those
in which faces differ there, and rather to where faces have it than away from there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from drag import Edit
from editor.engine import Engine
from editor.motion.estimators import Latents, correspondence
from photo.mesh import IBUG

from ..calibrated import seen
from .drag_accuracy import landmarks
from .drag_metrics import Pull, Shown

POINTS = {"nose": 30, "mouth": 48, "brow": 24, "eye": 36, "jaw": 11}  # of iBUG's landmarks
LENGTHS = (0.06, 0.1)  # of the picture's side; with each point in turn both
SEED, PSI, MANY = 6_000_000, 0.8, 4000
"""Of the faces, and how many of them say where points are."""


@dataclass(frozen=True)
class Task:
    """One drag of one point of a face; what is seen of the face before it."""

    name: str
    ws: Latents
    before: Shown
    pull: Pull

    def edit(self, ends: Float[Tensor, "2 2"], disc: bool) -> Edit:
        """From one of these places to the other.

        Raises:
            EditError: they lie where no drag can.
        """
        side = len(self.before.picture)
        mask = torch.from_numpy(self.pull.disc(side)) if disc else None
        return Edit((side, side), ends[:1], ends[1:], mask)


def look(engine: Engine, ws: Latents) -> Shown:
    """What the judges see at these ws; no marks where the face net sees no face."""
    picture = engine.picture(ws)
    known = correspondence(engine.model, ws, engine.side)
    assert known is not None, "This model has no coordinate head."
    return Shown(picture, *seen(picture), known.shown(ws))


def end(
    start: Float[Tensor, "2"], known: Float[Tensor, "n 2"], length: float, source: torch.Generator
) -> Float[Tensor, "2"]:
    """Where a drag of this length ends; ``known`` is where so many faces have the point."""
    root = torch.linalg.cholesky(torch.cov(known.T))
    way = F.normalize(root @ torch.randn(2, generator=source), dim=0)
    ends = start + length * torch.stack([way, -way])
    off = torch.linalg.solve_triangular(root, (ends - known.mean(0)).T, upper=False)
    return ends[int(off.norm(dim=0).argmin())]


def tasks(engine: Engine, faces: int, each: int) -> Iterator[Task]:
    """So many drags of each face; those of the next face go on where the last one's ended."""
    source = torch.Generator().manual_seed(SEED)
    z = torch.randn(MANY, engine.generator.config.z_dim, generator=source)
    many = landmarks(engine, engine.generator.mapping(z))[:, list(IBUG)]
    names = tuple(POINTS)
    for face in range(faces):
        ws = engine.latent(SEED + face, PSI)
        before = look(engine, ws)
        if not np.isfinite(before.better).all():
            continue
        for k in range(face * each, (face + 1) * each):
            point, length = names[k % len(names)], LENGTHS[k % len(LENGTHS)]
            row = POINTS[point]
            start = torch.from_numpy(before.better[row]).float()
            goal = end(start, many[:, row], length * engine.side, source)
            pull = Pull(row, start.double().numpy(), goal.double().numpy())
            yield Task(f"{face} {point} {length:.0%}", ws, before, pull)
