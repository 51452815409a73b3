"""Sharpen regressed networks against a discriminator; for CUDA machines, one command.

    python -m training.adversarial --data DATA --begin runs/faces/checkpoint.pt \
        --out runs/sharp --minutes 120

Non-saturating logistic loss, lazy R1 (Karras et al. 2020, section 3 and appendix B), and the
regression on each code's render, which keeps codes, coordinates and pictures together.
Resumable: ``checkpoint.pt`` (what ``training.export`` reads) and ``rival.pt`` in ``--out``.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from . import workers
from .ahead import ahead
from .checkpoint import Run, optimiser, restore, write
from .data import Faces, Pairs, load
from .discriminator import Discriminator, r1_gamma
from .losses import SqueezeFeatures, Target
from .networks import follow
from .patch import paint
from .report import report

RATE = 2e-3  # of both networks
BETAS = 0.0, 0.99
MAPPING_SCALE = 0.01  # of the rate; styles and convolutions take all of it
R1_STEPS = 16
PAIRED_WEIGHT = 3.0  # of the regression beside the adversarial loss
EMA = 0.999
REPORT_SECONDS = 600


@dataclass
class Duel:
    """The regressed run that is sharpened, and its rival."""

    run: Run
    rival: Discriminator
    optimiser: torch.optim.Adam
    step: int = 0


def begin(args: argparse.Namespace) -> Duel:
    """Continue in ``--out``, or start from the averaged networks of a regression."""
    file = args.out / "rival.pt"
    run = restore(args.out / "checkpoint.pt" if file.exists() else args.begin, args.device)
    rival = Discriminator(replace(run.networks.config, resolution=run.side)).to(args.device)
    lazy = R1_STEPS / (R1_STEPS + 1)  # one more pass in 16: rates as in appendix B of the paper
    betas = BETAS[0] ** lazy, BETAS[1] ** lazy
    duel = Duel(run, rival, torch.optim.Adam(rival.parameters(), RATE * lazy, betas))
    if file.exists():
        state = torch.load(file, weights_only=True, map_location=args.device)
        rival.load_state_dict(state["rival"])
        duel.optimiser.load_state_dict(state["optimiser"])
        duel.step = state["step"]
        return duel
    run.networks.load_state_dict(run.average.state_dict())
    run.seconds, run.optimiser = 0.0, optimiser(run.networks, BETAS)
    for group in run.optimiser.param_groups:
        group["lr"] = RATE * (MAPPING_SCALE if group["scale"] < 1 else 1.0)
    return duel


def step(duel: Duel, pairs: Pairs, features: SqueezeFeatures | None, stored_side: int) -> float:
    """One step of both; the generator's loss."""
    run, z = duel.run, pairs.z
    duel.rival.requires_grad_(False)
    ws = run.networks.generator.style(z)
    with torch.autocast(z.device.type, torch.bfloat16, enabled=z.is_cuda):
        painted = paint(run.networks, ws, run.side)
        fooled = duel.rival(painted.pictures[run.side])
    paired = Target(pairs, stored_side, None).loss(painted, features)
    loss = F.softplus(-fooled.float()).mean() + PAIRED_WEIGHT * paired
    if _descend(loss, run.optimiser):
        follow(run.average, run.networks, EMA, run.steps)
        run.steps += 1
    duel.rival.requires_grad_(True)
    _descend(rival_loss(duel, pairs.pictures, painted.pictures[run.side].detach()), duel.optimiser)
    duel.step += 1
    run.images += len(z)
    return float(loss.detach())


def rival_loss(duel: Duel, real: Tensor, made: Tensor) -> Tensor:
    """Logistic loss, and every 16th step R1 on the renders, 16 times (in float32)."""
    with torch.autocast(real.device.type, torch.bfloat16, enabled=real.is_cuda):
        told = duel.rival(made), duel.rival(real)
    loss = F.softplus(told[0].float()).mean() + F.softplus(-told[1].float()).mean()
    if duel.step % R1_STEPS:
        return loss
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(duel.rival(real).sum(), real, create_graph=True)
    gamma = r1_gamma(duel.run.side, len(real))
    return loss + R1_STEPS * gamma / 2 * slope.square().sum((1, 2, 3)).mean()


def _descend(loss: Tensor, adam: torch.optim.Adam) -> bool:
    """A step, if the loss and the gradients are finite."""
    weights = [weight for group in adam.param_groups for weight in group["params"]]
    loss.backward()
    finite = workers.share(weights, workers.Word(0.0, float(loss.detach()), False)).finite
    if finite:
        adam.step()
    adam.zero_grad()
    return finite


def keep(duel: Duel, held: Faces, loss: float, out: Path) -> None:
    """Both checkpoints, a row in the log and a contact sheet."""
    report(duel.run, held, loss, out)
    state = {
        "rival": duel.rival.state_dict(), "optimiser": duel.optimiser.state_dict(),
        "step": duel.step,
    }  # fmt: skip
    write(state, out / "rival.pt")


def batches(faces: Faces, args: argparse.Namespace, duel: Duel) -> Iterator[Pairs]:
    """Random renders without end, every second one mirrored."""
    source = torch.Generator().manual_seed(duel.run.images)
    while True:
        yield faces.drawn(source, args.batch, duel.run.side)


def sharpen(args: argparse.Namespace, stop: workers.Stop) -> None:
    """Until the time is over or someone asks to stop; continues where it ended before."""
    torch.manual_seed(0)
    faces, held = (part.on(torch.device(args.device)) for part in load(args.data))
    duel = begin(args)
    run, loss = duel.run, 0.0
    features = SqueezeFeatures(args.features).to(args.device) if args.features else None
    reported, clock = run.seconds, time.monotonic() - run.seconds
    with ahead(batches(faces, args, duel)) as source:
        while run.seconds < 60 * args.minutes and not stop.asked:
            loss = step(duel, next(source), features, faces.layout.side)
            run.seconds = time.monotonic() - clock
            if run.seconds - reported > REPORT_SECONDS:
                reported = run.seconds
                keep(duel, held, loss, args.out)
    keep(duel, held, loss, args.out)


def main(words: list[str] | None = None) -> None:
    """Parse and sharpen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument("--begin", type=Path, required=True, help="checkpoint of training.train")
    parser.add_argument("--out", type=Path, default=Path("runs/sharp"))
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights for the feature loss")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    args = parser.parse_args(words)
    args.out.mkdir(parents=True, exist_ok=True)
    sharpen(args, workers.Stop())


if __name__ == "__main__":
    main()
