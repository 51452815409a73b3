"""A photo comes: its only face is ready to drag at once; else it is asked what is meant."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from editor import USER_ERRORS

from ..door.uploads import Upload
from ..work_lock import by_hand
from . import handlers, messages, work
from .handlers import pulled, with_faces
from .screen import Screen
from .tab_state import TabState


def choose(visit: TabState, upload: Upload | None, *values: Any) -> Generator[Screen]:
    """A photo was chosen."""
    yield from _ready(visit, partial(handlers.choose, upload=upload), values)


def astronaut(visit: TabState, *values: Any) -> Generator[Screen]:
    """An example photo was chosen."""
    yield from _ready(visit, handlers.astronaut, values)


def _ready(
    visit: TabState, chosen: Callable[[TabState], Generator[Screen]], values: tuple[Any, ...]
) -> Generator[Screen]:
    """The only face is fitted; where there is none, the photo is pulled without a model."""
    before = visit.model
    try:
        with_faces(visit)
        yield from by_hand(visit, chosen(visit))
    except USER_ERRORS:
        visit.model = before
        raise
    photo = visit.unfitted
    if photo is None or photo.domain != "face" or len(photo.faces) > 1:
        return
    if photo.faces:
        yield from work.fit_marked(visit, *values)
    else:
        yield from by_hand(visit, pulled(visit, photo.photo, messages.ELASTIC))
