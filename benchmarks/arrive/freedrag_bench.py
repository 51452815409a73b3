"""FreeDragBench's drags, or drags of that kind, by several methods on any model.

    python -m benchmarks.arrive.freedrag_bench --file faces.jsonl --model ffhq-512 --json out.json
    python -m benchmarks.arrive.freedrag_bench --make drags.jsonl --count 100
    python -m benchmarks.arrive.freedrag_bench --file drags.jsonl

instructions.py says what a file holds, and that its seeds mean pictures of one model. Without a
file the drags are those that ``--make`` writes for a model of faces: 1 to 3 of the points that the
calibrated face net sees, 6 % or 10 % of the picture's side, where faces have them (point_drags.py);
every second with a mask of discs around them. They are made by a rule, the published ones by hand.

As in FreeDrag's paper (arXiv 2307.04684, section 5) a drag takes 300 steps at most, or as many as
the method has, and then the opposite one is carried out from where it ended. Means ± half of a
95 % interval over the drags; lengths in px of a picture of 512:

- MD: how far handles are from their targets as the method itself believes; "length" before.
- DAI r: GoodDrag's index, the mean squared error, in [-1, 1], of the squares of radius r px around
  handles before and targets after.
- CCSD x10: LPIPS times 10 between the picture and what is left of it after the way back, the
  bench's own figure; with SqueezeNet's features (the paper does not say which it took), "not run"
  without its backbone. "back dB": PSNR of the same. Both are best if nothing has moved at all.
- steps and seconds of the way there.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from drag import EditError
from editor.dragger import Dragger
from editor.engine import Engine
from editor.motion.estimators import Latents

from ..calibrated import seen
from ..figures import intervals
from ..real.elastic import RADII
from ..runner import NOT_RUN
from ..tables import command, table
from ..tables import write as write_figures
from .drag_metrics import SIDE, Pull, indices, returned
from .instructions import Instruction, InstructionError, read, write
from .methods import Method, chosen
from .point_drags import LENGTHS, POINTS, end
from .published import FREEDRAG, FREEDRAG_SAYS

STEPS = 300
SEED, SURVEY = 2_000_000, 50
"""First seed of made drags (published ones are below 1,000,000), and how many faces say where
points are."""
NAMES = ("draggan", "draggan x10", "ours")
TITLES = ("length", "MD", *(f"DAI {r}" for r in RADII), "CCSD x10", "back dB", "steps", "seconds")
Found = dict[str, float]


def marks(engine: Engine, seed: int) -> np.ndarray:
    """Where the face net, calibrated, sees the landmarks of this face; no rows of none."""
    nothing = np.empty((0, 2))
    better = seen(engine.picture(Instruction(seed, nothing, nothing).ws(engine)))[1]
    return better if np.isfinite(better).all() else nothing


def made(engine: Engine, count: int) -> Iterator[Instruction]:
    """So many drags of faces, but for those of pictures in which no face is seen.

    Raises:
        InstructionError: hardly any picture of the model shows a face.
    """
    known = [found for k in range(SURVEY) if len(found := marks(engine, SEED - 1 - k))]
    if len(known) < SURVEY / 2:
        raise InstructionError("Drags can be made for models of faces only: give a --file.")
    many, source = torch.from_numpy(np.stack(known)).float(), torch.Generator().manual_seed(SEED)
    for number, seed in enumerate(range(SEED, SEED + count)):
        found, names = marks(engine, seed), np.random.default_rng(seed).permutation(list(POINTS))
        if not len(found):
            continue
        rows = [POINTS[str(name)] for name in names[: 1 + number % 3]]
        length = LENGTHS[number % 2] * engine.side
        starts = torch.from_numpy(found[rows]).float()
        ends = [end(s, many[:, row], length, source) for s, row in zip(starts, rows, strict=True)]
        handles, targets = (
            places.clamp(0, engine.side - 1).round().double().numpy()
            for places in (starts, torch.stack(ends))
        )
        mask = discs(handles, targets, engine.side) if number % 2 else None
        yield Instruction(seed, handles, targets, mask)


def discs(handles: np.ndarray, targets: np.ndarray, side: int) -> np.ndarray:
    """What may move around these drags."""
    ends = zip(handles, targets, strict=True)
    return np.any([Pull(0, *both).disc(side) for both in ends], axis=0)


def run(engine: Engine, drag: tuple[Method, Dragger], asked: Instruction) -> Found:
    """The figures of one drag by one method."""
    (method, dragger), side, ws = drag, engine.side, asked.ws(engine)
    search = method.search or dragger.search()
    search = search.changed(steps=min(STEPS, search.options.steps))
    before, begin = engine.picture(ws), time.monotonic()
    *_, (state, after) = dragger.drag_latent(ws, asked.edit(side), search)
    found = {"steps": float(state.step), "seconds": time.monotonic() - begin}
    length = float(np.linalg.norm(asked.targets - asked.handles, axis=1).mean())
    found |= {"length": length * SIDE / side, "MD": float(state.distances.mean()) * SIDE / side}
    found |= indices(before, engine.picture(after), asked.handles, asked.targets)
    back: Latents | None = None
    with suppress(EditError):  # the mask leaves it no way back
        *_, (_, back) = dragger.drag_latent(after, asked.edit(side, back=True), search)
    ways = {} if back is None else returned(before, engine.picture(back))
    ccsd = {"CCSD x10": 10 * ways.pop("back LPIPS")} if "back LPIPS" in ways else {}
    return found | ways | ccsd


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = command("FreeDragBench's drags, or such as are made here, by several methods.")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--file", type=Path, help="of drags for this model")
    source.add_argument("--make", type=Path, metavar="FILE", help="write drags, and carry out none")
    parser.add_argument("--count", type=int, default=30, help="the first so many drags")
    parser.add_argument("--methods", nargs="+", choices=NAMES, default=NAMES)
    return parser.parse_args()


def main() -> None:
    """Make drags, or carry them out, print the tables, write the figures."""
    args = arguments()
    engine = Engine(args.model, device="cpu")
    asked = read(args.file, engine.side) if args.file else list(made(engine, args.count))
    if args.make:
        write(args.make, asked)
        print(f"{args.make}: {len(asked)} drags")
        return
    each: dict[str, list[Found]] = {}
    for name, method in chosen(args.methods).items():
        drag = method, method.dragger(engine)
        each[name] = [run(engine, drag, one) for one in tqdm(asked[: args.count], name)]
    rows = [
        {"method": name, "drags": len(found)} | intervals(found, dict.fromkeys(TITLES, NOT_RUN))
        for name, found in each.items()
    ]
    table(rows)
    table(FREEDRAG, FREEDRAG_SAYS)
    write_figures(args.json, {"rows": rows, FREEDRAG_SAYS: FREEDRAG, "each": each})


if __name__ == "__main__":
    main()
