"""Regress G(z) onto render(T(z)), first small, then grown. Resumable; writes what it sees.

    python -m training.generator.train --data DATA --assets ASSETS --out runs/faces \
        --features SQUEEZENET --device cuda \
        --stages 64:1.3:0.01:64 128:1.7:0.008:48 256:3.7:0.006:32

A stage is a resolution in px, its minutes, the learning rate that it starts with and, if need be,
its batch. On CUDA (``on_cuda.py``) the faces lie in the device's memory. On a CPU only a window of
each picture is painted above 64 px (``patch.py``; not so with ``--whole``), and each worker is one
process with one thread: on two cores about 1.6 times as fast as one process with two. Above 64 px
the mapping stays as it is. ``checkpoint.pt`` continues where it was stopped (Ctrl-C, SIGTERM).
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from stylegan import Config

from ..data import Faces, load, read_layout
from ..parallel import on_cuda, workers
from ..parallel.ahead import ahead
from ..parallel.resident import Resident
from ..renderer.assets import read_assets
from ..renderer.describe import Describe
from .checkpoint import EMA, FEATURE_STEPS, Run, fresh, restore, save
from .losses import FACE_POINTS, SqueezeFeatures, Target
from .mapping import known, pretrain
from .networks import SHAPE, follow
from .patch import TRUNK, draw_windows
from .report import report
from .stage import Stage, lesson

REPORT_SECONDS = 300


def targets(faces: Faces, stage: Stage, whole: bool, seed: int) -> Iterator[Target]:
    """Random batches without end, every second face mirrored."""
    source = torch.Generator().manual_seed(seed)
    stored = faces.layout.side
    while True:
        pairs, windows = faces.drawn(source, stage.batch, stage.side), None
        if stage.side > TRUNK and not whole:
            windows = draw_windows(pairs.landmarks[:, :FACE_POINTS], stored, source)
        yield Target(pairs, stored, windows)


def steps(
    run: Run, stage: Stage, faces: Faces, args: argparse.Namespace, stop: workers.Stop
) -> Iterator[float]:
    """Train until the stage's time is over or someone asks to stop; yields each step's loss."""
    features = SqueezeFeatures(args.features).to(args.device) if args.features else None
    seed = run.images + 7919 * workers.rank()
    clock, number, over = time.monotonic(), 0, False
    with ahead(targets(faces, stage, args.whole, seed)) as batches:
        while run.seconds < 60 * stage.minutes and not over:
            taken = features if number % FEATURE_STEPS == 0 else None
            target = next(batches)
            loss = lesson(run.networks, stage.side, target, taken, args.bf16)
            loss.backward()
            now = time.monotonic()
            mine = workers.Word(run.seconds + now - clock, float(loss.detach()), stop.asked)
            clock, number = now, number + 1
            told = update(run, stage, mine)
            over = told.stop
            run.images += stage.batch * workers.count()
            yield told.loss


def update(run: Run, stage: Stage, mine: workers.Word) -> workers.Word:
    """One step of all workers, or none where a loss or gradient is not finite; what they told."""
    weights = [w for group in run.optimiser.param_groups for w in group["params"]]
    told = workers.share(weights, mine)
    run.seconds = told.seconds
    if told.finite:
        stage.set_rates(run)
        run.optimiser.step()
        follow(run.average, run.networks, EMA, run.steps)
        run.steps += 1
    run.optimiser.zero_grad()
    return told


def work(args: argparse.Namespace, stop: workers.Stop) -> None:
    """One worker; the first also reports. Ends after the last stage or when asked to."""
    workers.keep_memory()
    torch.manual_seed(0)
    stages, device = (
        [Stage.parse(text, args.batch) for text in args.stages],
        torch.device(args.device),
    )
    faces, held = (part.on(device) for part in load(args.data))
    resident = Resident(args.data, device) if device.type == "cuda" else None
    run = begin(args, stages[0].side)
    while run.stage < len(stages):
        stage = stages[run.stage]
        # Above the trunk w stays, so that an encoder can learn it.
        run.networks.generator.mapping.requires_grad_(stage.side <= TRUNK)
        losses = (
            on_cuda.steps(run, stage, resident, args, stop)
            if resident
            else steps(run, stage, faces, args, stop)
        )
        run.side, reported, loss = stage.side, run.seconds, 0.0
        for step, now in enumerate(losses):
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
        describe, device = Describe(read_assets(args.assets)), torch.device(args.device)
        codes = known(describe, shape(args).z_dim) if device.type == "cuda" else None
        mapping = pretrain(shape(args), describe, args.mapping_steps, codes, device)
        torch.save(mapping.state_dict(), args.out / "mapping.pt")
    workers.run(work, args, args.workers, args.port)


if __name__ == "__main__":
    main()
