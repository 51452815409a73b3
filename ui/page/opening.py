"""What the page opens with."""

from collections.abc import Generator

from editor import USER_ERRORS
from editor.session import Session

from .. import gpu
from ..work_lock import alone, by_hand
from . import host, messages, models
from .handlers import settled
from .screen import Screen, said
from .shelf import invited, rows
from .tab_state import TabState

_opening: dict[str, Session] = {}  # the picture that the page opens with, by its model


def begin(visit: TabState) -> Generator[Screen]:
    """The page opens: with the model that the host has named, once that is here."""
    name, words = models.first() or visit.model, f"{host.news()} {messages.HELLO}"
    try:
        if name != models.names()[0] and name not in _opening:
            yield from alone(visit, _opened(name))
        if name in _opening:
            visit.reset(TabState(name, _opening[name], {"seed": 0.0}))
            words = messages.NEXT
    except USER_ERRORS as error:
        words = f"{error} {messages.HELLO}"
    shelf = {"shelf": rows(), "fetched": invited()}
    yield from by_hand(visit, settled(visit, words.strip(), shelf))


def _opened(name: str) -> Generator[Screen, None, str]:
    """Draw it once for all tabs."""
    yield {"status": said("Thinking of a picture ...", 0.0)}
    _opening[name] = gpu.face(name, 0)
    return ""
