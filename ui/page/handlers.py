"""What the buttons do. Each handler changes its tab's visit and says what the page shows next."""

from collections.abc import Generator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from drag import EditError
from editor import USER_ERRORS, models
from editor.elastic import NONE
from editor.engine import default_crop, faces
from editor.search import Preset
from editor.session import Session
from editor.session_file import Facts
from photo import Photo, PhotoError, Sent, read_photo
from photo.domain import Domain

from ..canvas import read_drawn
from ..connection import NEW_TAB, Tab
from ..door.uploads import Upload
from ..picture import reduced
from ..work_lock import idle_only
from . import messages
from .screen import Screen, idle, result, unchanged
from .settings import Settings
from .tab_state import PendingPhoto, TabState

EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE = EXAMPLES / "face.safetensors"
ASTRONAUT = EXAMPLES / "astronaut.jpg"
THUMBNAIL_SIDE = 480  # px


def fresh() -> TabState:
    """A visit with a face that is ready to drag."""
    name = models.names()[0]
    return TabState(name, *_example(name))


@cache
def _example(name: str) -> tuple[Session, Facts]:
    """The face that the page opens with: one in memory for all tabs."""
    return models.engine(name).reopen(EXAMPLE)


def settled(visit: TabState, sentence: str, also: Screen | None = None) -> Generator[Screen]:
    """The picture has changed: show it, and what ``also`` did, at last in the whole photo."""
    yield idle(visit, sentence) | (also or {})
    yield result(visit.result())


def thumbnail(visit: TabState) -> Photo | None:
    """The photo that was chosen, small; None for the face of the app, or of a model."""
    if visit.unfitted is not None:
        return reduced(visit.unfitted.photo, THUMBNAIL_SIDE)
    subject = visit.session.subject
    mine = subject is not visit.first.subject and "seed" not in visit.facts
    return reduced(subject.photo, THUMBNAIL_SIDE) if mine else None


def ready(visit: TabState) -> Generator[Screen]:
    """Back to the face that comes with the app."""
    idle_only(visit)
    visit.reset(fresh())
    yield {"photo": None}
    yield from settled(visit, messages.HELLO)


def choose(visit: TabState, upload: Upload | None) -> Generator[Screen]:
    """A photo was chosen: read it, show what would be fitted, forget its file."""
    if upload is None:
        raise PhotoError("Choose a photo first.")
    try:
        with upload as file:  # at the end it is gone: the photo lives in memory only
            idle_only(visit)
            photo = read_photo(file)
        yield from waiting(visit, photo)
    except USER_ERRORS:
        yield {"photo": thumbnail(visit)}  # instead of the one that cannot be used
        raise


def astronaut(visit: TabState) -> Generator[Screen]:
    """An example photo was chosen."""
    idle_only(visit)
    yield from waiting(visit, read_photo(ASTRONAUT))


def waiting(visit: TabState, photo: Sent) -> Generator[Screen]:
    """Show the photo, to say where it is to be fitted."""
    visit.choose(seen(photo, models.domain(visit.model)))
    yield {"photo": thumbnail(visit), **idle(visit, messages.what_next(visit))}


def seen(photo: Sent, domain: Domain) -> PendingPhoto:
    """What can be fitted of a photo."""
    quad = None if domain == "face" else default_crop(photo, domain)
    if quad is not None:
        (left, top), side = quad[0].tolist(), float(quad[3, 0] - quad[0, 0])
        return PendingPhoto(photo, (), domain, (left, top, side))
    marks = [face.eyes_and_mouth.tolist() for face in faces(photo)]
    seen = [tuple((x, y) for x, y in each) for each in marks]
    return PendingPhoto(photo, tuple(seen))


def pulled(visit: TabState, photo: Sent, sentence: str) -> Generator[Screen]:
    """The photo is pulled without any model."""
    visit.model = NONE
    visit.fitted(models.engine(NONE).open(photo), {"fit": NONE})
    yield from settled(visit, sentence)


def with_faces(visit: TabState) -> None:
    """A model that knows faces, where there is none."""
    if visit.model == NONE:
        visit.model = models.names()[0]


def unchoose(visit: TabState) -> Generator[Screen]:
    """The chosen photo was taken back: on with the face before."""
    if not visit.busy:
        if visit.session.subject.model == NONE:
            visit.model = NONE
        visit.unfitted = None
        visit.shows(visit.session)
        yield {**idle(visit, messages.what_next(visit)), "photo": None}


def back(visit: TabState) -> Generator[Screen]:
    """Leave the fitting as it is: on with the face before; or with the photo before this one."""
    idle_only(visit)
    if visit.unfitted is None and visit.earlier is not None:
        session, facts, visit.model = visit.earlier
        visit.earlier = None
        visit.open(session, facts)
        yield {"photo": None}
        yield from settled(visit, messages.what_next(visit))
    else:
        yield from unchoose(visit)


def refit(visit: TabState) -> Generator[Screen]:
    """Mark the face of the photo anew, or what else is fitted."""
    idle_only(visit)
    with_faces(visit)
    found = seen(visit.session.subject.sent, models.domain(visit.model))
    visit.choose(replace(found, others=visit.people))
    yield idle(visit, messages.what_next(visit))


def undo(visit: TabState, drawn: Any) -> Generator[Screen]:
    """Back to the version before."""
    yield from _turned(visit, drawn, len(visit.session.past) - 1)


def redo(visit: TabState, drawn: Any) -> Generator[Screen]:
    """Forth to the version that was undone."""
    yield from _turned(visit, drawn, len(visit.session.past) + 1)


def jump(visit: TabState, drawn: Any, event: gr.EventData) -> Generator[Screen]:
    """To the version that was pressed in the strip."""
    yield from _turned(visit, drawn, _version_number((event._data or {}).get("number")))


def _version_number(value: object) -> int:
    if type(value) is not int:
        raise EditError("This version cannot be told: press on one in the strip.")
    return value


def _turned(visit: TabState, drawn: Any, number: int) -> Generator[Screen]:
    idle_only(visit)
    seen = read_drawn(drawn)
    if drawn.get("serial") == visit.serial:  # else it is on a version that has been left since
        visit.took(seen)
    visit.shows(visit.session.at(number))
    yield from settled(visit, messages.what_next(visit))


def suit(visit: TabState, preset: Preset) -> Generator[Screen]:
    """The settings of a drag as suits the model, or as the paper has them."""
    yield Settings.suited(models.engine(visit.model).search(preset))


def stop(visit: TabState) -> Screen:
    """End the work in progress after its step."""
    visit.stop.set()
    return {"stop": gr.Button(interactive=False)}


def forget(visit: TabState, tab: Tab = NEW_TAB) -> Generator[Screen]:
    """Delete everything that this tab has left here; it has another name from now on."""
    idle_only(visit)
    visit.close()
    visit.stop.clear()
    visit.name, visit.job, visit.settings = tab.name, None, ("", ())
    visit.reset(fresh())
    yield {"photo": None, "file": gr.DownloadButton(value=None)}
    yield from settled(visit, messages.DELETED)


def tidied(visit: TabState) -> Screen:
    """The page after something went wrong: everything is as it was, and what runs goes on."""
    return {} if visit.busy else unchanged(visit, messages.what_next(visit))
