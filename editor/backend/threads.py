"""Work in this process: several pieces side by side, one step at a time each.

Two drags at once take little longer than one, since most of a step is done without Python's lock.
Whose step is next is who waits longest; fits stand back, so that what is short passes them.
"""

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from heapq import heappop, heappush
from itertools import count
from threading import RLock, local
from typing import Any

import torch

from ..machine.cores import cores
from .job import Job, perform

MOST_HANDS = 4  # beyond, they wait for Python's lock more than they work: see processes.py
LATER = 8  # so many steps of others may pass one of a fit
END = object()


class Hands:
    """A backend of a few threads. OpenMP and oneDNN keep memory for each that ever computed.

    Args:
        hands: how many steps are done at once; by default one a core.
    """

    def __init__(self, hands: int | None = None):
        self.hands = hands or min(cores(), MOST_HANDS)
        self._own = local()
        self._pool = ThreadPoolExecutor(
            self.hands, "engine", lambda: setattr(self._own, "on", True)
        )
        self._threads = 0  # of torch, for all hands together: known once work begins
        self._asked: list[tuple[int, int, Callable[[], Any], Future[Any]]] = []
        self._numbers, self._lock, self._jobs = count(), RLock(), 0

    def __call__(self, job: Job) -> Generator[Any, None, None]:
        """The items of the job."""
        later = LATER if job.long else 0
        self._threads = self._threads or torch.get_num_threads()
        self._count(1)
        items = None
        try:
            items = self._done(later, lambda: iter(perform(job)))
            while (item := self._done(later, lambda: next(items, END))) is not END:
                yield item
        finally:
            self._count(-1)
            if items is not None and hasattr(items, "close"):
                self._done(0, items.close)

    def _done(self, later: int, step: Callable[[], Any]) -> Any:
        """What the step gives, once a hand has done it.

        A hand that closes what somebody left, since it collects garbage, would wait for itself.
        """
        if hasattr(self._own, "on"):
            return step()
        future: Future[Any] = Future()
        with self._lock:
            number = next(self._numbers)
            heappush(self._asked, (number + later, number, step, future))
        self._pool.submit(self._next)
        return future.result()

    def _next(self) -> None:
        """Do the step that is next."""
        with self._lock:
            _, _, step, future = heappop(self._asked)
            share = max(1, self._threads // max(1, min(self._jobs, self.hands)))
        if torch.get_num_threads() != share:
            torch.set_num_threads(share)
        try:
            future.set_result(step())
        except BaseException as error:
            future.set_exception(error)

    def _count(self, change: int) -> None:
        with self._lock:
            self._jobs += change
