"""Where the points of a photo's rig go in edits whose truth is known, and where they should go.

    python -m benchmarks.truth.rig_motion --assets makehuman-data.zip --pairs 24 --json out.json

The pairs of benchmarks.truth.transfer, without its pictures: the first render is the photo, its
landmarks are dragged to where the second has them, and each point of the rig (the face's mesh, the
rings over hair, ears and neck) that both renders show is compared with where the renderer says that
what it lies on went. Mean distances in px of the crop at 512 px ± half of a 95 % interval over the
pairs; "no edit": how far these points went in truth.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from tqdm import tqdm

from editor.engine import Engine
from photo.crop import box_quad, resized
from photo.mesh import canonical
from training.renderer.assets import read_assets
from training.renderer.pairs import Pair
from training.renderer.portrait import Portraits
from transfer.flow import sample
from transfer.rig import RIG_SIDE, Pose

from ..figures import interval
from ..tables import command, table, write
from .transfer import SHARE, SIDE, edits, handles

Points = Float[np.ndarray, "p 2"]


def truth(pair: Pair, points: Points) -> tuple[Points, Bool[np.ndarray, " p"]]:
    """(how far what these points lie on went, where both renders show it), px of the crop."""
    at = resized(points, RIG_SIDE, SIDE).astype(np.float32)
    motion = sample(pair.motion, at[None])[0] * RIG_SIDE / SIDE
    shown = sample(pair.visible.astype(np.float32), at[None])[0] > 0.99
    return motion, shown & ((at >= 0) & (at <= SIDE - 1)).all(1)


def trials(
    engine: Engine, portraits: Portraits, count: int, first: int
) -> Iterator[tuple[str, dict[str, float | None]]]:
    """(factor, mean distances) of each pair in which the net sees a face."""
    for pair in tqdm(edits(portraits, count, SHARE, first), total=count):
        edit = handles(pair)
        session = engine.open(pair.pictures[0], box_quad(-0.5, -0.5, float(SIDE)))
        rig = session.subject.rig
        if edit is None or rig is None:  # nothing moves far enough; the net sees no face
            continue
        *_, last = engine.drag(session, edit)
        assert last.version is not None
        assert isinstance(last.version.change, Pose)
        right, shown = truth(pair, rig.vertices[:, :2])
        ways = (last.version.change.vertices - rig.vertices)[:, :2]
        off, face = np.linalg.norm(ways - right, axis=1), np.arange(len(ways)) < len(canonical())
        yield (
            pair.factor,
            {
                "no edit": float(np.linalg.norm(right, axis=1)[shown].mean()),
                "off": float(off[shown].mean()),
                "off, face": float(off[shown & face].mean()),
                "off, around it": float(off[shown & ~face].mean())
                if (shown & ~face).any()
                else None,
            },
        )


def main() -> None:
    """Drag, print the table, write the figures."""
    parser: argparse.ArgumentParser = command("Where the points of a photo's rig go.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--first", type=int, default=0, help="of the unseen faces")
    args = parser.parse_args()
    engine = Engine(args.model, device="cpu")
    each = list(trials(engine, Portraits(read_assets(args.assets)), args.pairs, args.first))
    rows: list[dict[str, object]] = []
    for factor in ("all", *dict.fromkeys(name for name, _ in each)):
        some = [figures for name, figures in each if factor in ("all", name)]
        titles = some[0] if some else {}
        cells = {title: interval(figures[title] for figures in some) for title in titles}
        rows.append({"factor": factor, "n": len(some), **cells})
    table(rows)
    write(args.json, {"rows": rows, "each": each})


if __name__ == "__main__":
    main()
