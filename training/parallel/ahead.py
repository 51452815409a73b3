"""Make the next batches in a thread while the present one is used."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
DEPTH = 4  # batches that wait at most
PATIENCE = 0.2  # seconds between two looks at whether the reader has gone


@contextmanager
def ahead(source: Iterator[T]) -> Generator[Iterator[T]]:
    """An endless iterator, read ahead by a thread that ends with the block."""
    waiting: Queue[T | BaseException] = Queue(DEPTH)
    over = Event()

    def offer(item: T | BaseException) -> None:
        while not over.is_set():
            try:
                return waiting.put(item, timeout=PATIENCE)
            except Full:
                continue

    def work() -> None:
        try:
            while not over.is_set():
                offer(next(source))
        except BaseException as error:  # for the reader, who is the one to hear of it
            offer(error)

    def read() -> Iterator[T]:
        while True:
            item = waiting.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield read()
    finally:
        over.set()
        thread.join()
