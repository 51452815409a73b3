"""Regress G(z) onto render(T(z)), first small, then grown. Resumable; writes what it sees.

    python -m training.train --data DATA --assets ASSETS --out runs/faces --features SQUEEZENET \
        --stages 64:40:0.01 256:120:0.005

A stage is a resolution in px, its minutes and the learning rate that it starts with. Above 64 px
only a window of each picture is painted (``patch.py``), on CUDA or with ``--whole`` all of it, and
the mapping stays as it is. On a CPU each worker is one process with one thread: on two cores about
1.6 times as fast as one process with two. ``checkpoint.pt`` continues where it was stopped (Ctrl-C,
SIGTERM).
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from stylegan import Config

from . import workers
from .ahead import ahead
from .assets import read_assets
from .checkpoint import Run, fresh, restore, save
from .data import Faces, load, read_layout
from .describe import Describe
from .losses import FACE_POINTS, SqueezeFeatures, Target
from .mapping import pretrain
from .networks import SHAPE, Networks, follow
from .patch import TRUNK, draw_windows, paint
from .report import report

EMA = 0.998
REPORT_SECONDS = 300
FEATURE_STEPS = 3  # the feature loss is taken at every third step
RAMP = 0.01  # share of a stage in which the rate rises to its start
LAST_RATE = 1e-3  # share of the rate that is left at the end


@dataclass(frozen=True)
class Stage:
    """One resolution (px), its time (minutes) and its learning rate at the start."""

    side: int
    minutes: float
    rate: float

    @staticmethod
    def parse(text: str) -> "Stage":
        """``64:35`` or ``64:35:0.01``."""
        side, minutes, *rate = text.split(":")
        return Stage(int(side), float(minutes), float(rate[0]) if rate else 0.01)


def targets(faces: Faces, side: int, args: argparse.Namespace, seed: int) -> Iterator[Target]:
    """Random batches without end, every second face mirrored."""
    source = torch.Generator().manual_seed(seed)
    stored = faces.layout.side
    while True:
        pairs, windows = faces.drawn(source, args.batch, side), None
        if side > TRUNK and not args.whole:
            windows = draw_windows(pairs.landmarks[:, :FACE_POINTS], stored, source)
        yield Target(pairs, stored, windows)


def steps(
    run: Run, stage: Stage, faces: Faces, args: argparse.Namespace, stop: workers.Stop
) -> Iterator[float]:
    """Train until the stage's time is over or someone asks to stop; yields each step's loss."""
    features = SqueezeFeatures(args.features).to(args.device) if args.features else None
    seed = run.images + 7919 * workers.rank()
    taught = stage.side <= TRUNK  # above it w stays, so that an encoder can learn it
    run.networks.generator.mapping.requires_grad_(taught)
    clock, number, over = time.monotonic(), 0, False
    with ahead(targets(faces, stage.side, args, seed)) as batches:
        while run.seconds < 60 * stage.minutes and not over:
            taken = features if number % FEATURE_STEPS == 0 else None
            loss = learn(run.networks, stage.side, next(batches), taken, args.bf16)
            now = time.monotonic()
            mine = workers.Word(run.seconds + now - clock, loss, stop.asked)
            clock, number = now, number + 1
            told = update(run, stage, mine)
            over = told.stop
            run.images += args.batch * workers.count()
            yield told.loss


def learn(
    networks: Networks, side: int, target: Target, features: SqueezeFeatures | None, bf16: bool
) -> float:
    """Gradients of one batch; its loss."""
    z = target.pairs.z
    ws = networks.generator.style(z)
    with torch.autocast(z.device.type, torch.bfloat16, enabled=bf16):
        painted = paint(networks, ws, side, target.windows)
    loss = target.loss(painted, features)
    loss.backward()
    return float(loss.detach())


def update(run: Run, stage: Stage, mine: workers.Word) -> workers.Word:
    """One step of all workers, or none where a loss or gradient is not finite; what they told."""
    weights = [w for group in run.optimiser.param_groups for w in group["params"]]
    told = workers.share(weights, mine)
    run.seconds = told.seconds
    if told.finite:
        done = min(run.seconds / (60 * stage.minutes), 1.0)
        ramp = min(1.0, done / RAMP) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in run.optimiser.param_groups:
            group["lr"] = stage.rate * group["scale"] * max(ramp, LAST_RATE)
        run.optimiser.step()
        follow(run.average, run.networks, EMA, run.steps)
        run.steps += 1
    run.optimiser.zero_grad()
    return told


def work(args: argparse.Namespace, stop: workers.Stop) -> None:
    """One worker; the first also reports. Ends after the last stage or when asked to."""
    workers.keep_memory()
    torch.manual_seed(0)
    stages = [Stage.parse(text) for text in args.stages]
    faces, held = (part.on(torch.device(args.device)) for part in load(args.data))
    run = begin(args, stages[0].side)
    while run.stage < len(stages):
        stage = stages[run.stage]
        run.side, reported, loss = stage.side, run.seconds, 0.0
        for step, now in enumerate(steps(run, stage, faces, args, stop)):
            loss = now if step == 0 else 0.99 * loss + 0.01 * now
            if workers.rank() == 0 and run.seconds - reported > REPORT_SECONDS:
                reported = run.seconds
                report(run, held, loss, args.out)
        if workers.rank() == 0:
            report(run, held, loss, args.out)
        if run.seconds < 60 * stage.minutes:
            return
        grow(run)
        if workers.rank() == 0:
            save(run, args.out / "checkpoint.pt")


def begin(args: argparse.Namespace, side: int) -> Run:
    """Continue from the checkpoint, or start at this side."""
    if (args.out / "checkpoint.pt").exists():
        return restore(args.out / "checkpoint.pt", args.device)
    mapping = torch.load(args.out / "mapping.pt", weights_only=True)
    return fresh(shape(args), mapping, side, args.device)


def grow(run: Run) -> None:
    """On to the next stage, from the averaged networks."""
    run.networks.load_state_dict(run.average.state_dict())
    run.stage, run.seconds = run.stage + 1, 0.0


def shape(args: argparse.Namespace) -> Config:
    """The shape of the networks that are asked for."""
    z_dim = read_layout(args.data).z_dim
    return replace(SHAPE, z_dim=z_dim, channel_base=args.channels)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line; a batch of 4 a worker on a CPU, of 32 on CUDA."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with layout.json")
    parser.add_argument("--assets", type=Path, help="MakeHuman's data, for the mapping's start")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights for the feature loss")
    parser.add_argument("--out", type=Path, default=Path("runs/faces"))
    parser.add_argument("--stages", nargs="+", default=["64:40:0.01", "256:120:0.005"])
    parser.add_argument("--channels", type=int, default=SHAPE.channel_base, help="at most 8192")
    parser.add_argument("--workers", type=int, help="processes (default: 2; 1 on CUDA)")
    parser.add_argument("--batch", type=int, help="pictures a worker and step")
    parser.add_argument("--whole", action="store_true", help="no windows (always so on CUDA)")
    parser.add_argument("--bf16", action="store_true", help="convolutions in bfloat16 (CUDA: yes)")
    parser.add_argument("--mapping-steps", type=int, default=20_000)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--port", type=int, default=29_511)
    args = parser.parse_args(words)
    cuda = args.device == "cuda"
    args.whole, args.bf16 = args.whole or cuda, args.bf16 or cuda
    args.workers = 1 if cuda else args.workers or 2
    args.batch = args.batch or (32 if cuda else 4)
    return args


def main(words: list[str] | None = None) -> None:
    """Train the mapping if there is none yet, then start the workers."""
    args = parse(words)
    args.out.mkdir(parents=True, exist_ok=True)
    if not (args.out / "mapping.pt").exists():
        if args.assets is None:
            raise SystemExit("Say where MakeHuman's data is: --assets (the mapping needs it).")
        describe = Describe(read_assets(args.assets))
        mapping = pretrain(shape(args), describe, args.mapping_steps)
        torch.save(mapping.state_dict(), args.out / "mapping.pt")
    workers.run(work, args, args.workers, args.port)


if __name__ == "__main__":
    main()
