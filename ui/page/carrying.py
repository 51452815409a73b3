"""The edit of one photo, done to another one."""

from collections.abc import Generator
from typing import Any

from editor import models
from editor.apply import carried, check
from editor.engine import default_crop
from photo import PhotoError, Sent, read_photo
from photo.crop import Quad

from ..door.uploads import Upload
from ..picture import reduced
from ..work_lock import HANDS, alone, by_hand, idle_only
from . import messages, work
from .handlers import THUMBNAIL_SIDE, settled
from .screen import Screen
from .settings import Settings
from .tab_state import TabState


def carry(visit: TabState, upload: Upload | None, *values: Any) -> Generator[Screen]:
    """The largest face of another photo moves as this one did."""
    if upload is None:
        raise PhotoError("Choose a photo first.")
    with HANDS.place(visit.guest), upload as file:
        idle_only(visit)
        check(visit.session)
        photo = read_photo(file)
    quad = default_crop(photo, "face")
    if quad is None:
        raise PhotoError(messages.NO_OTHER)
    settings = Settings.of(values).showing(visit.pixels)
    sentence = yield from alone(visit, _carried(visit, photo, quad, settings), work.line(settings))
    yield {"photo": reduced(photo, THUMBNAIL_SIDE)}
    yield from by_hand(visit, settled(visit, sentence))


def _carried(
    visit: TabState, photo: Sent, quad: Quad, settings: Settings
) -> Generator[Screen, None, str]:
    fitted = yield from work.fitting(visit, photo, quad, settings)
    other = models.engine(visit.model).begin(photo, quad, fitted.inversion)
    visit.fitted(carried(visit.session, other), work.facts(fitted, settings.budget))
    return messages.CARRIED
