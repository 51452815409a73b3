"""What the page opens with."""

from collections.abc import Generator

from editor import USER_ERRORS, models
from editor.session import Session

from .. import gpu
from ..toast import toast
from ..work_lock import alone, by_hand
from . import host, messages
from .handlers import settled, thumbnail
from .screen import Screen, said
from .settings import Settings
from .shelf import invited, rows
from .tab_state import TabState

_opening: dict[str, Session] = {}  # the picture that the page opens with, by its model


def begin(visit: TabState, gone: str = "") -> Generator[Screen]:
    """The page opens: with the model that the host has named, once that is here.

    ``gone`` says why a photo was forgotten that the tab had before.
    """
    visit.suits = ""
    name, words = models.first() or visit.model, messages.joined(host.news(), gone, messages.HELLO)
    try:
        if name != models.names()[0] and name not in _opening:
            yield from alone(visit, _opened(name))
        if name in _opening:
            visit.reset(TabState(name, _opening[name], {"seed": 0.0}))
            words = messages.joined(gone, messages.NEXT)
    except USER_ERRORS as error:
        words = f"{error} {messages.HELLO}"
    shelf = {"shelf": rows(), "fetched": invited()}
    yield from by_hand(visit, settled(visit, words, shelf))


def again(visit: TabState) -> Generator[Screen]:
    """The page is loaded again: all is as it was left, and work goes on, or has gone on."""
    visit.suits, job = "", visit.job
    words = f"{messages.AGAIN} {messages.what_next(visit)}"
    also: Screen = {
        "shelf": rows(), "fetched": invited(), "photo": thumbnail(visit), **_used(visit),
    }  # fmt: skip
    goes_on = job is not None and not job.over
    if job is not None and job.error is not None:
        words = str(toast(job.error).message)
    elif job is not None and not goes_on:
        also["status"] = job.said
    yield from by_hand(visit, settled(visit, words, also))
    if job is not None and goes_on:
        yield from job.follow()
        yield from by_hand(visit, settled(visit, "", {"status": job.said}))


def _used(visit: TabState) -> Screen:
    """The settings that were used last, if they were for this model."""
    model, values = visit.settings
    return Settings.of(values).screen() if model == visit.model else {}


def _opened(name: str) -> Generator[Screen, None, str]:
    """Draw it once for all tabs."""
    yield {"status": said("Thinking of a picture ...", 0.0)}
    _opening[name] = gpu.face(name, 0)
    return ""
