"""Programs as guests: how much one of them may ask for at once, and when its turn comes."""

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from html import unescape
from threading import Lock
from typing import Any, TypeVar

import gradio as gr

from .asked import RequestError
from .errors import toast
from .turn import MODEL, PATIENCE

MOST_AT_ONCE = 2  # requests of one guest: one that is worked on, one that waits
TOO_MANY = "Two of your requests are in progress: wait for one of them."
Item = TypeVar("Item")

_busy: Counter[str] = Counter()
_counting = Lock()


def endpoint(work: Callable[..., Iterator[Any]], answer: Any) -> Callable[..., Iterator[Any]]:
    """The work with errors as sentences and its client's limit; what it yields last counts."""

    @functools.wraps(work)
    def wired(request: gr.Request, *args: Any) -> Iterator[Any]:
        try:
            with _counted(_address(request)):
                yield from work(request, *args)
        except gr.Error:
            raise
        except Exception as error:
            told = toast(error)
            told.message = unescape(told.message)  # what asks is no browser
            raise told from None

    # For the documentation; Gradio asks this way, and not for what a generator yields.
    wired.__signature__ = inspect.signature(work).replace(return_annotation=answer)  # pyright: ignore[reportAttributeAccessIssue]
    return wired


def _address(request: gr.Request) -> str:
    """Where a request comes from: sessions tell nothing, each may be of one request."""
    forwarded = request.headers.get("x-forwarded-for")
    return forwarded.split(",")[0].strip() if forwarded else request.client.host


@contextmanager
def _counted(client: str) -> Generator[None]:
    """One more request of this client is in progress.

    Raises:
        RequestError: there are too many.
    """
    with _counting:
        if _busy[client] >= MOST_AT_ONCE:
            raise RequestError(TOO_MANY)
        _busy[client] += 1
    try:
        yield
    finally:
        with _counting:
            _busy[client] -= 1
            if not _busy[client]:
                del _busy[client]


def turn(work: Generator[Item, None, None]) -> Generator[Item | None, None, None]:
    """The items of the work once the model is free; None now and then until it is."""
    with closing(work):
        while not MODEL.acquire(timeout=PATIENCE):
            yield None
        try:
            yield from work
        finally:
            MODEL.release()
