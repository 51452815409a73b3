"""What a training shows of itself: rows of numbers and contact sheets."""

from pathlib import Path

import torch

from ..data import Faces
from .checkpoint import Run, save
from .losses import shrunk
from .networks import Networks
from .patch import paint
from .sheet import save_pairs

HEADING = "| px | minutes | images | loss | held-out L1 | points L1 |\n|---|---|---|---|---|---|\n"
AT_ONCE = 25


@torch.no_grad()
def held_out(networks: Networks, faces: Faces, side: int) -> tuple[float, float]:
    """Mean absolute errors over the held-out faces.

    Returns:
        (of the pictures in [-1, 1] units, of the coordinates where the face is, in box units)
    """
    colours = points = 0.0
    for index in torch.arange(len(faces)).split(AT_ONCE):
        pairs = faces.pairs(index, side)
        painted = paint(networks, networks.generator.style(pairs.z), side)
        away = (painted.pictures[side].clamp(-1, 1) - pairs.pictures).abs()
        here = max(painted.points)
        wanted = shrunk(pairs.points, here)
        off = (painted.points[here][:, :3] - wanted[:, :3]).abs() * wanted[:, 3:]
        colours += float(away.mean()) * len(index)
        points += float(off.sum() / (3 * wanted[:, 3].sum())) * len(index)
    return colours / len(faces), points / len(faces)


def report(run: Run, held: Faces, loss: float, out: Path) -> None:
    """The checkpoint, a row in log.md, and a contact sheet."""
    save(run, out / "checkpoint.pt")
    colours, points = held_out(run.average, held, run.side)
    row = (
        f"| {run.side} | {run.seconds / 60:.1f} | {run.images} | {loss:.4f} "
        f"| {colours:.4f} | {points:.4f} |"
    )
    log = out / "log.md"
    if not log.exists():
        log.write_text(HEADING)
    with log.open("a") as file:
        file.write(row + "\n")
    print(row, flush=True)
    save_pairs(run.average, held, run.side, out / f"sheet_{run.side}_{run.images:07d}.png")
