"""Workers that wait for pictures: few at once, each ended when it has grown large."""

import atexit
import os
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from .bounds import NotNowError
from .process import Worker

MOST_WORKERS = 2
PATIENCE = 180  # s to wait for one: each has its picture for a minute at most
BUSY = "Many photos are being opened: try again in a minute."


class Pool:
    """Lends workers, each to one at a time."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(MOST_WORKERS)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()

    @contextmanager
    def worker(self) -> Generator[Worker]:
        """A worker for one picture.

        Raises:
            NotNowError: all are at work for too long, or none can be started.
        """
        if not self._turns.acquire(timeout=PATIENCE):
            raise NotNowError(BUSY)
        try:
            worker = self._taken()
            try:
                yield worker
            finally:
                self._keep_or_end(worker)
        finally:
            self._turns.release()

    def close(self) -> None:
        """End those that nobody uses."""
        while self._idle:
            self._end(self._idle.pop())

    def abandon(self) -> None:
        """Let go of all: they belong to the process that this one was forked from."""
        for worker in self._all:
            worker.abandon()

    def _taken(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_idle():
                return worker
            self._end(worker)
        worker = Worker()
        self._all.add(worker)
        return worker

    def _keep_or_end(self, worker: Worker) -> None:
        if worker.is_idle():
            self._idle.append(worker)
        else:
            self._end(worker)

    def _end(self, worker: Worker) -> None:
        worker.end()
        self._all.discard(worker)


_pool = Pool()


def lent() -> AbstractContextManager[Worker]:
    """A worker for one picture; raises a ``PhotoError`` when there is none."""
    return _pool.worker()


def close() -> None:
    """End the workers that nobody uses; the next picture starts one."""
    _pool.close()


def _begin_anew() -> None:
    """In a process that was just forked: another's workers and locks are no use."""
    global _pool
    _pool.abandon()
    _pool = Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
atexit.register(close)
