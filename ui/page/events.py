"""Handlers as Gradio calls them: with the tab's visit, in turn, and with errors as toasts."""

import functools
import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import fields
from typing import Any

import gradio as gr

from ..connection import NEW_TAB, Tab
from ..door.guest import Guest
from ..job import Job
from ..toast import toast
from ..work_lock import HANDS
from . import arriving, carrying, controls, fetching, opening, people, work
from .handlers import fresh, settled, tidied
from .screen import Screen
from .settings import Settings
from .tab_state import TabState
from .tabs import OPEN_TABS

Parts = Mapping[str, Any]
"""The components of the page by the names that handlers use for them."""
WELCOME = {
    "begin", "choose", "astronaut", "ready", "random", "use", "want", "open_file", "forget",
}  # fmt: skip
"""Handlers that need nothing from before; the others would work on what is no longer there."""
NOTHING_NEW: Screen = {"status": gr.skip()}
NO_TAB = "Load the page first: this button belongs to it."
JOBS = {
    work.random, work.use, work.fit, work.drag, work.pixels, arriving.choose, arriving.astronaut,
    people.pick, carrying.carry,
}  # fmt: skip
"""They go on when the connection breaks: the page finds them again."""
IN_TURN = JOBS | {opening.begin, controls.move, fetching.want, fetching.agree}
"""They wait for the model, or for a download, and say so."""


def streaming(handler: Callable[..., Any], parts: Parts) -> Callable[..., Iterator[Any]]:
    """A handler that tidies the page before it complains.

    It always says something: what ends in silence makes Gradio empty every field of the page.
    """

    def wired(request: gr.Request, *args: Any) -> Iterator[Any]:
        visit = None
        try:
            guest = Guest.of(request)
            with nullcontext() if handler in IN_TURN else HANDS.place(guest):
                visit, screens = _begun(handler, guest, args)
                with closing(screens):
                    yield _named(parts, next(screens, {}))
                    for screen in screens:
                        yield _named(parts, screen)
            OPEN_TABS.trim()
        except Exception as error:
            if visit is not None:
                yield _named(parts, tidied(visit))
            raise toast(error) from None

    return _with_request(wired, handler)


def _begun(
    handler: Callable[..., Any], guest: Guest, args: tuple[Any, ...]
) -> tuple[TabState, Generator[Screen]]:
    """(the tab's visit, what its page shows next)."""
    if not guest.session:
        raise gr.Error(NO_TAB)
    visit = OPEN_TABS.find(guest.session)
    if handler is opening.begin:
        return _loaded(guest, visit, *args)
    if visit is None:
        why, visit = OPEN_TABS.why(guest.session), OPEN_TABS.add(guest, fresh())
        if handler.__name__ not in WELCOME:
            return visit, settled(visit, why)
    if inspect.getfullargspec(handler).varargs is not None:
        visit.settings = visit.model, args[-len(fields(Settings)) :]
    if handler in JOBS:
        return visit, _job(visit, handler(visit, *args))
    if visit.job is not None and visit.job.over:
        visit.job = None  # what it has come to is not the last word any more
    return visit, handler(visit, *args)


def _loaded(
    guest: Guest, visit: TabState | None, tab: Tab = NEW_TAB
) -> tuple[TabState, Generator[Screen]]:
    """A page was loaded: by a new tab, or by one that was here before."""
    visit = visit or OPEN_TABS.back(guest, tab)
    if visit is not None:
        begins = visit.untouched and not visit.busy  # maybe with a model that is here only now
        return visit, (opening.begin if begins else opening.again)(visit)
    visit = OPEN_TABS.add(guest, fresh(), tab)
    return visit, opening.begin(visit, OPEN_TABS.why(tab.before) if tab.before else "")


def _job(visit: TabState, screens: Generator[Screen]) -> Generator[Screen]:
    job = Job(screens)
    if visit.job is None or visit.job.over:  # else this one will be told that work is in progress
        visit.job = job
    return job.follow()


def at_once(handler: Callable[[TabState], Screen], parts: Parts) -> Callable[..., Any]:
    """A handler that must not wait for others, which generators do."""

    def wired(request: gr.Request) -> Any:
        visit = OPEN_TABS.find(Guest.of(request).session)
        return _named(parts, {} if visit is None else handler(visit))

    return _with_request(wired, handler)


def closed(tab: Tab) -> None:
    """A page says its last word."""
    OPEN_TABS.leave(tab)


def _with_request(wired: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    """It takes the request where the handler takes the visit; Gradio reads that off it."""
    wired = functools.wraps(handler)(wired)
    visit, *others = inspect.signature(handler).parameters.values()
    first = visit.replace(name="request", annotation=gr.Request)
    wired.__signature__ = inspect.Signature([first, *others])  # pyright: ignore[reportAttributeAccessIssue]
    wired.__annotations__ = {**handler.__annotations__, "request": gr.Request}
    return wired


def _named(parts: Parts, screen: Screen) -> dict[Any, Any]:
    return {parts[name]: new for name, new in (screen or NOTHING_NEW).items()}
