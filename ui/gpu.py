"""The work of the network, as generators whose arguments and results other processes can read.

Where the package ``spaces`` lends a GPU for some seconds at a time (ZeroGPU on Hugging Face), each
piece of work runs in a process that holds one, and what is changed there is lost: everything goes
in by the arguments and comes out by the items. Elsewhere it runs right here. To stop is to close.
"""

import logging
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from drag import Edit
from editor import USER_ERRORS, models
from editor.controls import Values
from editor.dragger import DragStep
from editor.elastic import NONE
from editor.engine import Engine
from editor.fitter import quality
from editor.machine.device import changed
from editor.machine.shortage import SENTENCE, ShortageError
from editor.search import Search
from editor.session import NO_PHOTO, FittedPhoto, Session, Version
from inversion import Inversion, InvertOptions
from photo import Photo
from transfer.backdrop import NO_BACKDROP

from .page import host

START = 10  # s until a GPU is ready
LOST = "The GPU was taken away before the work was done: try again, or choose Quick."
NO_ANSWER = "No GPU can be borrowed at the moment: try again in a minute."
STEPS_A_SECOND = 15  # of a fit or a drag; most of a drag is measuring motion, on the CPU

log = logging.getLogger("dragphoto")
END = object()


@dataclass(frozen=True)
class Fitted:
    """A fit so far, how good it is in words, and every few steps what it shows."""

    inversion: Inversion
    picture: Photo | None
    quality: str


@dataclass(frozen=True)
class _Job:
    """A piece of work: a function of this or another module, and light arguments, no network."""

    model: str
    work: Callable[..., Iterator[Any]]
    arguments: tuple[Any, ...]
    steps: int = 0


def fit(
    model: str, image: Tensor, options: InvertOptions, every: int, kept: Path | None = None
) -> Generator[Fitted, None, None]:
    """Fit a picture of the model's size, [3 r r]; a ``picture`` every so many steps and at last.

    ``kept`` is a folder for fits, see editor/fit_cache.py.
    """
    return _results(_Job(model, _fit, (image, options, every, kept), options.steps))


def drag(
    model: str, session: Session, edit: Edit, search: Search
) -> Generator[DragStep, None, None]:
    """Carry out an edit in px of the session's photo, which goes nowhere; without a model: here."""
    if model == NONE:
        yield from models.engine(model).drag(session, edit, search)
        return
    light = Session(_light(session.subject), session.now)
    yield from _results(_Job(model, Engine.drag, (light, edit, search), search.options.steps))


def control(model: str, session: Session, values: Values) -> Session:
    """The session with its face's controls at these values. The photo itself goes nowhere."""
    light = replace(session, subject=_light(session.subject), future=())
    (version,) = _results(_Job(model, _control, (light, values)))
    return session if version is None else session.controlled(version)


def _light(subject: FittedPhoto) -> FittedPhoto:
    """Without its pixels: how it moves does not depend on them."""
    rig = None if subject.rig is None else replace(subject.rig, backdrop=NO_BACKDROP)
    return replace(subject.on(NO_PHOTO), rig=rig)


def refined(model: str, session: Session, fit: Inversion) -> Session:
    """The session with another fit of its photo, which goes nowhere."""
    old = session.subject
    light = replace(session, subject=replace(old.on(NO_PHOTO), rig=None))
    (made,) = _results(_Job(model, _refined, (light, fit)))
    pairs = zip(made.versions, session.versions, strict=True)
    versions = tuple(replace(new, change=old.change) for new, old in pairs)
    subject, now = replace(old, ws=made.subject.ws, delta=made.subject.delta), len(made.past)
    return Session(subject, versions[now], versions[:now], versions[now + 1 :])


def face(model: str, seed: int, truncation_psi: float = 0.8) -> Session:
    """A face of the model itself, ready to drag."""
    (session,) = _results(_Job(model, _face, (seed, truncation_psi)))
    return session


def picture(model: str, seed: int, truncation_psi: float) -> Photo:
    """A face of the model itself, at the model's size."""
    (made,) = _results(_Job(model, _picture, (seed, truncation_psi)))
    return made


def _fit(
    engine: Engine, image: Tensor, options: InvertOptions, every: int, kept: Path | None
) -> Iterator[Fitted]:
    before = -1
    for fit in engine.fit(image, options, kept):
        shown = fit.step % every == 0 or fit.step + 1 == fit.steps
        new, before = fit.step != before, fit.step
        seen = engine.picture(fit.ws, fit.delta) if shown and new else None
        yield Fitted(fit, seen, quality(fit))


def _refined(engine: Engine, session: Session, fit: Inversion) -> Iterator[Session]:
    yield session.refined(fit.ws, fit.delta, engine.picture)


def _control(engine: Engine, session: Session, values: Values) -> Iterator[Version | None]:
    made = engine.set(session, values)
    yield None if made is session else made.now


def _face(engine: Engine, seed: int, truncation_psi: float) -> Iterator[Session]:
    yield engine.face(seed, truncation_psi)


def _picture(engine: Engine, seed: int, truncation_psi: float) -> Iterator[Photo]:
    yield engine.random(seed, truncation_psi)


@dataclass(frozen=True)
class _Packed:
    """A tensor as an array: tensors would be shared between processes, a file handle for each."""

    array: np.ndarray


def _seconds(job: _Job) -> int:
    """For how long to ask for a GPU: visitors have few minutes a day, short work comes first."""
    return START + job.steps // STEPS_A_SECOND


def _work(job: _Job) -> Iterator[Any]:
    """What the job yields; in the end perhaps an error, whose text would not survive a raise."""
    try:
        job = changed(job, _Packed, lambda packed: torch.from_numpy(packed.array))
        for item in job.work(models.engine(job.model), *job.arguments):
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
    lent = spaces.GPU(task, duration=_seconds)
    return task if lent is task else _told(lent)


def _told(lent: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Any]:
    """The same; what the lender complains about is told in sentences of ours."""

    def run(job: Any) -> Iterator[Any]:
        models.engine(job.model)  # made here, once: what a borrower makes is lost
        try:
            with closing(lent(job)) as items:  # pyright: ignore[reportArgumentType]
                yield from items
        except Exception as error:
            raise _complaint(error) from error

    return run


def _complaint(error: Exception) -> Exception:
    """A ShortageError where a GPU is lacking; the work's own errors arrive by the class's name."""
    if not isinstance(error, gr.Error):
        log.warning("GPUs are not lent", exc_info=error)
        return ShortageError(NO_ANSWER)
    words = str(error.message)
    if error.title != "ZeroGPU worker error":
        return ShortageError(f"There is no GPU for you now. {words.rstrip('. ')}.")
    if words == "GPU task aborted":
        return ShortageError(LOST)
    if words in ("MemoryError", "OutOfMemoryError"):
        return ShortageError(SENTENCE)
    return RuntimeError(f"{words} where a GPU was lent")


def _by_one_thread(task: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Any]:
    """The same, all of it done by one thread, whichever threads ask for it.

    OpenMP and oneDNN keep memory for each thread that ever computed, and the page's handlers run
    in forty.
    """
    hand = ThreadPoolExecutor(1, "engine")

    def run(job: Any) -> Iterator[Any]:
        items = task(job)
        try:
            while (item := hand.submit(next, items, END).result()) is not END:
                yield item
        finally:
            hand.submit(items.close).result()  # pyright: ignore[reportAttributeAccessIssue]

    return run


_run = _lent(_work)
if _run is _work:
    _run = _by_one_thread(_work)
else:  # models that are made now go along to each borrower
    if (fetching := host.prefetch()) is not None:
        fetching.join()
    models.load_first()


def _results(job: _Job) -> Generator[Any, None, None]:
    with closing(_run(_packed(job))) as items:
        for item in items:
            if isinstance(item, USER_ERRORS):
                raise item
            yield changed(item, _Packed, lambda packed: torch.from_numpy(packed.array))
