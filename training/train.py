"""Regress G(z) onto render(T(z)), first small, then grown. Resumable; writes what it sees.

    python -m training.train --data DATA --codes DATA/codes.npz --out runs/faces \
        --stages 64:35 128:45 --workers 2

A stage is a resolution in px and its minutes. Each worker is one process with one thread: on two
cores that is about 1.6 times as fast as one process with two. ``log.md`` gains a row and
``sheet_*.png`` a contact sheet at each report; ``checkpoint.pt`` continues where it was stopped.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from stylegan import Config, Generator

from .data import Faces, load
from .losses import FEATURE_WEIGHT, SqueezeFeatures, face_weight, regression
from .mapping import pretrain
from .sheet import save_pairs

SHAPE = Config(
    resolution=128, z_dim=181, w_dim=256, channel_base=1536, channel_max=256,
    mapping_layers=2, mapping_features=768, lr_multiplier=1.0,
)  # fmt: skip
MAPPING_RATE, AFFINE_RATE = 0.1, 8.0  # times the rate of the convolutions
EMA = 0.998
REPORT_SECONDS = 300


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


@dataclass
class Run:
    """What changes while training; ``seconds`` counts within the stage."""

    generator: Generator
    average: Generator
    optimiser: torch.optim.Adam
    stage: int = 0
    seconds: float = 0.0
    images: int = 0


def start(stages: list[Stage], index: int, mapping: dict[str, Tensor], before: Run | None) -> Run:
    """A fresh generator for a stage, grown from the one before it if there is one."""
    config = replace(SHAPE, resolution=stages[index].side)
    generator, average = Generator(config), Generator(config)
    if before is None:
        generator.mapping.load_state_dict(mapping)
    else:
        generator.load_state_dict(before.average.state_dict(), strict=False)
        for name, weight in generator.named_parameters():
            if name.endswith("torgb.weight") and name not in before.average.state_dict():
                weight.data.zero_()  # the new block adds nothing until it has learnt something
    average.load_state_dict(generator.state_dict())
    images = before.images if before else 0
    return Run(generator, average, _optimiser(generator), index, images=images)


def _optimiser(generator: Generator) -> torch.optim.Adam:
    groups: dict[float, list[Tensor]] = {MAPPING_RATE: [], AFFINE_RATE: [], 1.0: []}
    for name, weight in generator.named_parameters():
        if name.endswith("noise_strength"):
            continue  # a regression has nothing random to explain
        scale = MAPPING_RATE if "mapping" in name else AFFINE_RATE if "affine" in name else 1.0
        groups[scale].append(weight)
    chosen = [{"params": weights, "scale": scale} for scale, weights in groups.items()]
    return torch.optim.Adam(chosen, lr=1.0, betas=(0.9, 0.99))


def steps(run: Run, stage: Stage, faces: Faces, args: argparse.Namespace) -> Iterator[float]:
    """Train until the stage's time is over; yields the loss of each step."""
    features = SqueezeFeatures(args.features) if args.features else None
    weights = [w for group in run.optimiser.param_groups for w in group["params"]]
    source = torch.Generator().manual_seed(run.images + 7919 * dist.get_rank())
    clock = time.monotonic()
    while run.seconds < 60 * stage.minutes:
        index = torch.randint(len(faces), (args.batch,), generator=source)
        wanted = faces.batch(index, stage.side)
        made = run.generator(run.generator.style(faces.z[index]), "none")
        landmarks = faces.landmarks[index] * (stage.side / faces.images.shape[1])
        loss = regression(made, wanted, face_weight(landmarks, stage.side))
        if features is not None and (run.images // args.batch) % (2 * dist.get_world_size()) == 0:
            loss = loss + 2 * FEATURE_WEIGHT * features(made, wanted)  # every second step
        loss.backward()
        now = time.monotonic()
        run.seconds = _share(weights, run.seconds + now - clock)
        clock = now
        _rate(run.optimiser, stage, run.seconds / (60 * stage.minutes))
        run.optimiser.step()
        run.optimiser.zero_grad(set_to_none=False)
        _follow(run.average, run.generator)
        run.images += args.batch * dist.get_world_size()
        yield float(loss.detach())


def _share(weights: list[Tensor], seconds: float) -> float:
    """Average the gradients over the workers; all take the slowest worker's clock, rank 0's."""
    mine = seconds if dist.get_rank() == 0 else 0.0
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    flat = torch.cat([*(g.flatten() for g in gradients), torch.tensor([mine])])
    dist.all_reduce(flat)
    position = 0
    for weight, gradient in zip(weights, gradients, strict=True):
        part = flat[position : position + gradient.numel()].view_as(gradient)
        weight.grad = part / dist.get_world_size()
        position += gradient.numel()
    return float(flat[-1])


def _rate(optimiser: torch.optim.Adam, stage: Stage, done: float) -> None:
    ramp = min(1.0, done / 0.01) * (
        0.5 + 0.5 * float(torch.cos(torch.tensor(min(done, 1) * 3.1416)))
    )
    for group in optimiser.param_groups:
        group["lr"] = stage.rate * group["scale"] * max(ramp, 1e-3)


@torch.no_grad()
def _follow(average: Generator, generator: Generator) -> None:
    torch._foreach_lerp_(list(average.parameters()), list(generator.parameters()), 1 - EMA)


@torch.no_grad()
def held_out_l1(generator: Generator, faces: Faces) -> float:
    """Mean absolute error over the held-out pairs, in [-1, 1] units."""
    side = generator.config.resolution
    total = 0.0
    for index in torch.arange(len(faces)).split(50):
        made = generator(generator.style(faces.z[index]), "none")
        total += float((made.clamp(-1, 1) - faces.batch(index, side)).abs().mean()) * len(index)
    return total / len(faces)


def report(run: Run, held: Faces, loss: float, out: Path) -> None:
    """A row in log.md, a contact sheet, and the checkpoint."""
    side = run.generator.config.resolution
    error = held_out_l1(run.average, held)
    row = f"| {side} | {run.seconds / 60:.1f} | {run.images} | {loss:.4f} | {error:.4f} |"
    log = out / "log.md"
    if not log.exists():
        log.write_text("| px | minutes | images | loss | held-out L1 |\n|---|---|---|---|---|\n")
    with log.open("a") as file:
        file.write(row + "\n")
    print(row, flush=True)
    save_pairs(run.average, held, out / f"sheet_{side}_{run.images:07d}.png")
    save(run, out / "checkpoint.pt")


def save(run: Run, file: Path) -> None:
    """Write the checkpoint whole or not at all."""
    state = {
        "generator": run.generator.state_dict(), "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(), "stage": run.stage,
        "seconds": run.seconds, "images": run.images,
    }  # fmt: skip
    torch.save(state, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def resume(stages: list[Stage], mapping: dict[str, Tensor], file: Path) -> Run:
    """Continue from a checkpoint, or start afresh."""
    if not file.exists():
        return start(stages, 0, mapping, None)
    state = torch.load(file, weights_only=True)
    run = start(stages, state["stage"], mapping, None)
    run.generator.load_state_dict(state["generator"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.seconds, run.images = state["seconds"], state["images"]
    return run


def work(rank: int, args: argparse.Namespace) -> None:
    """One worker; rank 0 also reports."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    address = f"tcp://127.0.0.1:{args.port}"
    dist.init_process_group("gloo", address, rank=rank, world_size=args.workers)
    faces, held = load(args.data, args.cache, SHAPE.resolution)
    stages = [Stage.parse(text) for text in args.stages]
    mapping = torch.load(args.out / "mapping.pt", weights_only=True)
    run = resume(stages, mapping, args.out / "checkpoint.pt")
    while True:
        reported = run.seconds
        loss = 0.0
        for step, now in enumerate(steps(run, stages[run.stage], faces, args)):
            loss = now if step == 0 else 0.99 * loss + 0.01 * now
            if rank == 0 and run.seconds - reported > REPORT_SECONDS:
                reported = run.seconds
                report(run, held, loss, args.out)
        if rank == 0:
            report(run, held, loss, args.out)
        if run.stage + 1 == len(stages):
            return
        run = start(stages, run.stage + 1, mapping, run)


def main() -> None:
    """Parse, train the mapping if there is none yet, then start the workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder of *.npz.zip shards")
    parser.add_argument("--codes", type=Path, help="codes.npz (default: in the data folder)")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights for the feature loss")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--out", type=Path, default=Path("runs/faces"))
    parser.add_argument("--stages", nargs="+", default=["64:35", "128:45:0.005"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4, help="pictures a worker and step")
    parser.add_argument("--mapping-steps", type=int, default=12_000)
    parser.add_argument("--port", type=int, default=29_511)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    load(args.data, args.cache, SHAPE.resolution)
    if not (args.out / "mapping.pt").exists():
        mapping = pretrain(SHAPE, args.codes or args.data / "codes.npz", args.mapping_steps)
        torch.save(mapping.state_dict(), args.out / "mapping.pt")
    torch.multiprocessing.spawn(work, (args,), nprocs=args.workers)


if __name__ == "__main__":
    main()
