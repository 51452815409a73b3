"""The work of the network, as generators whose arguments and results other processes can read.

Where the package ``spaces`` lends a GPU for some seconds at a time (ZeroGPU on Hugging Face), each
piece of work runs in a process that holds one, and what is changed there is lost: everything goes
in by the arguments and comes out by the items. Elsewhere it runs right here. To stop is to close.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from drag import Edit, Options
from editor import USER_ERRORS
from editor.device import changed
from editor.dragging import Moved, Space
from editor.engine import Engine
from editor.output import Picture
from editor.session import Session
from inversion import Inversion, InvertOptions

from . import models

START = 10  # s until a GPU is ready
STEPS_A_SECOND = 15  # of a fit or a drag; most of a drag is measuring motion, on the CPU

Item = TypeVar("Item", covariant=True)


@dataclass(frozen=True)
class Fitted:
    """A fit so far, how good it is in words, and every few steps what it shows."""

    inversion: Inversion
    picture: Picture | None
    quality: str


def fit(
    model: str, image: Tensor, options: InvertOptions, every: int, kept: Path | None = None
) -> Generator[Fitted, None, None]:
    """Fit a picture of the model's size, [3 r r]; a ``picture`` every so many steps and at last.

    ``kept`` is a folder for fits, see editor/fits.py.
    """
    return _results(_Fit(model, image, options, every, kept))


def drag(
    model: str, session: Session, edit: Edit, options: Options, space: Space = "w+"
) -> Generator[Moved, None, None]:
    """Carry out an edit in px of the session's photo. The photo itself goes nowhere."""
    photo = np.zeros((1, 1, 3), np.uint8)
    light = Session(replace(session.subject, photo=photo), session.now)
    return _results(_Drag(model, light, edit, options, space))


def face(model: str, seed: int) -> Session:
    """A face of the model itself, ready to drag."""
    (session,) = _results(_Face(model, seed))
    return session


def picture(model: str, seed: int, truncation_psi: float) -> Picture:
    """A face of the model itself, at the model's size."""
    (made,) = _results(_Picture(model, seed, truncation_psi))
    return made


class _Job(Protocol[Item]):
    """A piece of work: light, and without a network in it."""

    @property
    def model(self) -> str: ...

    @property
    def steps(self) -> int: ...

    def run(self, engine: Engine) -> Iterator[Item]: ...


@dataclass(frozen=True)
class _Fit:
    model: str
    image: Tensor
    options: InvertOptions
    every: int
    kept: Path | None

    @property
    def steps(self) -> int:
        return self.options.steps

    def run(self, engine: Engine) -> Iterator[Fitted]:
        for found in engine.fit(self.image, self.options, self.kept):
            shown = found.step % self.every == 0 or found.step + 1 == found.steps
            seen = engine.picture(found.ws, found.delta) if shown else None
            yield Fitted(found, seen, engine.quality(found))


@dataclass(frozen=True)
class _Drag:
    model: str
    session: Session
    edit: Edit
    options: Options
    space: Space

    @property
    def steps(self) -> int:
        return self.options.steps

    def run(self, engine: Engine) -> Iterator[Moved]:
        return engine.drag(self.session, self.edit, self.options, self.space)


@dataclass(frozen=True)
class _Face:
    model: str
    seed: int
    steps: int = 0

    def run(self, engine: Engine) -> Iterator[Session]:
        yield engine.face(self.seed)


@dataclass(frozen=True)
class _Picture:
    model: str
    seed: int
    truncation_psi: float
    steps: int = 0

    def run(self, engine: Engine) -> Iterator[Picture]:
        yield engine.random(self.seed, self.truncation_psi)


@dataclass(frozen=True)
class _Packed:
    """A tensor as an array: tensors would be shared between processes, a file handle for each."""

    array: np.ndarray


def _seconds(job: Any) -> int:
    """For how long to ask for a GPU: visitors have few minutes a day, short work comes first."""
    return START + job.steps // STEPS_A_SECOND


def _work(job: Any) -> Iterator[Any]:
    """What the job yields; in the end perhaps an error, whose text would not survive a raise."""
    try:
        job = changed(job, _Packed, lambda packed: torch.from_numpy(packed.array))
        for item in job.run(models.engine(job.model)):
            yield _packed(item)
    except USER_ERRORS as error:
        yield error


def _packed(value: Any) -> Any:
    return changed(value, Tensor, lambda tensor: _Packed(tensor.numpy()))


def _lent(task: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Any]:
    """The task with a GPU that is lent to it, where the app runs on such machines."""
    try:
        import spaces
    except ModuleNotFoundError:
        return task
    return spaces.GPU(task, duration=_seconds)


_run = _lent(_work)
if _run is not _work:  # GPUs are lent: models that are made now go along to each borrower
    models.load_first()


def _results(job: _Job[Item]) -> Generator[Item, None, None]:
    with closing(_run(_packed(job))) as items:
        for item in items:
            if isinstance(item, USER_ERRORS):
                raise item
            yield changed(item, _Packed, lambda packed: torch.from_numpy(packed.array))
