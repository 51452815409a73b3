"""The app as it is, but the network's work is a pause: for what many visitors do to the rest.

    DRAGPHOTO_STUB_SECONDS=0.02 python -m benchmarks.stub_app

A picture tells whose it is (its seed) and which job of the server it was: ``written`` and ``read``.
The jobs that have begun are counted in the file ``jobs`` of the folder for temporary files too, a
byte each, so that who asks knows how many came before.
"""

import os
import tempfile
import time
from collections.abc import Generator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

import app
from drag import Edit, State
from drag.solve import Moments
from editor.dragger import DragStep
from editor.search import Search
from editor.session import Session
from inversion import Inversion
from photo import Photo
from ui import gpu
from ui.gpu import Fitted
from ui.page import handlers

SIDE = 256  # px
SECONDS = float(os.environ.get("DRAGPHOTO_STUB_SECONDS", "0.02"))  # that a job takes
JOBS = Path(tempfile.gettempdir()) / "jobs"
NUMBERS = count()


def job() -> int:
    """Work for a while; which job of the server it was, from 0."""
    number = next(NUMBERS)
    with JOBS.open("ab") as jobs:
        jobs.write(b".")
    time.sleep(SECONDS)
    return number


def written(seed: int, number: int) -> Photo:
    """A picture that says both, [256 256 3]."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[0, :4, 0] = list(seed.to_bytes(4, "big"))
    picture[0, :4, 1] = list(number.to_bytes(4, "big"))
    return picture


def read(picture: Photo) -> tuple[int, int]:
    """(seed, number of the job) that a picture says."""
    seed, number = (int.from_bytes(bytes(picture[0, :4, i].tolist()), "big") for i in (0, 1))
    return seed, number


def picture(model: str, seed: int, truncation_psi: float) -> Photo:
    """In place of a face of the model."""
    return written(seed, job())


def face(model: str, seed: int, truncation_psi: float = 0.8) -> Session:
    """The face that the page opens with, in a photo of its own."""
    begun = handlers.fresh().session
    return replace(begun, subject=replace(begun.subject, photo=written(seed, job())))


def fit(model: str, image: Any, options: Any, *how: Any) -> Generator[Fitted, None, None]:
    """In place of a fit: the one of the face that the page opens with."""
    job()
    ws = handlers.fresh().session.subject.ws
    found = Inversion(ws, {}, 0.1, 0.1, "tune", options.steps - 1, options.steps, 1.0)
    yield Fitted(found, written(options.project.seed, 0), "good")


def drag(
    model: str, session: Session, edit: Edit, search: Search
) -> Generator[DragStep, None, None]:
    """In place of a drag: it arrives at once, and changes nothing."""
    job()
    ws, ones = session.now.ws, torch.ones(len(edit.targets))
    still = Moments(torch.zeros_like(ws), torch.zeros_like(ws))
    state = State(ws, edit.targets, still, 1, 0 * ones, ones, ones, edit.size, "arrived")
    yield DragStep(state, replace(session.now))


gpu.picture, gpu.face, gpu.fit, gpu.drag = picture, face, fit, drag

if __name__ == "__main__":
    app.main()
