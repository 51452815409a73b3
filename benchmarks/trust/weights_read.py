"""Seconds and memory of reading and of converting a 1024 px pickle of the published size.

    python -m benchmarks.trust.weights_read

Writes G, D and G_ema with random weights (about 380 MB) to a temporary folder. Each row is the
median of fresh processes; memory is their highest resident size less what the same process holds
once PyTorch and the project are loaded (Linux only).
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from stylegan import Config, Generator
from weights.checkpoints import open_model
from weights.formats import save
from weights.info import info

from ..tables import table, write
from .hostile.pickle_writer import Pickler, discriminator, easy, nvidia

PUBLISHED = Config(1024, conv_clamp=256.0)
DISCRIMINATOR = 29_000_000  # parameters of the published one
ROUNDS = 5


def snapshot_file(file: Path, config: Config) -> int:
    """A training snapshot; gives the bytes of G_ema's numbers."""
    torch.manual_seed(0)
    generator = Generator(config).requires_grad_(False)
    value = {
        "G": nvidia(Generator(config).requires_grad_(False)),
        "D": discriminator(DISCRIMINATOR if config == PUBLISHED else 1000),
        "G_ema": nvidia(generator),
        "training_set_kwargs": easy({}),
    }
    with file.open("wb") as opened:
        Pickler(opened, 4).dump(value)
    return sum(part.numel() * 4 for part in generator.state_dict().values())


def task(name: str, file: Path) -> tuple[float, int]:
    """(seconds, peak bytes over what was resident before) of one task, in this process."""
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    before, begin = resident("VmRSS"), time.monotonic()
    if name == "read":
        open_model(file)
    elif name == "convert":
        save(open_model(file), file.with_suffix(".safetensors"), torch.float32)
    else:
        info(file)
    return time.monotonic() - begin, resident("VmHWM") - before


def resident(name: str) -> int:
    """``VmRSS`` now, or ``VmHWM`` at its highest since it was last reset (Linux): bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


def _measured(name: str, file: Path) -> tuple[float, float]:
    """The same in fresh processes: the median of each."""
    command = [sys.executable, "-m", "benchmarks.trust.weights_read", "--task", name, str(file)]
    rows: list[list[float]] = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append([float(part) for part in done.stdout.split()])
    return median(row[0] for row in rows), median(row[1] for row in rows)


def main(arguments: Sequence[str] | None = None, config: Config = PUBLISHED) -> None:
    """Print the rows, or one task's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", nargs=2, metavar=("NAME", "FILE"), help="one, in this process")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args(arguments)
    if args.task:
        print(*task(args.task[0], Path(args.task[1])))
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot.pkl"
        result = snapshot_file(file, config)
        print(f"file {file.stat().st_size / 1e6:.0f} MB, G_ema {result / 1e6:.0f} MB")
        rows: list[dict[str, object]] = []
        for name in ("read", "convert", "info"):
            seconds, peak = _measured(name, file)
            rows.append({"task": name, "s": seconds, "peak MB over the start": peak / 1e6})
    table(rows)
    write(args.json, {"rows": rows})


if __name__ == "__main__":
    main()
