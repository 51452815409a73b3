"""The app as it is, but the network's work is a pause: for what many visitors do to the rest.

    DRAGPHOTO_STUB_SECONDS=0.02 python -m benchmarks.stub_app

The pauses (stub_work.py) are made where the app has its work done: in threads of this process, or
with DRAGPHOTO_WORKERS=4 in four others. A picture tells whose it is (its seed) and which job of the
server it was. The jobs that have begun are counted in the file ``jobs`` of the folder for temporary
files too, a byte each, so that who asks knows how many came before.
"""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import app
from drag import Edit
from editor.backend.job import Job
from editor.dragger import DragStep
from editor.search import Search
from editor.session import Session
from photo import Photo
from ui import gpu
from ui.gpu import Fitted
from ui.page import handlers

from . import stub_work
from .stub_work import Pause

PAUSE = Pause(
    float(os.environ.get("DRAGPHOTO_STUB_SECONDS", "0.02")), Path(tempfile.gettempdir()) / "jobs"
)


def done(model: str, work: Callable[..., Iterator[Any]], *arguments: Any) -> Generator[Any]:
    """The items of such work by the app's backend."""
    yield from gpu.WORK.backend(Job(model, work, (*arguments, PAUSE)))


def picture(model: str, seed: int, truncation_psi: float) -> Photo:
    """In place of a face of the model."""
    (made,) = done(model, stub_work.picture, seed)
    return made


def face(model: str, seed: int, truncation_psi: float = 0.8) -> Session:
    """The face that the page opens with, in a photo of its own."""
    begun = handlers.fresh().session
    photo = picture(model, seed, truncation_psi)
    return replace(begun, subject=replace(begun.subject, photo=photo))


def fit(model: str, image: Any, options: Any, *how: Any) -> Generator[Fitted, None, None]:
    """In place of a fit: the one of the face that the page opens with."""
    ws = handlers.fresh().session.subject.ws
    yield from done(model, stub_work.fit, ws, options.project.seed, options.steps)


def drag(
    model: str, session: Session, edit: Edit, search: Search
) -> Generator[DragStep, None, None]:
    """In place of a drag: it arrives at once, and changes nothing."""
    for state in done(model, stub_work.drag, session.now.ws, edit):
        yield DragStep(state, replace(session.now))


gpu.picture, gpu.face, gpu.fit, gpu.drag = picture, face, fit, drag

if __name__ == "__main__":
    app.main()
