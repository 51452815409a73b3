"""A photo comes: its only face is ready to drag at once; else it is asked what is meant."""

from collections.abc import Generator
from typing import Any

from ..door.uploads import Upload
from . import handlers, work
from .screen import Screen
from .tab_state import TabState


def choose(visit: TabState, upload: Upload | None, *values: Any) -> Generator[Screen]:
    """A photo was chosen."""
    yield from handlers.choose(visit, upload)
    yield from _fitted(visit, values)


def astronaut(visit: TabState, *values: Any) -> Generator[Screen]:
    """An example photo was chosen."""
    yield from handlers.astronaut(visit)
    yield from _fitted(visit, values)


def _fitted(visit: TabState, values: tuple[Any, ...]) -> Generator[Screen]:
    photo = visit.unfitted
    if photo is not None and photo.domain == "face" and len(photo.faces) == 1:
        yield from work.fit_marked(visit, *values)
