"""How much of a known motion the face net sees: renders of one face, one of its factors moved.

    python -m benchmarks.truth.face_net --assets makehuman-data.zip --json out.json

``real.photo_edits`` asks the face net how far a handle has gone (``seen``). Here the truth is
known: the renderer's own landmarks before and after. Of those that are dragged there, the share of
their true way that the net sees; a landmark that moves by less than LEAST eye distances says little
and is left out.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from photo.faces import find_faces
from photo.mesh import Mesh, eye_distance
from training.renderer import traits as T
from training.renderer.assets import read_assets
from training.renderer.pairs import UNSEEN, Pair, pair
from training.renderer.portrait import Portraits
from training.renderer.render import code

from ..tables import command, table, write

SEED, SIDE = 4, 512  # of the faces; px
LEAST = 0.03  # distances between the eyes
MOVES: dict[str, tuple[str, int, float, tuple[int, ...]]] = {
    "smile": ("smile", 0, 2.0, (48, 54)),
    "mouth": ("open", 0, 2.5, (57,)),
    "nose": ("yaw", 0, 1.5, (30,)),
    "lids": ("lids", 0, 2.5, (37, 44)),
    "brows": ("brow_up", 0, 5.0, (19, 24)),
    "jaw": ("identity", next(k for k, row in enumerate(T.IDENTITY) if "triangular" in row[0]), 3.0,
            (4, 5, 11, 12)),
    "head up": ("pitch", 0, 1.5, (30, 8)),
}  # fmt: skip
"""Edit: factor of z, which of its dims, by how much, iBUG's landmarks."""
ROWS = {4: 58, 5: 136, 8: 152, 11: 365, 12: 288, 19: 105, 24: 334, 30: 4, 37: 160, 44: 387,
        48: 61, 54: 291, 57: 17}  # fmt: skip
"""The mesh's row of each landmark."""


def moved(portraits: Portraits, edit: str, count: int) -> Iterator[Pair]:
    """Faces before and after an edit."""
    factor, dim, by, _ = MOVES[edit]
    index = UNSEEN
    while count:
        z = code(SEED, index)
        other, place = z.copy(), T.DIMS[factor].start + dim
        z[place], other[place] = -by / 2, by / 2
        found, index = pair(portraits, edit, np.stack([z, other]), SIDE), index + 1
        if found is not None:
            count -= 1
            yield found


def shares(edit: str, found: Pair) -> list[float]:
    """Of each landmark that has moved, what the net sees of its way; none where it sees no face."""
    meshes: list[Mesh] = [faces[0].mesh for p in found.pictures if (faces := find_faces(p))]
    if len(meshes) < 2:
        return []
    before, after = meshes
    seen: list[float] = []
    for mark in MOVES[edit][3]:
        way = found.landmarks[1][mark] - found.landmarks[0][mark]
        if np.linalg.norm(way) > LEAST * eye_distance(before):
            own = (after - before)[ROWS[mark], :2]
            seen.append(float(own @ way / (way @ way)))
    return seen


def main() -> None:
    """Draw, look, print the table, write the figures."""
    parser: argparse.ArgumentParser = command("How much of a known motion the face net sees.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--count", type=int, default=20, help="faces for each edit")
    args = parser.parse_args()
    portraits = Portraits(read_assets(args.assets))
    rows: list[dict[str, object]] = []
    for edit in MOVES:
        pairs = tqdm(moved(portraits, edit, args.count), total=args.count, desc=edit)
        found = [share for each in pairs for share in shares(edit, each)]
        low, middle, high = np.percentile(found, (25, 50, 75))
        figures = {"25 %": low, "median": middle, "75 %": high, "mean": float(np.mean(found))}
        rows.append({"edit": edit, "points": len(found), **figures})
    table(rows)
    write(args.json, {"count": args.count, "rows": rows})


if __name__ == "__main__":
    main()
