"""Figures of the work: how much there was, how it ended, how long it took. Nothing of content.

They are counted before a backend, so that they are the same wherever the work is done.
"""

import logging
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import closing
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from .. import USER_ERRORS
from ..machine.shortage import LostWorkError, ShortageError
from .contract import Fitted
from .job import Backend, Job

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # s
ENDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (GeneratorExit, "stopped"), (LostWorkError, "lost"), (ShortageError, "shortage"),
    (USER_ERRORS, "user_error"), (BaseException, "fault"),
)  # fmt: skip
"""How work ends, beside "done": by what is raised in it; the first one that fits."""
WAITED: ContextVar[float | None] = ContextVar("waited", default=None)
"""Seconds in line before the work that begins next here; None: not known."""
NO_MORE = object()

log = logging.getLogger("dragphoto.work")


class Seconds:
    """How often something took how long."""

    def __init__(self) -> None:
        self._counts, self._sum, self._lock = [0] * (len(BOUNDS) + 1), 0.0, Lock()

    def add(self, seconds: float) -> None:
        """It took so long once more."""
        with self._lock:
            self._counts[bisect_left(BOUNDS, seconds)] += 1
            self._sum += seconds

    def read(self) -> tuple[list[int], float]:
        """How many took at most each of BOUNDS, or longer; all their seconds."""
        with self._lock:
            return list(self._counts), self._sum


@dataclass(frozen=True)
class Ended:
    """A piece of work that has ended; ``steps`` have come of it, ``seconds`` after it began."""

    kind: str
    model: str
    ended: str
    steps: int
    seconds: float
    waited: float | None


@dataclass
class Figures:
    """All that was counted since the start, by any thread.

    ``ended`` is by kind, model and end; ``found`` tells fits that were kept from those that were
    not; ``steps`` are by kind.
    """

    ended: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    found: Counter[bool] = field(default_factory=Counter)
    steps: dict[str, Seconds] = field(default_factory=lambda: defaultdict(Seconds))
    _begun: dict[object, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def longest(self) -> float:
        """Seconds since the oldest of the steps began that have not ended."""
        now = monotonic()
        with self._lock:
            return max((now - begun for begun in self._begun.values()), default=0.0)

    def step(self, kind: str, items: Generator[Any, None, None]) -> Any:
        """The next item, or NO_MORE."""
        mark, begun = object(), monotonic()
        with self._lock:
            self._begun[mark] = begun
        try:
            item = next(items, NO_MORE)
        finally:
            with self._lock:
                del self._begun[mark]
                seconds = self.steps[kind]
        if item is not NO_MORE:
            seconds.add(monotonic() - begun)
        return item

    def first(self, job: Job, item: Any) -> None:
        """The first item of a job: a fit that is done with it was found."""
        if job.resumes and isinstance(item, Fitted):
            with self._lock:
                self.found[item.inversion.done >= 1] += 1

    def end(self, piece: Ended) -> None:
        """A piece of work is over."""
        with self._lock:
            self.ended[piece.kind, piece.model, piece.ended] += 1
        log.info("work", extra={"facts": asdict(piece)})


def counted(backend: Backend, figures: Figures) -> Backend:
    """The same, and it is counted."""

    def run(job: Job) -> Generator[Any, None, None]:
        waited, begun, steps, ended = WAITED.get(), monotonic(), 0, "done"
        WAITED.set(None)
        try:
            with closing(backend(job)) as items:
                while (item := figures.step(job.kind, items)) is not NO_MORE:
                    if not steps:
                        figures.first(job, item)
                    steps += 1
                    yield item
        except BaseException as error:
            ended = next(name for kinds, name in ENDS if isinstance(error, kinds))
            raise
        finally:
            spent = monotonic() - begun
            figures.end(Ended(job.kind, job.model, ended, steps, spent, waited))

    return run
