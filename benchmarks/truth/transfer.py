"""How well an edit is carried into a large photo: renders whose edit is known, at 1024 px.

    python -m benchmarks.truth.transfer --assets makehuman-data.zip --features squeezenet.pth
    python -m benchmarks.truth.transfer --assets makehuman-data.zip --known --sheet edits.png

The first render is the photo: it is fitted, landmarks of it are dragged to where the second render
has them, and the results are compared with the second. ``--known`` moves the fit's latent along the
true edit in lieu of searching for it, so that only the way back into the photo can be wrong.
Results: the photo as it was; the generator's picture in place of the whole crop ("generated crop",
what DragGAN's demos give back); the same where the edit acts only ("generated"); the photo's own
pixels, moved by its rig ("your pixels"), by dense flow between the generator's pictures ("by
flow"), and without a model: as rigidly as possible ("elastic"), and by the rule of Inpaint4Drag;
these two are told which px the true edit changes.

Of each result, here (where the renders differ) and in the whole picture: mean absolute error in
grey levels, MSE of pictures in [0, 1] times 100, SqueezeNet-feature distance (here: over the box of
it). Here only: ``sharpness``, the energy of the Laplacian over the photo's, and ``ghosts``, the
energy of edges beyond the strongest one that the true render has within NEAR px, over the energy of
the true render's edges.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from drag import Edit, State
from drag.solve import Moments
from editor.dragger import FRAME_EVERY, Dragger
from editor.engine import Engine
from editor.search import Search
from editor.view import show, untouched
from inversion import BUDGETS, InvertOptions
from photo import Photo
from photo.crop import box_quad
from stylegan import activation, before_activation
from training.generator.losses import SqueezeFeatures
from training.renderer import pairs
from training.renderer.assets import read_assets
from training.renderer.pairs import Pair
from training.renderer.portrait import Portraits
from training.renderer.render import code
from training.renderer.traits import DIMS

from ..real.elastic import RULES, carried
from ..real.faceless import Trial
from ..tables import command, write
from .paired_edits import POINTS, SEED, away, table

SIDE = 1024  # px of the photos
SHARE = 0.8  # of the moves in training.renderer.pairs: edits of a size that people ask for
LANDMARKS = (*POINTS, 49, 53, 55, 59, 17, 21, 22, 26, 38, 43)  # of iBUG's; the first go first
LEAST, MOST = 4.0, 14  # px of the photo that a landmark has to move to be dragged; of so many
KNOWN_STEPS = 10  # pictures along the true edit
DIFFERENT = 8  # grey levels, a mean over channels: from here on two pictures differ
MARGIN = 32  # px around the edited region on the sheet
AROUND = 8  # px around what differs that belong to the edited region
NEAR = 6  # px that an edge may be off before it counts as a ghost

Region = Bool[np.ndarray, "h w"]


@dataclass(frozen=True)
class KnownEdit(Dragger):
    """Goes along the true edit in lieu of searching for it, and has its handles arrive.

    ``z`` are the codes before and after it.
    """

    z: Float32[np.ndarray, "2 z"]

    @cached_property
    def way(self) -> Float[Tensor, "layers w"]:
        """The edit, in w before its activation."""
        before, after = before_activation(self.model.generator.style(torch.from_numpy(self.z)))
        return after - before

    def drag_latent(
        self,
        ws: Float[Tensor, "layers w"],
        edit: Edit,
        search: Search | None = None,
    ) -> Iterator[tuple[State, Float[Tensor, "layers w"]]]:
        """As many steps as the engine takes to look at KNOWN_STEPS pictures."""
        base, still = before_activation(ws), torch.zeros(1)
        one = torch.ones(len(edit.handles))
        for step in range(0, KNOWN_STEPS * FRAME_EVERY + 1, FRAME_EVERY):
            share = step / (KNOWN_STEPS * FRAME_EVERY)
            handles = edit.handles.lerp(edit.targets, share)
            left, end = (edit.targets - handles).norm(dim=1), "arrived" if share == 1 else ""
            state = State(
                still, handles, Moments(still, still), step, left, one, one, edit.size, end
            )
            yield state, activation(base + share * self.way)


def edits(portraits: Portraits, count: int, share: float, first: int = 0) -> Iterator[Pair]:
    """Faces no training has seen, the factors of MOVES in turns, from below their mean to above.

    Such a move leaves the length of z as it is, and with it all other factors of the face.
    ``first``: of the unseen faces; 1000 and more were in no sight when constants were chosen.
    """
    factors, index = list(pairs.MOVES), pairs.UNSEEN + first
    for k in range(count):
        factor = factors[k % len(factors)]
        by, dim = share * pairs.MOVES[factor], DIMS[factor].start
        found = None
        while found is None:
            z = code(SEED, index)
            z[dim] = by / 2 if factor in pairs.POSE and z[dim] > 0 else -by / 2
            both = np.stack([z, pairs.moved(z, factor, by)])
            found = pairs.pair(portraits, factor, both, SIDE)
            index += 1
        yield found


def handles(pair: Pair) -> Edit | None:
    """Landmarks of the first render that both show, dragged to where the second has them."""
    before, after = (marks[list(LANDMARKS)] for marks in pair.landmarks)
    side = len(pair.pictures[0])
    inside = (np.abs(np.c_[before, after] / (side - 1) - 0.5) <= 0.5).all(1)
    x, y = before.round().astype(int).clip(0, side - 1).T
    far = np.linalg.norm(after - before, axis=1) >= LEAST * side / SIDE
    rows = np.flatnonzero(inside & far & pair.visible[y, x])[:MOST]
    points = [torch.from_numpy(marks[rows]).float() for marks in (before, after)]
    return Edit((side, side), *points) if len(rows) else None


def trial(
    engine: Engine, pair: Pair, edit: Edit, options: InvertOptions, known: bool
) -> tuple[dict[str, Photo], dict[str, float]]:
    """(what becomes of the first render by its name, figures of the way there)."""
    photo, begin = pair.pictures[0], time.monotonic()
    quad = box_quad(-0.5, -0.5, float(len(photo)))
    *_, fit = engine.invert(photo, quad, options)
    session, fitted = engine.begin(photo, quad, fit), time.monotonic()
    if known:
        dragger = engine.dragger
        engine.dragger = KnownEdit(dragger.model, dragger.axes, pair.z)
    *_, last = engine.drag(session, edit)
    dragged, version = time.monotonic(), last.version
    assert version is not None
    assert version.picture is not None
    bare = untouched(replace(session.subject, rig=None), engine.dragger.seen_side)
    *_, flown = engine.drag(bare, edit)
    assert flown.version is not None
    whole = cv2.resize(version.picture, photo.shape[:2], interpolation=cv2.INTER_CUBIC)
    ways = [((a, b), (c, d)) for a, b, c, d in torch.cat([edit.handles, edit.targets], 1).tolist()]
    bent = Trial(photo, ways, [])
    bent.__dict__["mask"] = edited(*pair.pictures)
    results = {
        "no edit": photo,
        "generated crop": whole.astype(np.uint8),
        "generated": show(session.subject, version, "generated"),
        "your pixels": show(session.subject, version),
        "by flow": show(bare.subject, flown.version),
        **{name: carried(bent, RULES[name])[0] for name in ("elastic", "inpaint4drag")},
    }
    to_go = float(last.state.distances.mean())
    figures = {"points": len(edit.handles), "to go, px": to_go, "fit": fit.pivot_distance}
    return results, figures | {"seconds, fit": fitted - begin, "seconds, drag": dragged - fitted}


def edited(before: Photo, after: Photo) -> Region:
    """Where two pictures differ, and a little around it."""
    differs = cv2.absdiff(before, after).mean(2) > DIFFERENT
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND + 1,) * 2)
    return cv2.dilate(differs.astype(np.uint8), disc) > 0


def measure(
    pair: Pair, results: dict[str, Photo], features: SqueezeFeatures | None
) -> dict[str, float]:
    """The figures of all results, and how much of the picture should change."""
    region = edited(*pair.pictures)
    rows = {name: judged(pair, region, shown, features) for name, shown in results.items()}
    found = {"share that changes": float(region.mean())}
    for figure in rows["no edit"]:
        found |= {f"{figure}, {name}": row[figure] for name, row in rows.items()}
    return found | {"sharpness, true": sharpness(pair.pictures[1], pair.pictures[0], region)}


def judged(
    pair: Pair, region: Region, result: Photo, features: SqueezeFeatures | None
) -> dict[str, float]:
    """The figures of one result."""
    photo, true = pair.pictures
    off = cv2.absdiff(result, true).astype(np.float32)
    found: dict[str, float] = {}
    for place, part in (("here", off[region]), ("whole", off)):
        found[f"error {place}"] = float(part.mean())
        found[f"MSE {place}"] = 100 * float(np.square(part / 255).mean())
    if features is not None:
        here = box(region)
        found["SqueezeNet here"] = away(result[here], true[here], features)[1]
        found["SqueezeNet whole"] = away(result, true, features)[1]
    found["sharpness"] = sharpness(result, photo, region)
    return found | {"ghosts": ghosts(result, true, region)}


def grey(picture: Photo) -> Float32[np.ndarray, "h w"]:
    """Brightness in grey levels."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def sharpness(result: Photo, photo: Photo, region: Region) -> float:
    """Energy of the Laplacian in the region, as a share of the photo's."""
    made, own = (np.square(cv2.Laplacian(grey(p), cv2.CV_32F))[region] for p in (result, photo))
    return float(made.sum() / own.sum())


def edges(picture: Photo) -> Float32[np.ndarray, "h w"]:
    """Length of the brightness' gradient, grey levels a px."""
    light = grey(picture)
    x, y = (cv2.Scharr(light, cv2.CV_32F, k, 1 - k, scale=1 / 32) for k in (1, 0))
    return np.hypot(x, y)


def ghosts(result: Photo, true: Photo, region: Region) -> float:
    """Energy of edges beyond the true picture's near them, as a share of its edges' energy."""
    made, right = edges(result), edges(true)
    near = cv2.dilate(right, np.ones((2 * NEAR + 1,) * 2, np.uint8))
    beyond = np.square(np.maximum(made - near, 0))
    return float(beyond[region].sum() / np.square(right)[region].sum())


def box(region: Region, margin: int = 0) -> tuple[slice, slice]:
    """Rows and columns that hold the region."""
    spans = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
    rows, columns = (slice(max(0, s[0] - margin), int(s[-1]) + 1 + margin) for s in spans)
    return rows, columns


def sheet(rows: list[np.ndarray], file: Path) -> None:
    """Rows of any width, one below the other."""
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 8), (0, width - row.shape[1]), (0, 0))) for row in rows]
    Image.fromarray(np.vstack(padded)).save(file)


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = command("Edits of a photo whose right answer is known.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument(
        "--share", type=float, default=SHARE, help="of the moves in training.renderer.pairs"
    )
    parser.add_argument("--first", type=int, default=0, help="of the unseen faces")
    parser.add_argument("--known", action="store_true", help="move along the true edit, no search")
    parser.add_argument("--fit", choices=tuple(BUDGETS), default="balanced")
    parser.add_argument("--sheet", type=Path, help="draw photo, true, generated, your pixels")
    return parser.parse_args()


def main() -> None:
    """Edit, print the table, write the figures and the sheet."""
    args = arguments()
    engine = Engine(args.model, device="cpu")
    features = SqueezeFeatures(args.features) if args.features else None
    faces = edits(Portraits(read_assets(args.assets)), args.pairs, args.share, args.first)
    found: list[tuple[str, dict[str, float]]] = []
    rows: list[np.ndarray] = []
    for pair in tqdm(faces, total=args.pairs):
        edit = handles(pair)
        if edit is None:  # nothing moves far enough
            continue
        results, figures = trial(engine, pair, edit, BUDGETS[args.fit], args.known)
        found.append((pair.factor, figures | measure(pair, results, features)))
        part = box(edited(*pair.pictures), MARGIN)
        shown = *pair.pictures, results["generated"], results["your pixels"]
        rows.append(np.hstack([picture[part] for picture in shown]))
    write(args.json, {"pairs": len(found), "rows": table(found)})
    if args.sheet:
        sheet(rows, args.sheet)


if __name__ == "__main__":
    main()
