"""What the face net gets wrong of renders, and how much of that can be taken away.

    python -m benchmarks.truth.calibration --assets makehuman-data.zip --write
    python -m benchmarks.truth.calibration --assets makehuman-data.zip --count 400    # the file's

Renders faces that no training has seen and looks at them. ``--write``: three quarters teach the
calibration, which goes into benchmarks/calibrated.npz, and the figures are of the rest. Else they
are those of the file, of faces that did not teach it.
``off``: mean distance of a landmark from its truth, px of a 512 px picture, without the mean error
of each landmark (the net's points are not iBUG's). ``between two faces``: of the way from where one
face has it to where another has it, and the share of that way that is seen: for 1.2 a nose goes
20 % further in what the net says than in truth.
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Float
from tqdm import trange

from photo.mesh import IBUG
from photo.nets import aligned_points
from training.renderer.assets import read_assets
from training.renderer.pairs import UNSEEN
from training.renderer.portrait import Portraits
from training.renderer.render import code
from training.renderer.scene import SIDE

from ..calibrated import FILE, LANDMARKS, Calibration, Marks, Seen, shares
from ..tables import command, table, write

SEED, OTHERS, COUNT, PAPER_SIDE = 4, 5, 3000, 512
COMPONENTS, RIDGE = 60, 1.0
TAUGHT = 0.75
GROUPS = {
    "all": tuple(range(LANDMARKS)), "nose tip": (30,), "eye corners": (36, 45),
    "mouth corners": (48, 54), "lower lip": (57,), "brows": (19, 24), "chin": (8,), "jaw": (4, 12),
}  # fmt: skip


def looked_at(portraits: Portraits, seed: int, count: int) -> tuple[Seen, Marks]:
    """(what the net sees of so many faces, their landmarks), shares of the picture's side."""
    seen, truth = list[np.ndarray](), list[np.ndarray]()
    for k in trange(count, desc="renders"):
        face = portraits.portrait(code(seed, UNSEEN + k))
        picture = portraits.scene.picture(face.parts, face.shading, SIDE)
        seen.append(shares(aligned_points(picture)[0], SIDE))
        truth.append(shares(portraits.points(face.head)[:LANDMARKS], SIDE))
    return np.stack(seen), np.stack(truth)


def off(found: Marks, truth: Marks) -> Float[np.ndarray, "n 68"]:
    """Distance of each landmark, px of PAPER_SIDE, but for what all faces share."""
    error = found - truth
    return PAPER_SIDE * np.linalg.norm(error - error.mean(0), axis=2)


def between(found: Marks, truth: Marks) -> tuple[Float[np.ndarray, "m 68"], ...]:
    """(how far a landmark's way from one face to the next is off, its share that is seen)."""
    ways, right = np.diff(found, axis=0), np.diff(truth, axis=0)
    share = (ways * right).sum((0, 2)) / np.square(right).sum((0, 2))
    return PAPER_SIDE * np.linalg.norm(ways - right, axis=2), share


def row(name: str, found: Marks, truth: Marks) -> dict[str, object]:
    """The figures of some landmarks."""
    ways, share = between(found, truth)
    return {
        f"off, {name}": float(off(found, truth).mean()),
        f"between two faces, off, {name}": float(ways.mean()),
        f"share, {name}": float(share.mean()),
    }


def main() -> None:
    """Draw, look, learn, print the table, write the figures."""
    parser: argparse.ArgumentParser = command("What the face net gets wrong of renders.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--count", type=int, default=COUNT, help="faces")
    parser.add_argument("--write", action="store_true", help=f"make {FILE.name} anew")
    args = parser.parse_args()
    seed = SEED if args.write else OTHERS
    seen, truth = looked_at(Portraits(read_assets(args.assets)), seed, args.count)
    if args.write:
        taught = int(TAUGHT * args.count)
        Calibration.fit(seen[:taught], truth[:taught], COMPONENTS, RIDGE).save(FILE)
        seen, truth = seen[taught:], truth[taught:]
    ways = {"net": seen[:, list(IBUG)], "calibrated": Calibration.load(FILE).landmarks(seen)}
    rows: list[dict[str, object]] = []
    for group, chosen in GROUPS.items():
        figures: dict[str, object] = {"landmarks": group}
        for name, found in ways.items():
            figures |= row(name, found[:, list(chosen)], truth[:, list(chosen)])
        rows.append(figures)
    table(rows)
    write(args.json, {"rows": rows, "renders": len(seen)})


if __name__ == "__main__":
    main()
