"""Endpoints of the HTTP API as Gradio calls them: with limits, and with errors as sentences."""

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from html import unescape
from threading import Lock
from typing import Any

import gradio as gr

from editor.machine.shortage import BusyError

from ..door.guest import Guest
from ..door.limits import WAITING_OF_ADDRESS, WAITING_OF_SESSION
from ..toast import toast

TOO_MANY = "Two of your requests are in progress: wait for one of them."
TOO_MANY_HERE = "Too many requests from your address are in progress: wait for one of them."

_busy: Counter[Guest | str] = Counter()
_counting = Lock()


def endpoint(work: Callable[..., Iterator[Any]], answer: Any) -> Callable[..., Iterator[Any]]:
    """The work with errors as sentences and its guest's limits; what it yields last counts."""

    @functools.wraps(work)
    def wired(request: gr.Request, *args: Any) -> Iterator[Any]:
        try:
            with _counted(Guest.of(request)):
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


@contextmanager
def _counted(guest: Guest) -> Generator[None]:
    """One more request of this guest is in progress, from before its files are read.

    Raises:
        BusyError: there are too many.
    """
    with _counting:
        if guest.session and _busy[guest] >= WAITING_OF_SESSION:
            raise BusyError(TOO_MANY)
        if _busy[guest.address] >= WAITING_OF_ADDRESS:
            raise BusyError(TOO_MANY_HERE)
        _busy.update((guest, guest.address))
    try:
        yield
    finally:
        with _counting:
            _busy.subtract((guest, guest.address))
            for name in (guest, guest.address):
                if not _busy[name]:
                    del _busy[name]
