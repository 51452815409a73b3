"""The backends that do the network's work, by name, and what they are tried with.

Workers elsewhere import this, too: jobs that the suite makes up are functions of it.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import torch

from drag import EditError
from editor.backend.job import Backend, Job
from editor.backend.processes import Workers
from editor.backend.store import Store
from editor.backend.threads import Hands

TESTS = Path(__file__).parent
COUNT = 2
END = object()
NOWHERE = "This drag goes nowhere."
SECRET = "a secret of the program"


@contextmanager
def threads() -> Iterator[Backend]:
    yield Hands(COUNT)


@contextmanager
def processes() -> Iterator[Workers]:
    """One core each, as in the tests: sums of many threads differ in their last bits."""
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    with mock.patch.dict(os.environ, PYTHONPATH=path):
        with mock.patch("editor.backend.processes.cores", return_value=COUNT):
            workers = Workers(COUNT)
        try:
            yield workers
        finally:
            workers.close()


def in_a_thread(backend: Backend) -> Backend:
    """The browser of other tests has a loop in this one, where Ray would not wait."""

    def run(job: Job) -> Generator[Any]:
        with ThreadPoolExecutor(1) as thread:
            items = thread.submit(backend, job).result()
            try:
                while (item := thread.submit(next, items, END).result()) is not END:
                    yield item
            finally:
                thread.submit(items.close).result()

    return run


@contextmanager
def replicas() -> Iterator[Backend]:
    """Of Ray Serve, which leaves the log of each run in a folder of its own."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0"}
    path = os.pathsep.join([str(TESTS.parent), str(TESTS), os.environ.get("PYTHONPATH", "")])
    with mock.patch.dict(os.environ, PYTHONPATH=path), TemporaryDirectory() as folder:
        import ray
        from ray import serve

        from serve.application import workers
        from serve.options import Options
        from serve.remote import Remote

        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        serve.start(proxy_location="Disabled")
        options = Options(store=folder, cores=0.5)
        handles = [
            serve.run(
                workers(name, options, count, count).bind(folder), name=name, route_prefix=None
            )
            for name, count in (("draggers", COUNT), ("fitters", 1))
        ]
        try:
            yield in_a_thread(Remote(*handles, Store(folder)))
        finally:
            serve.shutdown()
            ray.shutdown()


BACKENDS: dict[str, Callable[[], AbstractContextManager[Backend]]] = {
    "threads": threads,
    "processes": processes,
    "ray": replicas,
}


def endless(_: object, folder: Path) -> Iterator[int]:
    """Writes down what it has made, and that it has ended."""
    try:
        number = 0
        while True:
            (folder / str(number)).touch()
            yield number
            number += 1
            time.sleep(0.01)
    finally:
        (folder / "ended").touch()


def refused(_: object) -> Iterator[int]:
    yield 1
    raise EditError(NOWHERE)


def broken(_: object) -> Iterator[int]:
    yield 1
    raise KeyError(SECRET)


def echo(_: object, *values: Any) -> Iterator[Any]:
    yield from values


def same(one: Any, other: Any) -> bool:
    """To the last bit, and of one kind."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    return one == other
