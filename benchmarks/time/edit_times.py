"""How long an edit takes where the network is, and what it takes in the process with the page.

    OMP_NUM_THREADS=1 python -m benchmarks.time.edit_times --json times.json

The embedded model: the astronaut is fitted again and again ("geometry"), and each time one of the
eight drags of face_drags is carried out on it as the page does it, and shown in the photo's own
pixels. Seconds of one processor, which others on the machine hardly change. The front reads the
photo, finds its face, cuts it out, makes the rig, shows the result; what Gradio takes is not in it
(load.py measures that).
"""

import time
from collections.abc import Iterator
from pathlib import Path

import torch
from tqdm import tqdm

from editor.engine import Engine
from editor.session import Session
from editor.view import closeup, show
from inversion import BUDGETS
from photo import read_photo
from photo.align import face_quad
from photo.faces import find_faces

from ..face_drags import FaceDrag, face_drags
from ..tables import command, table, write

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"
ROUNDS = 3  # over all drags
Times = dict[str, list[float]]


def laps() -> Iterator[float]:
    """Seconds of this process since the one before."""
    before = time.process_time()
    while True:
        now = time.process_time()
        yield now - before
        before = now


def fitted(engine: Engine) -> tuple[Session, dict[str, float]]:
    """The photo, ready to drag, and what that took: the front's time, the replica's."""
    lap = laps()
    next(lap)
    photo = read_photo(PHOTO)
    quad = face_quad(find_faces(photo)[0].eyes_and_mouth)
    image = engine.crop(photo, quad)
    before = next(lap)
    *_, last = engine.fit(image, BUDGETS["geometry"])
    replica = next(lap)
    session = engine.begin(photo, quad, last)
    return session, {"front": before + next(lap), "replica": replica}


def dragged(engine: Engine, session: Session, drag: FaceDrag) -> dict[str, float]:
    """What a drag takes."""
    lap = laps()
    next(lap)
    *_, last = engine.drag(session, drag.pairs)
    replica = next(lap)
    assert last.version is not None
    show(closeup(session.subject), last.version)
    show(session.subject, last.version)
    return {"front": next(lap), "replica": replica}


def measured(engine: Engine) -> dict[str, Times]:
    """Seconds of each fit and each drag; the first round is not counted."""
    drags = face_drags(find_faces(read_photo(PHOTO))[0].mesh)
    kinds: dict[str, Times] = {"fit": {}, "drag": {}}
    for turn in tqdm(range(1 + ROUNDS)):
        for drag in drags.values():
            session, fit = fitted(engine)
            for kind, took in (("fit", fit), ("drag", dragged(engine, session, drag))):
                for where, seconds in took.items():
                    kinds[kind].setdefault(where, []).extend([seconds] if turn else [])
    return kinds


def main() -> None:
    """Print the table."""
    how = command(__doc__ or "").parse_args()
    torch.set_num_threads(1)
    kinds = measured(Engine(how.model))
    rows: list[dict[str, object]] = []
    for kind, times in kinds.items():
        for where, seconds in times.items():
            of = torch.tensor(seconds)
            p50, p95 = (float(of.quantile(share)) for share in (0.5, 0.95))
            rows.append({"kind": kind, "where": where, "n": len(of), "p50 s": p50, "p95 s": p95})
    table(rows)
    write(how.json, {"rows": rows, "each": kinds})


if __name__ == "__main__":
    main()
