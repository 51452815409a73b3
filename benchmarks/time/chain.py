"""A photo through the whole chain on generators of published size: seconds and memory.

    python -m benchmarks.time.chain --photo me.jpg --sides 512 1024

Writes a pickle as NVIDIA's training does (G, D and G_ema, random weights) to a temporary folder,
and gives it and the photo to the engine, each side in a process of its own. The budget is small:
what a fit would need is in fit_time.py. Random weights show no face: the times and the memory are
what this is about. MB: the most that is resident in each stage (Linux).
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, get_args

from editor.engine import Engine
from editor.export import save_png
from editor.machine.cores import use_well
from editor.view import Pixels, show
from inversion import BUDGETS
from photo import read_photo
from photo.framing import default_quad
from stylegan import Config

from ..tables import table, write
from ..trust.weights_read import resident, snapshot_file

DRAG_STEPS = 20
Made = TypeVar("Made")


def noted(rows: list[dict[str, object]], name: str, work: Callable[[], Made]) -> Made:
    """Do it, add a row."""
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    begin = time.monotonic()
    made = work()
    rows.append({"stage": name, "s": time.monotonic() - begin, "MB": resident("VmHWM") / 1e6})
    return made


def chain(model: Path, photo_file: Path, seconds: float) -> list[dict[str, object]]:
    """All stages, in this process."""
    use_well()
    rows: list[dict[str, object]] = []
    stage = partial(noted, rows)
    engine = stage("read the pickle, know its latents", lambda: Engine(model, "cpu"))
    photo = read_photo(photo_file)
    height, width = photo.shape[:2]
    side = min(height, width)
    quad = default_quad(photo, "square")
    assert quad is not None
    options = replace(BUDGETS["balanced"], seconds=seconds)
    *_, fit = stage(f"fit, {seconds:.0f} s", lambda: list(engine.invert(photo, quad, options)))
    session = engine.begin(photo, quad, fit)
    middle = width / 2, height / 2
    drags = [(middle, (middle[0] + 0.1 * side, middle[1]))]
    few = engine.search().changed(steps=DRAG_STEPS)
    *_, last = stage(
        f"drag, {DRAG_STEPS} steps, with pictures", lambda: list(engine.drag(session, drags, few))
    )
    version = last.version
    assert version is not None
    for pixels in get_args(Pixels):
        edited = stage(f"{pixels} pixels", lambda: show(session.subject, version, pixels))  # noqa: B023
        stage("save as PNG", lambda: save_png(edited, model.with_suffix(".png")))  # noqa: B023
    return rows


def main() -> None:
    """Run, print a table for each side."""
    parser = argparse.ArgumentParser(description="The whole chain on large generators.")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--seconds", type=float, default=40.0, help="of the fit")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(chain(args.one, args.photo, args.seconds)))
        return
    every: list[dict[str, object]] = []
    for side in args.sides:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"random{side}.pkl"
            snapshot_file(file, Config(side, conv_clamp=256.0))
            print(f"\n{side} px, {file.stat().st_size / 1e6:.0f} MB", flush=True)
            command = [sys.executable, "-m", "benchmarks.time.chain", "--photo", str(args.photo)]
            command += ["--seconds", str(args.seconds), "--one", str(file)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows = json.loads(done.stdout.splitlines()[-1])
            table(rows)
            every += [{"side": side, **row} for row in rows]
    write(args.json, {"rows": every})


if __name__ == "__main__":
    main()
