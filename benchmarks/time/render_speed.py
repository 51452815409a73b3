"""Milliseconds a picture takes, and its preview, against the plain whole-map implementation.

    python -m benchmarks.time.render_speed --json out.json

The same random generators as drag_speed.py, each in a process of its own, interleaved. Share: of
the rate of a product of two matrices of 2048 x 2048 on this machine. MB: peak memory of the process
before it first makes a picture the plain way. The second column of times is without the memory
settings of the app (editor/machine/cores.py).
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch

from editor.machine.cores import keep_freed_memory

from ..tables import write
from .drag_speed import gemm_gflops, peak_mb, random_generator, timed
from .full_map import FullMap

PREVIEW = 256  # px
ROUNDS = {128: 15, 256: 15, 512: 7, 1024: 5}
HEAD = "| side | ms | plain memory, ms | whole-map, ms | ratio | preview, ms | share | MB |"


@dataclass(frozen=True)
class Times:
    """Milliseconds of a picture, of a preview of PREVIEW px, and of a picture the plain way."""

    picture: float
    preview: float
    plain: float
    gflop: float
    peak_mb: float


@torch.no_grad()
def measure(side: int) -> Times:
    """In this process."""
    generator, ws = random_generator(side)
    plain, ours = FullMap.of(generator), iter(lambda: generator(ws[None]), None)
    previews = iter(lambda: generator(ws[None], resolution=min(side, PREVIEW)), None)
    theirs = iter(lambda: plain.render(ws, 4), None)
    for steps in (previews, ours):
        timed(steps)
        timed(steps)
    peak = peak_mb()
    rounds = [[timed(steps) for steps in (ours, previews, theirs)] for _ in range(ROUNDS[side])]
    gflop = 2 * generator.config.operations(side) / 1e9
    picture, preview, other = (median(each) for each in zip(*rounds, strict=True))
    return Times(picture, preview, other, gflop, peak)


def apart(side: int, *options: str) -> Times:
    """In a process of its own."""
    command = [sys.executable, "-m", "benchmarks.time.render_speed", "--one", str(side), *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Times(**json.loads(done.stdout))


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description="Milliseconds of a picture.")
    parser.add_argument("--sides", type=int, nargs="+", choices=tuple(ROUNDS), default=[*ROUNDS])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--plain-memory", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.plain_memory:
        keep_freed_memory()
    if args.one:
        print(json.dumps(asdict(measure(args.one))))
        return
    gemm, rows = gemm_gflops(), list[dict[str, float]]()
    print(f"{torch.get_num_threads()} threads, {gemm:.0f} GFLOP/s\n{HEAD}\n|{'---|' * 8}")
    for side in args.sides:
        times, default = apart(side), apart(side, "--plain-memory")
        rows.append({"side": side, **asdict(times), "plain_memory": default.picture})
        share = times.gflop / times.picture * 1e3 / gemm
        print(
            f"| {side} | {times.picture:.0f} | {default.picture:.0f} | {times.plain:.0f} | "
            f"{times.plain / times.picture:.1f} | {times.preview:.0f} | {share:.2f} | "
            f"{times.peak_mb:.0f} |",
            flush=True,
        )
    write(args.json, {"gemm_gflops": round(gemm, 1), "rows": rows})


if __name__ == "__main__":
    main()
