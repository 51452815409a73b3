"""Drags of models that know no axes: beside the published algorithm, and beside the truth.

    python -m benchmarks.arrive.public_drags --sides 256 512 --faces 8 --sheet out.png

First generators with random weights of the size of published ones, 1 and 5 points, 1/16 of the side
to go, no mask, or a disc of a quarter of the side around each drag that may move: px to go after
STEPS steps by the published algorithm on whole maps (time/full_map.py), by the preset "paper", and
as such a model is dragged unless somebody says otherwise; the least so far, since a drag keeps its
best.

Then the embedded model without its axes and heads. Nose, mouth corner and eye corner of its faces
go LENGTH px in a random direction of those that are usual. How far that point of the face really
went is asked of the coordinate head, which the drag does not see, and of the face net. "published"
is the preset with the rate that suits this model best; its own moves nothing here. "drift" is that
of skin and hair (keep/appearance.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from drag import Edit
from editor.engine import Engine
from editor.motion.estimators import Latents, painted
from editor.motion.poses import mesh_in
from editor.search import LAYERS, OPTIONS_SIDE, PAPER, Preset
from photo.crop import Crop, box_quad
from photo.mesh import LEFT_EYE, MOUTH_CORNERS, NOSE_TIP
from photo.mesh import POINTS as POINT_COUNT
from transfer.flow import sample
from weights.formats import Model, save

from ..keep.appearance import compared
from ..tables import command, table, write
from ..time.drag_speed import random_generator
from ..time.full_map import FullMap, full_map_drag
from .drag_accuracy import landmarks, target

STEPS = 20
LENGTH = 12.0  # px of 256
POINTS = {"nose": NOSE_TIP, "mouth": MOUTH_CORNERS[0], "eye": LEFT_EYE[0]}
BEST_RATE = 10  # times the published: of 1, 3, 10 and 30 the one that goes farthest
SEED = 5_000_000
NEAR = 3.0  # of LENGTH: so far around a handle its point is looked for
Row = dict[str, Any]


def random_edit(side: int, points: int, seed: int, masked: bool) -> Edit:
    """Handles in the inner part of the picture, a 16th of the side to go."""
    source = torch.Generator().manual_seed(100 * points + seed)
    handles = side * (0.3 + 0.4 * torch.rand(points, 2, generator=source))
    angle = 2 * torch.pi * torch.rand(points, generator=source)
    way = side / 16 * torch.stack([angle.cos(), angle.sin()], 1)
    mask = None
    if masked:
        grid = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="xy"), 2)
        away = (grid - (handles + way / 2)[:, None, None]).norm(dim=3)
        mask = (away < side / 8).any(0)
    return Edit((side, side), handles, handles + way, mask)


def to_go(edit: Edit, handles: Iterator[Tensor]) -> float:
    """The least mean distance, px, within STEPS steps."""
    return min(float((edit.targets - at).norm(dim=1).mean()) for at in islice(handles, STEPS + 1))


def engine_of(model: Model) -> Engine:
    """As it is when it comes from a file."""
    with TemporaryDirectory() as folder:
        save(model, file := Path(folder) / "model.safetensors", torch.float32)
        return Engine(file, device="cpu")


def random_rows(side: int, count: int) -> Iterator[Row]:
    """Px to go with generators of this side: the mean of so many drags a row."""
    generator, _ = random_generator(side)
    engine = engine_of(Model(generator, min(128, side), domain="square"))
    theirs = FullMap.of(generator)
    whole = PAPER.options.scaled(side / OPTIONS_SIDE)
    for points, masked in ((1, False), (5, False), (1, True), (5, True)):
        found: list[tuple[float, ...]] = []
        for seed in range(count):
            ws, edit = engine.latent(seed, 0.7), random_edit(side, points, seed, masked)
            slow = to_go(edit, full_map_drag(theirs, ws, edit, whole, LAYERS))
            quick = (to_go(edit, handles(engine, ws, edit, how)) for how in ("paper", "model"))
            found.append((slow, *quick))
        mean = np.mean(found, 0).tolist()
        names = ("published", "paper", "model")
        first = {"side": side, "points": points, "mask": masked, "before": side / 16}
        yield first | dict(zip(names, mean, strict=True))


def handles(engine: Engine, ws: Latents, edit: Edit, preset: Preset) -> Iterator[Tensor]:
    """The handles after each of our steps."""
    search = engine.search(preset).changed(steps=STEPS, patience=STEPS)
    return (state.handles for state, _ in engine.dragger.drag_latent(ws, edit, search))


def faces(engine: Engine, count: int) -> Iterator[tuple[str, Latents, Edit]]:
    """(point, ws, drag of it) of each point of so many faces."""
    source = torch.Generator().manual_seed(SEED)
    many = landmarks(engine, engine.generator.mapping(torch.randn(4000, 156, generator=source)))
    for face in range(count):
        ws = engine.latent(SEED + face, 0.8)
        mesh = seen(engine, ws)
        for name, row in POINTS.items():
            start = torch.from_numpy(mesh[row]).float()
            goal = target(start, many[:, row], LENGTH * engine.side / 256, source)
            yield name, ws, Edit((engine.side, engine.side), start[None], goal[None])


def seen(engine: Engine, ws: Latents) -> Float[np.ndarray, "p 2"]:
    """Where the face net sees the points of the face that these ws show, px; nan: it sees none."""
    side = float(engine.side)
    mesh = mesh_in(painted(engine.generator, ws), Crop(box_quad(-0.5, -0.5, side), engine.side))
    return np.full((POINT_COUNT, 2), np.nan) if mesh is None else mesh[:, :2]


def painted_at(engine: Engine, ws: Latents) -> Float[Tensor, "3 h w"]:
    """Which point of the neutral face each px shows, by the coordinate head."""
    head = engine.model.coordinates
    assert head is not None, "This model has no coordinate head."
    made = head(dict(engine.generator.maps(ws[None])), ws[None])[:, :3]
    return F.interpolate(made, (engine.side,) * 2, mode="bilinear")[0]


def went(engine: Engine, before: Latents, after: Latents, edit: Edit) -> Float[np.ndarray, "2"]:
    """How far the point of the face under the handle has gone, px; it is looked for nearby."""
    maps, (x, y) = [painted_at(engine, ws) for ws in (before, after)], edit.handles[0].tolist()
    wanted = sample(maps[0].permute(1, 2, 0).numpy(), np.array([[[x, y]]], np.float32))[0, 0]
    side = engine.side
    rows, columns = np.mgrid[:side, :side]
    near = np.hypot(columns - x, rows - y) < NEAR * LENGTH * side / 256
    places: list[np.ndarray] = []
    for seen_map in maps:
        away = np.linalg.norm(seen_map.numpy() - wanted[:, None, None], axis=0)
        best = np.unravel_index(np.where(near, away, np.inf).argmin(), away.shape)
        places.append(np.array(best[::-1], float))
    return places[1] - places[0]


def face_rows(count: int) -> Iterator[tuple[Row, np.ndarray]]:
    """(figures, pictures before and after) of each drag with and without the model's own search."""
    engine = Engine(device="cpu")
    known = {"axes": None, "coordinates": None, "landmark_regressor": None, "box": None}
    bare = engine_of(replace(engine.model, statistics=engine.statistics, **known))
    searches = {"published": PAPER.changed(rate=BEST_RATE), "model": bare.search()}
    for name, ws, edit in faces(engine, count):
        for how, search in searches.items():
            *_, (state, after) = bare.dragger.drag_latent(ws, edit, search)
            first = {"point": name, "search": how, "steps": state.step}
            found = first | judged(engine, (ws, after), edit) | drift(engine, ws, after)
            yield found, np.hstack([painted(engine.generator, each) for each in (ws, after)])


def judged(engine: Engine, both: tuple[Latents, Latents], edit: Edit) -> dict[str, float]:
    """The share of the way that was gone, and px of 256 that it lacks or strays."""
    way = (edit.targets - edit.handles)[0].numpy()
    start = seen(engine, both[0]), seen(engine, both[1])
    row = int(np.linalg.norm(start[0] - edit.handles[0].numpy(), axis=1).argmin())
    gone = {"true": went(engine, *both, edit), "net": start[1][row] - start[0][row]}
    found: dict[str, float] = {}
    for judge, move in gone.items():
        found[f"{judge} share"] = float(move @ way / (way @ way))
        found[f"{judge} error"] = float(np.linalg.norm(move - way)) * 256 / engine.side
    return found


def drift(engine: Engine, before: Latents, after: Latents) -> dict[str, float]:
    """Of skin and hair, in Lab; of all of w; of all of the picture, grey levels."""
    one, other = (painted(engine.generator, ws).astype(float) for ws in (before, after))
    colours = compared(engine, before, after)["drift"]
    return {"drift": colours, "w": float((after - before).norm()), "grey": abs(one - other).mean()}


def main() -> None:
    """Run, print the tables, write the figures and the sheet."""
    parser = command("Drags of models that know no axes.")
    parser.add_argument("--sides", type=int, nargs="*", default=[256])
    parser.add_argument("--count", type=int, default=3, help="drags a row of random generators")
    parser.add_argument("--faces", type=int, default=8)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet of the faces")
    args = parser.parse_args()
    random = [row for side in args.sides for row in random_rows(side, args.count)]
    if random:
        table(random)
    trials = list(face_rows(args.faces)) if args.faces else []
    groups = {(row["search"], point) for row, _ in trials for point in (row["point"], "all")}
    summed = [mean_of([row for row, _ in trials], *group) for group in sorted(groups)]
    if summed:
        table(summed)
    write(args.json, {"rows": summed, "random": random, "each": [row for row, _ in trials]})
    if args.sheet and trials:
        Image.fromarray(np.vstack([picture for _, picture in trials])).save(args.sheet)


def mean_of(rows: list[Row], search: str, point: str) -> Row:
    """The mean of each figure of these drags."""
    chosen = [r for r in rows if r["search"] == search and point in ("all", r["point"])]
    numbers = [name for name, value in chosen[0].items() if not isinstance(value, str)]
    mean = {name: float(np.nanmean([row[name] for row in chosen])) for name in numbers}
    return {"search": search, "point": point, **mean}


if __name__ == "__main__":
    main()
