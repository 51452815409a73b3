"""A piece of the network's work, and how it is done where the network is."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .. import USER_ERRORS, models
from ..machine.shortage import LostWorkError
from .store import Store
from .wire import packed, unpacked


@dataclass(frozen=True)
class Job:
    """A piece of work as values that other processes can read: no network, no photo.

    Args:
        model: the name of the engine that does it.
        work: a function of some module, which gets the engine and the arguments.
        arguments: light ones; see ``wire.packed``.
        steps: about how many it takes.
        long: a fit, which lets other work pass between its steps.
        resumes: it goes on from its checkpoints when it is begun again.
    """

    model: str
    work: Callable[..., Iterator[Any]]
    arguments: tuple[Any, ...]
    steps: int = 0
    long: bool = False
    resumes: bool = False

    @property
    def kind(self) -> str:
        """What it is called in figures."""
        return self.work.__name__.strip("_")


Backend = Callable[[Job], Generator[Any, None, None]]
"""Does a job somewhere; to close what it gives is to stop the work."""


def perform(job: Job) -> Iterator[Any]:
    """The items of a job, done right here."""
    return job.work(models.engine(job.model), *job.arguments)


def told(job: Any, store: Store | None) -> Generator[Any, None, None]:
    """The items of a job that came packed, packed; in the end perhaps an error of the user's.

    As an item it keeps its class and its text, whoever carries it.
    """
    try:
        for item in perform(unpacked(job, store)):
            yield packed(item, store)
    except USER_ERRORS as error:
        yield error


def heard(items: Generator[Any, None, None], store: Store | None) -> Generator[Any, None, None]:
    """What was told.

    Raises:
        ValueError: the error that was told, see USER_ERRORS.
    """
    with closing(items):
        for item in items:
            if isinstance(item, USER_ERRORS):
                raise item
            yield unpacked(item, store)


def again(backend: Backend, tries: int = 2) -> Backend:
    """The same, and once more from the start where a worker is lost; what came does not come again.

    The same job has the same items: what drags and fits depend on is in it. One that resumes has
    fewer, since it goes on from its checkpoint: all of them come.

    Raises:
        LostWorkError: it is lost each time.
    """

    def run(job: Job) -> Generator[Any, None, None]:
        come = 0
        for left in reversed(range(tries)):
            try:
                come = 0 if job.resumes else come
                with closing(backend(job)) as items:
                    for number, item in enumerate(items):
                        if number >= come:
                            come += 1
                            yield item
                return
            except LostWorkError:
                if not left:
                    raise

    return run
