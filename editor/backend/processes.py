"""Work in processes of their own, which share neither Python's lock nor memory with the page."""

import atexit
import os
import subprocess
import sys
import traceback
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from queue import LifoQueue
from tempfile import TemporaryDirectory
from typing import Any

from ..machine.cores import cores
from ..machine.shortage import LostWorkError
from .job import Job, heard, told
from .store import Store
from .wire import packed

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fault:
    """An error of ours in a worker, in words: not every error can be sent."""

    text: str


class Workers:
    """A backend of so many processes; each does one job at a time, and is replaced once it is gone.

    Args:
        count: how many.
        store: where heavy values lie between them and this process; by default in a folder that
            goes with it.
    """

    def __init__(self, count: int, store: Store | None = None):
        self._folder = None if store else TemporaryDirectory(prefix="store-")
        self.count = count
        self.store = store or Store(self._folder.name if self._folder else "")
        self._idle = LifoQueue[_Worker]()
        self._threads = max(1, cores() // count)  # each: more than cores would wait for each other
        self._all = [_Worker(self.store, self._threads) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)
        atexit.register(self.close)

    def __call__(self, job: Job) -> Generator[Any, None, None]:
        """The items of the job.

        Raises:
            LostWorkError: the worker is gone.
            RuntimeError: a fault of ours, with the worker's traceback.
        """
        worker = self._idle.get()
        try:
            worker = self._living(worker)
            yield from heard(worker.items(packed(job, self.store)), self.store)
        finally:
            with suppress(OSError):  # there is no room for another: the next job tries again
                worker = self._living(worker)
            self._idle.put(worker)

    @property
    def processes(self) -> list[int]:
        """Their ids."""
        return [worker.process.pid for worker in self._all]

    def _living(self, worker: "_Worker") -> "_Worker":
        """It, or another in its place."""
        if worker.process.poll() is None:
            return worker
        other = _Worker(self.store, self._threads)
        self._all[self._all.index(worker)] = other
        return other

    def close(self) -> None:
        """End them all."""
        for worker in self._all:
            worker.end()
        if self._folder is not None:
            self._folder.cleanup()


class _Worker:
    """One process, and the line to it."""

    def __init__(self, store: Store, threads: int):
        self._line, theirs = Pipe()
        number = theirs.fileno()
        words = [sys.executable, "-m", "editor.backend.worker", str(number), store.address]
        how = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(words, pass_fds=[number], cwd=ROOT, env=how)
        theirs.close()

    def items(self, job: Any) -> Generator[Any, None, None]:
        """What it makes of a job, one item whenever one is asked for."""
        try:
            self._line.send(job)
            while (answer := self._line.recv()) is not None:
                wanted = False
                try:
                    if isinstance(answer[0], Fault):
                        raise RuntimeError(f"In a worker:\n{answer[0].text}")
                    yield answer[0]
                    wanted = True
                finally:
                    self._line.send(wanted)
        except (EOFError, OSError) as error:
            self.end()
            if not isinstance(error.__context__, GeneratorExit):  # who stops needs it no more
                raise LostWorkError from error

    def end(self) -> None:
        """Nothing is left of it."""
        self.process.kill()
        self.process.wait()
        self._line.close()


def serve(line: Connection, store: Store) -> None:
    """In the worker: do the jobs that come, until nobody is there any more."""
    while True:
        items = _answers(line.recv(), store)
        for item in items:
            line.send((item,))
            if not line.recv():
                break
        else:
            line.send(None)
        items.close()


def _answers(job: Any, store: Store) -> Generator[Any, None, None]:
    """What is told of a job; a fault ends the job, but not the worker."""
    try:
        yield from told(job, store)
    except Exception as error:
        yield Fault("".join(traceback.format_exception(error)))
