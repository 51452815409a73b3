"""Fits of photos with our budgets, and with PTI's published schedule.

    python -m benchmarks.keep.inversion --data DATA --photos FOLDER --features squeezenet.pth --pti

Of held-out renders and of the faces of photos: how close the fit's picture is to the crop (PSNR,
MS-SSIM, SqueezeNet-feature distance, LPIPS where its file is at hand), seconds, steps, the most
memory on the way beyond what was held before (MB of the process; on a GPU, of tensors), and what
becomes of eight drags (see editability in fidelity.py; "kept" is what arrived as a share of what
did in the untuned generator). "quick" is the untuned pivot.

PTI runs on our own synthesis, which computes no gradients of weights while w is searched, and looks
through SqueezeNet (see pti.py): it is faster here than as published. ``--plot`` draws PSNR over
seconds, a median over the first pictures of the last group. What is measured on the way to it, and
after a fit, is not part of the fit's seconds.
"""

import argparse
import ctypes
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from tqdm import tqdm

from editor.engine import Engine
from inversion import BUDGETS, InvertOptions
from inversion.distance import psnr
from stylegan import Delta, Generator, diff, from_uint8, to_uint8
from training.generator.losses import SqueezeFeatures

from ..tables import command, write
from ..tables import table as print_table
from .encoder import photographed, renders
from .fidelity import Drag, Picture, closeness, drags, editability, lpips
from .pti import ENOUGH_LPIPS, PUBLISHED, Schedule, pti

LIKE_LPIPS = 0.1  # times SqueezeNet's distance: as LPIPS, about 3 times the MSE of a pivot
LATER = 1.1  # times as many steps until a fit's picture is looked at again, for its curve
PLOT, EDGE, LETTERS = (1120, 640), 64, 18  # px: of the plot, around its lines, of its texts
COLOURS = ("#0072b2", "#009e73", "#e69f00", "#cc3311")

Step = tuple[Tensor, Delta | Generator]
"""(ws, what is tuned): all it takes to show a fit."""
Method = Callable[[Picture], Iterator[Step]]
Curve = list[tuple[float, float]]  # (seconds, dB)
Figures = dict[str, float]
Results = dict[str, dict[str, list[Figures]]]
"""Figures by group of pictures and by method."""


@dataclass(frozen=True)
class Fit:
    """What a method made of a crop.

    Args:
        ws: of the face, on the CPU.
        delta: what was tuned.
        seconds: of the method's own work.
        steps: that it took.
        memory: the most that it held, in MB.
        curve: PSNR on the way; empty unless it was asked for.
    """

    ws: Float[Tensor, "layers w"]
    delta: Delta
    seconds: float
    steps: int
    memory: float
    curve: Curve


def ours(engine: Engine, options: InvertOptions, crop: Picture) -> Iterator[Step]:
    """The product's fit."""
    for found in engine.fit(crop, options):
        yield found.ws, found.delta


def published(
    engine: Engine, features: SqueezeFeatures, schedule: Schedule, crop: Picture
) -> Iterator[Step]:
    """PTI's; only where it looks through LPIPS does it end before its last step."""
    network, enough = lpips(), schedule.enough

    def away(made: Tensor, wanted: Tensor) -> Tensor:
        if network is None:
            return LIKE_LPIPS * features(made, wanted)
        return network(made, wanted).sum()

    if network is not None:
        network.to(engine.device)
        enough = ENOUGH_LPIPS
    for item in pti(engine.generator, crop, away, replace(schedule, enough=enough)):
        yield item.ws.cpu(), item.generator


def fit(engine: Engine, method: Method, crop: Picture, look: bool) -> Fit:
    """Run a method to its end; ``look`` at its picture now and then, which is not timed."""
    held = forget_peak(engine.device)
    curve, seconds, step, next_look = Curve(), 0.0, -1, 0.0
    ws, bent = engine.statistics.w_avg[None], Delta()
    begin = time.monotonic()
    for step, (ws, bent) in enumerate(method(crop)):
        seconds += time.monotonic() - begin
        if look and step >= next_look:
            curve.append((seconds, psnr(from_uint8(picture(engine, ws, bent)), crop)))
            next_look = step * LATER
        begin = time.monotonic()
    seconds += time.monotonic() - begin
    memory = peak(engine.device) - held
    if look:
        curve.append((seconds, psnr(from_uint8(picture(engine, ws, bent)), crop)))
    delta = diff(engine.generator, bent) if isinstance(bent, Generator) else bent
    return Fit(ws, delta, seconds, step + 1, memory, curve)


@torch.no_grad()
def picture(engine: Engine, ws: Tensor, bent: Delta | Generator) -> np.ndarray:
    """What a fit shows: [side side 3]."""
    if isinstance(bent, Generator):
        return to_uint8(bent(ws[None].to(engine.device))[0])
    return engine.picture(ws, bent)


def forget_peak(device: torch.device) -> float:
    """What is held now, in MB; from now on ``peak`` is that of what follows."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc's: gives back what was freed
            Path("/proc/self/clear_refs").write_text("5")
    return peak(device)


def peak(device: torch.device) -> float:
    """The most memory, in MB, that tensors had on a GPU, else the process; NaN if not known."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next((float(s.split()[1]) / 1024 for s in lines if s.startswith("VmHWM")), np.nan)
    return np.nan


@dataclass(frozen=True)
class Bench:
    """The methods, and what they are measured with."""

    engine: Engine
    features: SqueezeFeatures
    methods: dict[str, Method]

    def measure(self, crop: Picture, look: bool) -> Iterator[tuple[str, Figures, Curve]]:
        """(method, its figures, its curve) for one crop; drags are made once of each pivot."""
        known: dict[bytes, list[Drag]] = {}
        for name, method in self.methods.items():
            found = fit(self.engine, method, crop, look)
            made = from_uint8(self.engine.picture(found.ws, found.delta))
            cost = {"seconds": found.seconds, "steps": found.steps, "MB": found.memory}
            pivot = found.ws.numpy().tobytes()
            if pivot not in known:
                known[pivot] = drags(self.engine, found.ws)
            kept = editability(self.engine, found.ws, found.delta, known[pivot])
            yield name, closeness(made, crop, self.features) | cost | kept, found.curve


def mean(rows: list[Figures]) -> Figures:
    """Of each figure; and "kept", the share of the untuned generator's arrivals."""
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    untuned = means["untuned arrived"]
    return means | {"kept": means["arrived"] / untuned if untuned else float("nan")}


def table(results: Results) -> list[dict[str, object]]:
    """Means over each group's pictures, printed; they are returned."""
    means = {g: {name: mean(rows) for name, rows in of.items()} for g, of in results.items()}
    rows: list[dict[str, object]] = [
        {"pictures": f"{len(results[group][name])} {group}", "method": name, **row}
        for group, methods in means.items()
        for name, row in methods.items()
    ]
    print_table(rows)
    return rows


def median(curves: list[Curve]) -> Curve:
    """The median PSNR of several pictures after the same seconds; what has ended stays as it is."""
    first, last = (max(curve[end][0] for curve in curves) for end in (0, -1))
    seconds = np.geomspace(first, max(last, first + 1e-3), 100)
    heights = [np.interp(seconds, *np.array(curve).T) for curve in curves]
    return list(zip(seconds.tolist(), np.median(heights, axis=0).tolist(), strict=True))


def plot(curves: dict[str, Curve], file: Path) -> None:
    """PSNR over seconds, on a logarithmic axis; drawn at twice the size."""
    seconds, heights = np.array([point for curve in curves.values() for point in curve]).T
    low = np.array([np.log10(seconds.min()), np.floor(heights.min())])
    high = np.array([np.log10(seconds.max()), np.ceil(heights.max())])

    def place(second: float, height: float) -> tuple[float, float]:
        x, y = (np.array([np.log10(second), height]) - low) / (high - low)
        width, tall = 2 * (np.array(PLOT) - 2 * EDGE)
        return float(2 * EDGE + x * width), float(2 * (PLOT[1] - EDGE) - y * tall)

    sheet = Image.new("RGB", (2 * PLOT[0], 2 * PLOT[1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(2 * LETTERS)
    for tick in ticks(10 ** low[0], 10 ** high[0]):
        draw.line([place(tick, low[1]), place(tick, high[1])], "#dddddd", 2)
        draw.text(place(tick, low[1]), f"{tick:g} s", "black", font, "ma")
    for tick in np.arange(low[1], high[1] + 1, max(1, (high[1] - low[1]) // 8)):
        draw.line([place(10 ** low[0], tick), place(10 ** high[0], tick)], "#dddddd", 2)
        draw.text(place(10 ** low[0], tick), f"{tick:g} dB ", "black", font, "rm")
    for k, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[k % len(COLOURS)]
        draw.line([place(*point) for point in curve], colour, 6, "curve")
        draw.text((3 * EDGE, EDGE + 3 * LETTERS * k), name, colour, font)
    sheet.resize(PLOT, Image.Resampling.LANCZOS).save(file)


def ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... and their fractions between two numbers."""
    tens = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    return [t for k in tens for t in (1 * 10.0**k, 2 * 10.0**k, 5 * 10.0**k) if low <= t <= high]


def methods(engine: Engine, features: SqueezeFeatures, also_pti: bool) -> dict[str, Method]:
    """What is compared, by name."""
    found: dict[str, Method] = {
        name: partial(ours, engine, options) for name, options in BUDGETS.items()
    }
    return found | ({"PTI": partial(published, engine, features, PUBLISHED)} if also_pti else {})


def measured(
    bench: Bench, groups: dict[str, list[Picture]], looks: int
) -> tuple[Results, dict[str, Curve]]:
    """(figures of all pictures, curves of so many pictures of the last group)."""
    results: Results = {group: {name: [] for name in bench.methods} for group in groups}
    curves: dict[str, list[Curve]] = {name: [] for name in bench.methods if looks}
    for group, ones in groups.items():
        for index, crop in enumerate(tqdm(ones, desc=group)):
            look = group == list(groups)[-1] and index < looks
            for name, figures, curve in bench.measure(crop, look):
                results[group][name].append(figures)
                if look:
                    curves[name].append(curve)
    return results, {name: median(several) for name, several in curves.items()}


def arguments() -> argparse.Namespace:
    """From the command line."""
    parser = command("Compare ways to fit a photo.")
    parser.add_argument("--data", type=Path, required=True, help="folder of renders")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.0 weights")
    parser.add_argument("--photos", type=Path, help="folder of photos")
    parser.add_argument("--renders", type=int, default=20, help="how many")
    parser.add_argument("--pti", action="store_true", help="also measure PTI")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--plot", type=Path, help="also draw PSNR over seconds")
    parser.add_argument("--curves", type=int, default=3, help="pictures that the plot is of")
    return parser.parse_args()


def main() -> None:
    """Fit, print, draw, write."""
    args = arguments()
    engine = Engine(args.model, device=args.device)
    features = SqueezeFeatures(args.features).to(engine.device)
    groups = {"renders": list(renders(args.data, args.renders, engine.side))}
    if args.photos:
        groups["photos"] = list(photographed(args.photos, engine))
    groups = {group: ones for group, ones in groups.items() if ones}
    bench = Bench(engine, features, methods(engine, features, args.pti))
    results, curves = measured(bench, groups, args.curves if args.plot else 0)
    rows = table(results)
    if args.plot:
        plot(curves, args.plot)
    write(args.json, {"rows": rows, "each": {"pictures": results, "curves": curves}})


if __name__ == "__main__":
    main()
