"""A piece of work of each kind; as a program, done where GPUs are lent, its figures printed."""

import json
import multiprocessing
import os
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import skimage.data
import worlds  # noqa: F401  (its quick fits)

from drag import Edit
from editor import models
from editor.dragger import DragStep
from editor.engine import Engine
from editor.search import GEOMETRY
from editor.session import Session
from editor.session_file import save_session
from editor.view import closeup, show
from inversion import InvertOptions, ProjectOptions, TuneOptions
from photo import Photo
from photo.crop import box_quad
from ui import gpu

MODEL = models.names()[0]
PHOTO = skimage.data.astronaut()
QUAD = box_quad(110.0, 0.0, 230.0)
INVERT = InvertOptions(ProjectOptions(steps=5), TuneOptions(steps=2))
DRAG = GEOMETRY.changed(steps=9)
EDIT = Edit.between(PHOTO.shape[:2], [((222.0, 128.0), (236.0, 128.0))])
FACE = 3  # a seed


def work() -> tuple[list[gpu.Fitted], Session, list[DragStep], Session, Photo]:
    """Fit a photo, drag it, draw a face."""
    engine = models.engine(MODEL)
    fits = list(gpu.fit(MODEL, engine.crop(PHOTO, QUAD), INVERT, 2))
    session = engine.begin(PHOTO, QUAD, fits[-1].inversion)
    moves = list(gpu.drag(MODEL, session, EDIT, DRAG))
    return fits, session, moves, gpu.face(MODEL, FACE), gpu.picture(MODEL, FACE, 0.5)


def mark(array: Any) -> str:
    """What tells arrays apart, to the last bit."""
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def figures(
    fits: list[gpu.Fitted], session: Session, moves: list[DragStep], face: Session, picture: Photo
) -> Any:
    """All that comes out of the work, as JSON can hold it."""
    versions = [moved.version for moved in moves if moved.version is not None]
    return {
        "fits": [[f.inversion.distance, mark(f.inversion.ws), f.quality] for f in fits],
        "pictures": [None if f.picture is None else mark(f.picture) for f in fits],
        "delta": {name: mark(part) for name, part in session.subject.delta.items()},
        "moves": [[m.state.step, m.state.end, m.state.handles.tolist()] for m in moves],
        "versions": [[mark(v.ws), mark(v.change.vertices), mark(v.picture)] for v in versions],
        "face": [mark(face.subject.photo), mark(face.now.ws)],
        "picture": mark(picture),
    }


def page_work(engine: Engine, session: Session, quality: str, file: Path) -> None:
    """All that the page does itself, without a GPU."""
    save_session(session, {"quality": quality}, file)
    again, _ = engine.reopen(file)
    show(closeup(again.subject), again.now)
    engine.crop(again.subject.photo, again.subject.quad)


def work_after_close(session: Session) -> tuple[float, float]:
    """(seconds until a drag that is stopped has ended, CPU seconds it takes from then on)."""
    (worker,) = multiprocessing.active_children()
    long = gpu.drag(MODEL, session, EDIT, DRAG.changed(steps=300, patience=300, arrive=-1.0))
    next(long)
    begun = time.monotonic()
    long.close()
    closed, before = time.monotonic() - begun, spent(worker.pid)
    time.sleep(1)
    return closed, spent(worker.pid) - before


def lost_work(session: Session) -> list[str]:
    """What is said when the process that has the GPU is killed."""
    (worker,) = multiprocessing.active_children()
    long = gpu.drag(MODEL, session, EDIT, DRAG.changed(steps=300, patience=300, arrive=-1.0))
    next(long)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    try:
        list(long)
    except ValueError as error:
        return [type(error).__name__, str(error)]
    return []


def spent(process: Any) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main(folder: Path) -> None:
    from lender import pretend_to_have_lent

    pretend_to_have_lent()
    engine = models.engine(MODEL)
    fits, session, moves, face, picture = work()
    facts: dict[str, Any] = {"device": str(engine.device)}
    facts["figures"] = figures(fits, session, moves, face, picture)
    dragged = session.moved(next(m.version for m in reversed(moves) if m.version))
    todo = engine, dragged, fits[-1].quality, folder / "session.safetensors"
    page_work(*todo)
    handler = Thread(target=page_work, args=todo)  # the page's handlers run in threads
    handler.start()
    handler.join()
    facts["closed"], facts["spent"] = work_after_close(session)
    facts["lost"] = lost_work(session)
    facts["face"] = mark(gpu.face(MODEL, FACE).now.ws)
    try:
        gpu.face("Nobody", FACE)
    except ValueError as error:
        facts["error"] = [type(error).__name__, str(error)]
    facts["workers"] = [child.pid for child in multiprocessing.active_children()]
    facts["handles"] = len(list(Path("/proc/self/fd").iterdir()))
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
