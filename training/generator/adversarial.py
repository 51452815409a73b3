"""Sharpen regressed networks against a discriminator; for CUDA machines, one command.

    python -m training.generator.adversarial --data DATA --begin runs/faces/checkpoint.pt \
        --out runs/sharp --minutes 120

Non-saturating logistic loss, lazy R1 (Karras et al. 2020, section 3 and appendix B), and the
regression on each code's render, which keeps codes, coordinates and pictures together.
Resumable: ``checkpoint.pt`` (what ``training.export`` reads) and ``rival.pt`` in ``--out``.
"""

import argparse
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import Faces, Pairs, load
from ..parallel import workers
from ..parallel.ahead import ahead
from ..parallel.recorded import Recorded, descend, on_device, placed, set_rate
from ..parallel.resident import Resident
from .checkpoint import Run, optimiser, resumed, write
from .discriminator import Discriminator, r1_gamma
from .losses import SqueezeFeatures, Target
from .networks import follow
from .patch import paint
from .report import report

RATE = 2e-3  # of both networks
BETAS = 0.0, 0.99
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
    """Continue in ``--out``, or start from the averaged networks of a regression or a model."""
    file, device = args.out / "rival.pt", torch.device(args.device)
    run = resumed(args.out / "checkpoint.pt" if file.exists() else args.begin, device)
    rival = placed(Discriminator(replace(run.networks.config, resolution=run.side)), device)
    lazy = R1_STEPS / (R1_STEPS + 1)  # one more pass in 16: rates as in appendix B of the paper
    betas = BETAS[0] ** lazy, BETAS[1] ** lazy
    adam = torch.optim.Adam(rival.parameters(), RATE * lazy, betas)
    duel = Duel(run, rival, on_device(adam, device))
    run.networks.generator.mapping.requires_grad_(False)  # an encoder has learnt its w
    if file.exists():
        state = torch.load(file, weights_only=True, map_location=device)
        rival.load_state_dict(state["rival"])
        duel.optimiser.load_state_dict(state["optimiser"])
        on_device(duel.optimiser, device)
        duel.step = state["step"]
        return duel
    run.networks.load_state_dict(run.average.state_dict())
    run.seconds, run.optimiser = 0.0, optimiser(run.networks, BETAS)
    for group in run.optimiser.param_groups:
        set_rate(group, RATE)
    return duel


def step(
    duel: Duel, pairs: Pairs, features: SqueezeFeatures | None, stored_side: int, regular: bool
) -> Tensor:
    """One step of both, with R1 or without; the generator's loss."""
    run, z = duel.run, pairs.z
    duel.rival.requires_grad_(False)
    ws = run.networks.generator.style(z)
    with torch.autocast(z.device.type, torch.bfloat16, enabled=z.is_cuda, cache_enabled=False):
        painted = paint(run.networks, ws, run.side)
        fooled = duel.rival(painted.pictures[run.side])
    paired = Target(pairs, stored_side, None).loss(painted, features)
    loss = F.softplus(-fooled.float()).mean() + PAIRED_WEIGHT * paired
    made = painted.pictures[run.side].detach()
    told = descend(loss, run.optimiser)
    duel.rival.requires_grad_(True)
    descend(rival_loss(duel, pairs.pictures, made, regular), duel.optimiser)
    return told


def rival_loss(duel: Duel, real: Tensor, made: Tensor, regular: bool) -> Tensor:
    """Logistic loss; with R1 on the renders in float32, 16 times: it is taken every 16th step."""
    with torch.autocast(
        real.device.type, torch.bfloat16, enabled=real.is_cuda, cache_enabled=False
    ):
        told = duel.rival(made), duel.rival(real)
    loss = F.softplus(told[0].float()).mean() + F.softplus(-told[1].float()).mean()
    if not regular:
        return loss
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(duel.rival(real).sum(), real, create_graph=True)
    gamma = r1_gamma(duel.run.side, len(real))
    return loss + R1_STEPS * gamma / 2 * slope.square().sum((1, 2, 3)).mean()


def keep(duel: Duel, held: Faces, loss: float, out: Path) -> None:
    """Both checkpoints, a row in the log and a contact sheet."""
    report(duel.run, held, loss, out)
    state = {
        "rival": duel.rival.state_dict(), "optimiser": duel.optimiser.state_dict(),
        "step": duel.step,
    }  # fmt: skip
    write(state, out / "rival.pt")


@contextmanager
def draws(args: argparse.Namespace, duel: Duel, faces: Faces) -> Generator[Callable[[], Pairs]]:
    """Something that draws random renders, every second one mirrored."""
    side = duel.run.side
    if args.device == "cuda":
        torch.manual_seed(duel.run.images)
        yield partial(Resident(args.data, torch.device(args.device)).drawn, args.batch, side)
        return
    source = torch.Generator().manual_seed(duel.run.images)

    def endless() -> Iterator[Pairs]:
        while True:
            yield faces.drawn(source, args.batch, side)

    with ahead(endless()) as batches:
        yield partial(next, batches)


def sharpen(args: argparse.Namespace, stop: workers.Stop) -> None:
    """Until the time is over or someone asks to stop; continues where it ended before."""
    torch.manual_seed(0)
    faces, held = (part.on(torch.device(args.device)) for part in load(args.data))
    duel = begin(args)
    run, loss = duel.run, torch.zeros([])
    reported, clock = run.seconds, time.monotonic() - run.seconds
    with draws(args, duel, faces) as draw:
        both = recorded(duel, draw, args, faces.layout.side)
        while run.seconds < 60 * args.minutes and not stop.asked:
            for _ in range(R1_STEPS):
                loss = both[duel.step % R1_STEPS == 0]()
                follow(run.average, run.networks, EMA, run.steps)
                run.steps, duel.step = run.steps + 1, duel.step + 1
            run.images += R1_STEPS * args.batch
            float(loss)  # waits for the device
            run.seconds = time.monotonic() - clock
            if run.seconds - reported > REPORT_SECONDS:
                reported = run.seconds
                keep(duel, held, float(loss), args.out)
    keep(duel, held, float(loss), args.out)


def recorded(
    duel: Duel, draw: Callable[[], Pairs], args: argparse.Namespace, side: int
) -> tuple[Recorded, Recorded]:
    """A step of both networks: without R1, and with it."""
    features = SqueezeFeatures(args.features).to(args.device) if args.features else None

    def work(regular: bool) -> Tensor:
        return step(duel, draw(), features, side, regular)

    device = torch.device(args.device)
    return Recorded(partial(work, False), device), Recorded(partial(work, True), device)


def main(words: list[str] | None = None) -> None:
    """Parse and sharpen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument(
        "--begin",
        type=Path,
        required=True,
        help="checkpoint of training.generator.train, or a model",
    )
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
