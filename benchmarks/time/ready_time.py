"""Seconds from a photo's file until it can be dragged, and from a drag to what is shown.

    python -m benchmarks.time.ready_time --photo me.jpg --mpx 0.26 12 --json out.json

The photo is brought to each size and written as a JPEG first. A row of medians for each size:
``read``, the file decoded by its worker; ``find``, its faces; ``fit`` of the largest one;
``ready``, all of these. After a drag: ``preview``, the face on the canvas, and ``result``, the
whole photo at its own size. Networks are loaded before.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from PIL import Image
from tqdm import tqdm

from editor.engine import Engine
from editor.view import closeup, show
from inversion import BUDGETS
from photo import Photo, PhotoError, read_photo
from photo.align import face_quad
from photo.faces import find_faces

from ..face_drags import face_drags
from ..tables import Figures, command, table, write

T = TypeVar("T")
FRAMES = 5  # previews of a drag, of which the median counts


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """(what it gives, its seconds)."""
    begin = time.monotonic()
    given = call()
    return given, time.monotonic() - begin


def resized(photo: Photo, mpx: float, file: Path) -> Path:
    """The photo at a size in megapixels, as a JPEG."""
    height, width = photo.shape[:2]
    scale = (mpx * 1e6 / (height * width)) ** 0.5
    size = round(width * scale), round(height * scale)
    Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC).save(file, quality=92)
    return file


def trial(engine: Engine, file: Path, budget: str) -> Figures:
    """The figures of one photo, once.

    Raises:
        PhotoError: it shows no face.
    """
    photo, read = timed(lambda: read_photo(file))
    faces, find = timed(lambda: find_faces(photo))
    if not faces:
        raise PhotoError("No face was found.")
    quad = face_quad(faces[0].eyes_and_mouth)
    session, fit = timed(lambda: engine.open(photo, quad, budget))
    *_, last = engine.drag(session, face_drags(faces[0].mesh)["nose left"].pairs)
    assert last.version is not None
    version = last.version
    small = closeup(session.subject)
    frames = [timed(lambda: show(small, version))[1] for _ in range(FRAMES)]
    _, result = timed(lambda: show(session.subject, version))
    found = {"read": read, "find": find, "fit": fit, "ready": read + find + fit}
    return found | {"preview": float(np.median(frames)), "result": result}


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = command("From a photo to a drag, and from a drag to a photo.")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--mpx", type=float, nargs="+", default=[0.26, 12.0], help="sizes")
    parser.add_argument("--fit", choices=tuple(BUDGETS), default="geometry")
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    engine, photo, rows = Engine(args.model), read_photo(args.photo), list[dict[str, object]]()
    find_faces(photo)
    with TemporaryDirectory() as folder:
        for mpx in args.mpx:
            file = resized(photo, mpx, Path(folder) / "photo.jpg")
            found = [trial(engine, file, args.fit) for _ in tqdm(range(args.times))]
            middle = {name: float(np.median([row[name] for row in found])) for name in found[0]}
            rows.append({"Mpx": mpx, **middle})
    table(rows)
    write(args.json, {"times": args.times, "rows": rows})


if __name__ == "__main__":
    main()
