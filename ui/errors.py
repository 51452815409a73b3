"""Handlers as Gradio calls them: with the tab's visit, and with errors as toasts."""

import functools
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from html import escape
from typing import Any

import gradio as gr

from editor import USER_ERRORS

from .handlers import fresh, settled, tidied
from .screen import Screen
from .visit import Visit
from .words import FORGOTTEN

log = logging.getLogger("dragphoto")
Parts = Mapping[str, Any]
"""The components of the page by the names that handlers use for them."""
WELCOME = {"begin", "choose", "astronaut", "ready", "random", "use", "open_file", "forget"}
"""Handlers that need nothing from before; the others would work on what is no longer there."""


def toast(error: Exception) -> gr.Error:
    """A sentence for the person; what they cannot mend is logged under a number instead."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, USER_ERRORS):
        return gr.Error(escape(str(error)), print_exception=False)
    number = secrets.token_hex(3)
    log.error("error %s", number, exc_info=error)
    return gr.Error(
        f"Something went wrong (error {number}). Nothing is lost: please try again.",
        print_exception=False,
    )


def streaming(handler: Callable[..., Any], parts: Parts) -> Callable[..., Iterator[Any]]:
    """A handler that tidies the page before it complains.

    It always says something: what ends in silence makes Gradio empty every field of the page.
    """

    @functools.wraps(handler)
    def wired(visit: Visit | None, *args: Any) -> Iterator[Any]:
        try:
            expired = visit is None and handler.__name__ not in WELCOME
            visit = visit or fresh()
            screens = settled(visit, FORGOTTEN) if expired else handler(visit, *args)
            with closing(screens):
                yield _named(parts, visit, next(screens, {}))
                for screen in screens:
                    yield _named(parts, visit, screen)
        except Exception as error:
            if visit is not None:
                yield _named(parts, visit, tidied(visit))
            raise toast(error) from None

    return wired


def at_once(handler: Callable[[Visit], Screen], parts: Parts) -> Callable[[Visit | None], Any]:
    """A handler that must not wait for others, which generators do."""

    @functools.wraps(handler)
    def wired(visit: Visit | None) -> Any:
        return {} if visit is None else _named(parts, visit, handler(visit))

    return wired


def _named(parts: Parts, visit: Visit, screen: Screen) -> dict[Any, Any]:
    return {parts[name]: new for name, new in {"visit": visit, **screen}.items()}
