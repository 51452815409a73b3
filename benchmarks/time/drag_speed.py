"""Milliseconds a drag step takes, in windows and on whole maps, interleaved in one process.

    python -m benchmarks.time.drag_speed --quick --json out.json

Generators have the size of published ones (channel_base 16384 up to 256 px, 32768 above) and random
weights: how long they take does not depend on what they know. They are dragged as any model that
knows no axes. "Whole maps" is the published algorithm as plain as it is written (full_map.py). Each
row runs in a process of its own, with the memory settings that the app makes (--plain-memory:
without). Its peak memory is that of the process before it first makes a whole picture: Python and
torch, the generator, and the drag. GFLOP are those of the convolutions, forward and back; share: of
the rate of a product of two matrices of 2048 x 2048 on this machine, measured first.

The last lines are of the model that is shipped: a drag of the nose tip of one of its faces, the
steps alone, on whole maps, and with pictures for the screen, all that the app does but the page.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from drag import Edit, Options, drag
from editor.dragger import Dragger
from editor.engine import Engine
from editor.machine import memory
from editor.machine.cores import keep_freed_memory
from editor.motion.features import LatentParameterization
from editor.search import LAYERS, OPTIONS_SIDE, PAPER, PRINCIPAL
from photo.mesh import NOSE_TIP
from stylegan import Config, Generator
from weights.formats import Model

from ..tables import write
from .full_map import FullMap, full_map_drag

MASK_WINDOWS = 4
WARM = 1
ROUNDS = {128: 15, 256: 15, 512: 5, 1024: 3}  # measured a row; the median counts
HEAD = "| side | points | mask | ms | whole, ms | ratio | GFLOP | share | MB | whole, MB |"


@dataclass(frozen=True)
class Row:
    """What is measured of one kind of drag; memory in MB."""

    resolution: int
    points: int
    mask: str
    ms: float
    baseline_ms: float
    ratio: float
    gflop: float
    peak_mb: float
    baseline_peak_mb: float


@dataclass(frozen=True)
class Case:
    """A drag to measure."""

    resolution: int
    points: int
    mask: str

    @property
    def options(self) -> Options:
        """Those of a model that knows no axes; the radii are the paper's."""
        count = MASK_WINDOWS if self.mask == "fast" else 0
        endless = PRINCIPAL.changed(steps=10_000, patience=10_000, arrive=0.0, mask_windows=count)
        return endless.options.scaled(self.resolution / OPTIONS_SIDE)

    def edit(self) -> Edit:
        """Points in the inner part of the picture, 1/8 of it to go; a quarter of it may move."""
        side = self.resolution
        source = torch.Generator().manual_seed(self.points)
        handles = side * (0.3 + 0.4 * torch.rand(self.points, 2, generator=source))
        angle = 2 * torch.pi * torch.rand(self.points, generator=source)
        way = side / 8 * torch.stack([angle.cos(), angle.sin()], 1)
        mask = torch.zeros(side, side, dtype=torch.bool)
        mask[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = True
        return Edit((side, side), handles, handles + way, None if self.mask == "none" else mask)


def random_generator(side: int) -> tuple[Generator, Tensor]:
    """(a generator with random weights, the ws of a picture of it)."""
    torch.manual_seed(side)
    config = Config(resolution=side, channel_base=16384 if side <= 256 else 32768)
    generator = Generator(config).eval().requires_grad_(False)
    for layer in generator.layers():
        layer.noise_strength.fill_(0.1)
    return generator, torch.randn(config.num_ws, config.w_dim)


def seen(case: Case, generator: Generator, ws: Tensor) -> LatentParameterization:
    """What a drag of ours sees; which way the axes lead changes no time."""
    model = Model(generator, min(128, case.resolution), domain="square")
    return Dragger(model, torch.eye(generator.config.w_dim)).latents(ws, "axes")


def steps_of(case: Case, shown: LatentParameterization) -> Iterator[object]:
    """The steps of our drag."""
    return drag(shown, shown.start, case.edit(), case.options, shown.windows)


def work(case: Case, shown: LatentParameterization) -> float:
    """GFLOP of the convolutions of one step: as many backwards as forwards."""
    total: list[int] = []

    def counted(made: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def call(*args: object) -> Tensor:
            with FlopCounterMode(display=False) as counter:
                cells = made(*args)
            total.append(counter.get_total_flops())
            return cells

        return call

    whole, windows = counted(shown.__call__), counted(shown.windows)
    next(drag(whole, shown.start, case.edit(), case.options, windows))
    return 2 * total[-1] / 1e9


def peak_mb() -> float:
    """Most memory that this process has had."""
    return (memory.peak() or 0) / 2**20


def timed(steps: Iterator[object]) -> float:
    """Milliseconds of the next step."""
    begin = time.perf_counter()
    next(steps)
    return 1e3 * (time.perf_counter() - begin)


def measure(case: Case) -> Row:
    """One row, in this process."""
    generator, ws = random_generator(case.resolution)
    shown = seen(case, generator, ws)
    ours = steps_of(case, shown)
    for _ in range(WARM + 1):
        next(ours)
    peak = peak_mb()
    paper = PAPER.options.scaled(case.resolution / OPTIONS_SIDE)
    theirs = full_map_drag(FullMap.of(generator), ws, case.edit(), paper, LAYERS)
    for _ in range(WARM):
        next(theirs)
    pairs = [(timed(ours), timed(theirs)) for _ in range(ROUNDS[case.resolution])]
    fast, slow = (median(each) for each in zip(*pairs, strict=True))
    gflop = work(case, shown)
    return Row(**asdict(case), ms=round(fast, 1), baseline_ms=round(slow, 1),
               ratio=round(slow / fast, 1), gflop=round(gflop, 2),
               peak_mb=round(peak), baseline_peak_mb=round(peak_mb()))  # fmt: skip


def gemm_gflops() -> float:
    """GFLOP a second of a product of two matrices, the best of 9."""
    a = torch.randn(2048, 2048)
    return 2 * 2048**3 / min(timed(iter(lambda: a @ a, None)) for _ in range(9)) / 1e6


def cases(sides: list[int], quick: bool) -> list[Case]:
    """All rows."""
    if quick:
        return [Case(side, points, "none") for side in (256, 1024) for points in (1, 5)]
    masks = ("none", "exact", "fast")
    return [Case(side, n, mask) for side in sides for mask in masks for n in (1, 5, 20)]


def apart(case: Case, plain_memory: bool) -> Row:
    """One row, in a process of its own."""
    one = json.dumps(asdict(case))
    command = [sys.executable, "-m", "benchmarks.time.drag_speed", "--one", one]
    command += ["--plain-memory"] * plain_memory
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Row(**json.loads(done.stdout))


def shipped() -> dict[str, float]:
    """Milliseconds a step with the model that is shipped: median of three drags."""
    engine = Engine(device="cpu")
    session = engine.face(3)
    ws, photo = session.now.ws, session.subject.photo
    nose = torch.from_numpy(engine.dragger.places(ws)[NOSE_TIP : NOSE_TIP + 1]).float()
    way, scale = engine.side * torch.tensor([0.06, 0.03]), len(photo) / engine.side
    edit = Edit((engine.side, engine.side), nose, nose + way)
    large = Edit(photo.shape[:2], nose * scale, (nose + way) * scale)
    dragger, search = engine.dragger, engine.search()
    latents = dragger.latents(ws, search.space)

    def whole() -> Iterator[object]:
        return drag(latents, latents.start, edit, search.options.scaled(engine.side / OPTIONS_SIDE))

    drags: dict[str, Callable[[], Iterator[object]]] = {
        "in windows": lambda: dragger.drag_latent(ws, edit),
        "on whole maps": whole,
        "in windows, with pictures": lambda: engine.drag(session, large),
    }
    times: dict[str, list[float]] = {name: [] for name in drags}
    for _ in range(3):
        for name, start in drags.items():
            begin, count = time.perf_counter(), sum(1 for _ in start())
            times[name].append(1e3 * (time.perf_counter() - begin) / count)
    return {name: round(median(each), 1) for name, each in times.items()}


def line(row: Row, gemm: float) -> str:
    """A row of the table."""
    share = row.gflop / row.ms * 1e3 / gemm
    return (
        f"| {row.resolution} | {row.points} | {row.mask} | {row.ms:.0f} | {row.baseline_ms:.0f} | "
        f"{row.ratio:.1f} | {row.gflop:.1f} | {share:.2f} | {row.peak_mb:.0f} | "
        f"{row.baseline_peak_mb:.0f} |"
    )


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description="Milliseconds of a drag step.")
    parser.add_argument("--quick", action="store_true", help="4 rows, about a minute")
    parser.add_argument("--sides", type=int, nargs="+", choices=tuple(ROUNDS), default=[*ROUNDS])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plain-memory", action="store_true", help="without the app's settings")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.plain_memory:
        keep_freed_memory()
    if args.one:
        print(json.dumps(asdict(measure(Case(**args.one)))))
        return
    gemm = gemm_gflops()
    print(f"{torch.get_num_threads()} threads, {gemm:.0f} GFLOP/s\n{HEAD}\n|{'---|' * 10}")
    rows: list[Row] = []
    for case in cases(args.sides, args.quick):
        rows.append(apart(case, args.plain_memory))
        print(line(rows[-1], gemm), flush=True)
    ours = shipped()
    for name, ms in ours.items():
        print(f"shipped model, {name}: {ms:.1f} ms, {1e3 / ms:.0f} steps a second")
    found = [asdict(row) for row in rows]
    write(args.json, {"gemm_gflops": round(gemm, 1), "rows": found, "shipped model, ms": ours})


if __name__ == "__main__":
    main()
