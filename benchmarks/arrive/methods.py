"""Drags of the generator's own faces by several methods, with the field's figures.

    python -m benchmarks.arrive.methods --faces 2 --json out.json    # a look: two minutes
    python -m benchmarks.arrive.methods --faces 5 --ablations --alone    # with memory: an hour

All methods drag the same points of the same faces of the embedded model to the same targets: nose,
mouth corner, brow, eye corner and jaw, 6 % and 10 % of the picture's side, in a direction in which
faces differ there (benchmarks/point_drags.py).

"draggan" is the paper's: six layers of W+, shifted L1, features alone (the model without axes and
coordinates), the published step and 300 steps; "x10" with the rate that suits this model best.
"disc" (``--masked``): only a disc around the drag may move, by the released code's mask term or the
paper's. "freedrag w+" is FreeDrag where "draggan x10" is: the same latent, features and rate;
"freedrag" is FreeDrag in our latent. "ours" is the product's default; the ablations change one
thing of it ("draggan x10 w" of the paper's).

Figures, means over the drags ± half of their 95 % interval; lengths in px of a picture of 512:

- MD: how far the handle is from its target. "tracker": as the method itself believes; "net": by the
  face net, its motion from before to after; "calibrated": by that net less what it gets wrong of
  renders (benchmarks/calibrated.py); "head": by the coordinate head, which "ours" follows itself.
- share: of the way, what the face net sees of it; above 1 the handle has overshot.
- DAI r: GoodDrag's index, the mean squared error, in [-1, 1], of the square of radius r px around
  handle before and target after.
- back: PSNR and LPIPS of the picture after a second drag, from where the tracker sees the handle to
  where it came from. 60 dB at most: what has not moved has no way back, so read it beside MD.
- drift: of skin and hair in Lab (benchmarks/appearance.py), and of either.
- others: how far points of the face moved that are 128 px or more from the drag, by the face net.
- outside: change of the picture outside the disc, grey levels.
- steps and seconds of the way there; MB: peak memory of a process that drags by this method alone.

With fewer than FEW faces, only LOOK_DRAGS drags a face, of LOOK_STEPS steps at most. Left out,
since the product would need changes: PIPs or RAFT as trackers, two feature blocks at once.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from tqdm import tqdm

from drag import EditError, State
from drag.edit import SHORTEST
from editor.dragger import Dragger
from editor.engine import Engine
from editor.motion.estimators import Latents
from editor.search import GEOMETRY, OWN, PAPER, Search

from ..keep.appearance import drift
from ..keep.appearance import shown as coloured
from ..real.elastic import RADII
from ..runner import NOT_RUN
from ..tables import command, table, write
from ..time.drag_speed import peak_mb
from .drag_metrics import SIDE, Figure, figures, returned
from .point_drags import LENGTHS, POINTS, Task, look, tasks
from .public_drags import BEST_RATE, engine_of

FEW, LOOK_DRAGS, LOOK_STEPS = 5, 2, 100
BARE = ("axes", "coordinates", "landmark_regressor", "box")  # what published models do not have
NOT_MEASURED = "not measured"
TITLES = (
    "MD tracker", "MD calibrated", "MD net", "MD head", "share calibrated", "share net",
    *(f"DAI {r}" for r in RADII), "back dB", "back LPIPS", "drift", "skin", "hair", "others",
    "outside", "steps", "seconds",
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """How to drag.

    Args:
        search: the steps; None: as the model suggests.
        without: what of the model is not known.
        disc: whether only a disc around the drag may move.
        block: px of the feature block; None: the model's.
        own: see ``editor.search.OWN``; None: the product's.
    """

    search: Search | None = None
    without: tuple[str, ...] = ()
    disc: bool = False
    block: int | None = None
    own: float | None = None

    def dragger(self, engine: Engine) -> Dragger:
        """Of the engine's model as the method knows it."""
        if self.without:
            known = dict.fromkeys(self.without)
            return engine_of(replace(engine.model, statistics=engine.statistics, **known)).dragger
        model = replace(engine.model, feature_side=self.block or engine.model.feature_side)
        return replace(engine.dragger, model=model)


BEST = PAPER.changed(rate=float(BEST_RATE))
MAIN = {
    "no edit": None,
    "draggan": Method(PAPER, BARE),
    "draggan x10": Method(BEST, BARE),
    "freedrag w+": Method(BEST.changed(algorithm="freedrag"), BARE),
    "freedrag": Method(GEOMETRY.changed(algorithm="freedrag")),
    "ours": Method(),
}
MASKED = {
    "draggan x10, disc, released": Method(BEST, BARE, disc=True),
    "draggan x10, disc, paper": Method(BEST.changed(mask_form="paper"), BARE, disc=True),
    "ours, disc": Method(disc=True),
}
ABLATIONS = {
    "no anchor": Method(GEOMETRY.changed(anchor=0.0)),
    "no coordinates": Method(without=("coordinates", "box")),
    "no axes": Method(without=("axes",)),
    "no axes, no coordinates": Method(without=BARE),
    "radius / 2": Method(GEOMETRY.changed(radius=GEOMETRY.options.radius / 2)),
    "radius x 2": Method(GEOMETRY.changed(radius=GEOMETRY.options.radius * 2)),
    "block 32": Method(block=32),
    "block 128": Method(block=128),
    "one move for all layers": Method(own=0.0),
    "draggan x10 w": Method(BEST.changed(space="w"), BARE),
}
METHODS: dict[str, Method | None] = MAIN | MASKED | ABLATIONS


def chosen(names: Sequence[str]) -> dict[str, Method]:
    """Those that drag, in the order of MAIN."""
    return {name: method for name, method in MAIN.items() if name in names and method}


@dataclass(frozen=True)
class Done:
    """What a method made of it; ``back`` is None if there was no way back."""

    state: State | None
    ws: Latents
    back: Latents | None
    seconds: float


def there_and_back(dragger: Dragger, method: Method, task: Task, most: int) -> Done:
    """Drag to the target; then from where the tracker sees the handle to where it came from."""
    search = method.search or dragger.search()
    search = search.changed(steps=min(most, search.options.steps))
    ends = torch.from_numpy(np.stack([task.pull.handle, task.pull.target])).float()
    begin = time.monotonic()
    *_, (state, after) = dragger.drag_latent(task.ws, task.edit(ends, method.disc), search)
    seconds, back = time.monotonic() - begin, None
    way = torch.stack([state.handles[0], ends[0]])
    if float((way[1] - way[0]).norm()) < SHORTEST:
        return Done(state, after, after, seconds)
    with suppress(EditError):  # the tracker has left the picture, or the disc
        *_, (_, back) = dragger.drag_latent(after, task.edit(way, method.disc), search)
    return Done(state, after, back, seconds)


def judged(engine: Engine, task: Task, done: Done) -> Row:
    """All figures of one drag; None for what cannot be told."""
    before, after = task.before, look(engine, done.ws)
    tracked = task.pull.length if done.state is None else float(done.state.distances[0])
    colours = drift(*(coloured(seen.picture, seen.face) for seen in (before, after)))
    way_back = {} if done.back is None else returned(before.picture, engine.picture(done.back))
    found = {
        "MD tracker": tracked * SIDE / engine.side,
        **figures(before, after, task.pull),
        **way_back,
        **{title: colours[title] for title in ("drift", "skin", "hair")},
        "steps": 0 if done.state is None else done.state.step,
        "seconds": done.seconds,
    }
    return {"drag": task.name} | {t: v if np.isfinite(v) else None for t, v in found.items()}


def measure(engine: Engine, name: str, asked: list[Task], most: int) -> tuple[list[Row], float]:
    """(a row for each drag, peak MB before any of them is judged)."""
    method = METHODS[name]
    if method is None:
        made = [Done(None, task.ws, task.ws, 0.0) for task in asked]
    else:
        dragger = method.dragger(engine)
        own = {} if method.own is None else {"geometry": method.own}
        with patch.dict(OWN, own):
            made = [there_and_back(dragger, method, task, most) for task in tqdm(asked, name)]
    memory = peak_mb()
    return [judged(engine, *both) for both in zip(asked, made, strict=True)], memory


def summary(name: str, rows: list[Row], memory: float | None) -> Row:
    """The method's figures, as they are written."""
    titles = [title for title in TITLES if any(title in row for row in rows)]
    found = {t: asdict(Figure.of([row.get(t) for row in rows])) for t in titles}
    return {"method": name, "n": len(rows), "figures": found, "MB": memory, "drags": rows}


def line(found: Row) -> dict[str, object]:
    """The same as it is printed; in brackets how many drags count, where not all do."""
    memory = NOT_MEASURED if found["MB"] is None else round(found["MB"])
    cells = dict.fromkeys(TITLES, NOT_RUN)
    for title, figure in found["figures"].items():
        fewer = f" ({figure['n']})" if figure["n"] < found["n"] else ""
        cells[title] = f"{Figure(**figure)}{fewer}"
    return {"method": found["method"], "n": found["n"], **cells, "MB": memory}


def alone(name: str, args: argparse.Namespace) -> Row:
    """The summary of a method by a process of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        asked = ["--only", name, "--faces", str(args.faces), "--json", str(file)]
        own = [sys.executable, "-m", __spec__.name, "--model", str(args.model)]
        subprocess.run([*own, *asked], check=True, stdout=subprocess.DEVNULL)
        return json.loads(file.read_text())["each"][0]


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = command("Several methods drag the generator's own faces.")
    parser.add_argument("--faces", type=int, default=10)
    parser.add_argument("--masked", action="store_true", help="only a disc may move, too")
    parser.add_argument("--ablations", action="store_true", help="of our defaults, too")
    parser.add_argument("--only", nargs="*", choices=METHODS, metavar="METHOD")
    parser.add_argument("--alone", action="store_true", help="each method in its own process")
    return parser.parse_args()


def main() -> None:
    """Drag, print the table, write the figures."""
    args = arguments()
    more = (MASKED if args.masked else {}) | (ABLATIONS if args.ablations else {})
    names = args.only or MAIN | more
    few = args.faces < FEW
    if args.alone:
        found = [alone(name, args) for name in names]
    else:
        engine, found = Engine(args.model, device="cpu"), list[Row]()
        asked = list(tasks(engine, args.faces, LOOK_DRAGS if few else len(POINTS) * len(LENGTHS)))
        for name in names:
            rows, memory = measure(engine, name, asked, LOOK_STEPS if few else sys.maxsize)
            found.append(summary(name, rows, memory if len(names) == 1 else None))
    rows = [line(each) for each in found]
    table(rows)
    write(args.json, {"rows": rows, "faces": args.faces, "each": found})


if __name__ == "__main__":
    main()
