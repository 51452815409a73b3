r"""Render faces with their codes, landmarks and canonical coordinates. Resumable.

    python -m training.renderer.render --assets makehuman-data.zip --out DATA --count 20000 \
        --workers 2

Writes arrays that training can map into memory (N = count):
``images.npy`` [N 256 256 3] RGB; ``coordinates.npy`` [N 128 128 4], x y z of the neutral face
scaled from ``box`` to 0..65535 and the label, at the centre of each pixel; ``landmarks.npy``
[N P 2] in px of the picture; ``z.npy`` [N Z]; ``done.npy`` [N]; ``layout.json``, what they mean.
Called again, it draws what is missing. Needs OpenGL 3.3 through EGL; no screen and no GPU.
"""

import argparse
import json
import os
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from . import traits as T
from .assets import read_assets
from .portrait import Portraits
from .scene import BOX, COARSE, LABELS, SIDE, quantised

HELD_OUT = 500  # the last samples, never trained on
SHEET = (8, 5)  # columns, rows


def code(seed: int, index: int) -> np.ndarray:
    """The z of one sample; does not depend on how many there are."""
    return np.random.default_rng([seed, index]).standard_normal(T.Z_DIM).astype(np.float32)


def layout(portraits: Portraits, seed: int) -> dict[str, object]:
    """What the arrays mean."""
    marks = portraits.landmarks
    return {
        "z_dim": T.Z_DIM, "side": SIDE, "seed": seed, "box": BOX.tolist(), "labels": LABELS,
        "mirror_z": T.MIRROR.astype(int).tolist(), "landmarks": marks.names,
        "mirror_landmarks": marks.mirrored(portraits.assets.base).tolist(),
        "dims": {name: [place.start, place.stop] for name, place in T.DIMS.items()},
        "dragged": T.DRAGGED,
    }  # fmt: skip


def prepare(out: Path, count: int, points: int) -> None:
    """Make the arrays, if they are not there.

    Raises:
        SystemExit: there are some of another shape.
    """
    shapes = {
        "images": ((SIDE, SIDE, 3), "u1"), "coordinates": ((COARSE, COARSE, 4), "u2"),
        "landmarks": ((points, 2), "f4"), "z": ((T.Z_DIM,), "f4"), "done": ((), "u1"),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    for name, (shape, kind) in shapes.items():
        file = out / f"{name}.npy"
        if not file.exists():
            np.lib.format.open_memmap(file, "w+", np.dtype(kind), (count, *shape))
        elif (found := np.load(file, mmap_mode="r").shape) != (count, *shape):
            raise SystemExit(f"{file} has the shape {found}: choose another --out, or remove it.")


def arrays(out: Path) -> dict[str, np.ndarray]:
    """The arrays, open for writing."""
    names = ("images", "coordinates", "landmarks", "z", "done")
    return {name: np.load(out / f"{name}.npy", mmap_mode="r+") for name in names}


def draw(portraits: Portraits, into: dict[str, np.ndarray], index: int, seed: int) -> None:
    """Draw one sample into its place."""
    z = code(seed, index)
    portrait = portraits.portrait(z)
    into["z"][index] = z
    into["images"][index] = portraits.scene.picture(portrait.parts, portrait.shading)
    places = portraits.scene.places(portrait.parts, portrait.shading)
    into["coordinates"][index] = quantised(places)
    into["landmarks"][index] = portraits.points(portrait.head)
    into["done"][index] = 1


def work(rank: int, workers: int, assets: Path, out: Path, seed: int) -> None:
    """Draw every sample of this worker's share that is missing; worker 0 shows the progress."""
    os.environ["LP_NUM_THREADS"] = "1"  # of Mesa's software renderer
    portraits, into = Portraits(read_assets(assets)), arrays(out)
    order = np.roll(np.arange(len(into["done"])), HELD_OUT)  # what is held out comes first
    missing = order[into["done"][order] == 0]
    for index in tqdm(missing[rank::workers], disable=rank > 0, unit_scale=workers):
        draw(portraits, into, int(index), seed)


def main() -> None:
    """Parse, prepare, draw in several processes, show a contact sheet."""
    parser = argparse.ArgumentParser(description="Render faces to train on.")
    parser.add_argument(
        "--assets", type=Path, required=True, help="MakeHuman's data, folder or zip"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    facts = layout(portraits := Portraits(read_assets(args.assets)), args.seed)
    prepare(args.out, args.count, len(portraits.landmarks.names))
    (args.out / "layout.json").write_text(json.dumps(facts))
    del portraits
    shares = [
        (rank, args.workers, args.assets, args.out, args.seed) for rank in range(args.workers)
    ]
    processes = [get_context("spawn").Process(target=work, args=share) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    columns, rows = SHEET
    shown = np.load(args.out / "images.npy", mmap_mode="r")[: columns * rows]
    lines = [np.hstack(shown[k : k + columns]) for k in range(0, len(shown), columns)]
    Image.fromarray(np.vstack([line for line in lines if line.shape == lines[0].shape])).save(
        args.out / "sheet.png"
    )
    if any(process.exitcode for process in processes):
        raise SystemExit("A worker stopped early: call this again to draw the rest.")


if __name__ == "__main__":
    main()
