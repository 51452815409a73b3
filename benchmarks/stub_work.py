"""What the stub does in place of a network's work: it pauses, in whichever process does the jobs.

Each is a ``work`` of a ``Job``. Which job it was is known by a file that all processes append to.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drag import Edit, State
from drag.solve import Moments
from editor.backend.contract import Fitted
from inversion import Inversion
from photo import Photo

SIDE = 256  # px


@dataclass(frozen=True)
class Pause:
    """How long a job takes, s; ``jobs`` is the file that counts those that have begun, in bytes."""

    seconds: float
    jobs: Path

    def job(self) -> int:
        """Work for a while; which job of the server it was, from 0."""
        file = os.open(self.jobs, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, b".")
            number = os.lseek(file, 0, os.SEEK_CUR) - 1  # where its own byte is
        finally:
            os.close(file)
        time.sleep(self.seconds)
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


def picture(engine: Any, seed: int, pause: Pause) -> Iterator[Photo]:
    """In place of a face of the model."""
    yield written(seed, pause.job())


def fit(engine: Any, ws: Tensor, seed: int, steps: int, pause: Pause) -> Iterator[Fitted]:
    """In place of a fit: the latent that is sent, after all the steps at once."""
    pause.job()
    found = Inversion(ws, {}, 0.1, 0.1, "tune", steps - 1, steps, 1.0)
    yield Fitted(found, written(seed, 0), "good")


def drag(engine: Any, ws: Tensor, edit: Edit, pause: Pause) -> Iterator[State]:
    """In place of a drag: it arrives at once, and changes nothing."""
    pause.job()
    ones = torch.ones(len(edit.targets))
    still = Moments(torch.zeros_like(ws), torch.zeros_like(ws))
    yield State(ws, edit.targets, still, 1, 0 * ones, ones, ones, edit.size, "arrived")
