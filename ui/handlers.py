"""What the buttons do. Each handler changes its tab's visit and says what the page shows next."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import gradio as gr

from editor import USER_ERRORS
from editor.faces import faces, usual
from editor.opening import open_session
from editor.output import Picture
from inversion import Domain, PhotoError, read_photo

from . import models, words
from .canvas import read_drawn
from .picture import reduced
from .screen import Screen, idle, result, unchanged
from .turn import idle_only
from .visit import Unfitted, Visit

HERE = Path(__file__).parent
EXAMPLE = HERE / "example.safetensors"
ASTRONAUT = HERE / "astronaut.jpg"
THUMBNAIL_SIDE = 480  # px


def fresh() -> Visit:
    """A visit with a face that is ready to drag."""
    name = models.names()[0]
    return Visit(name, *open_session(models.engine(name), EXAMPLE))


def settled(visit: Visit, sentence: str, also: Screen | None = None) -> Generator[Screen]:
    """The picture has changed: show it, and what ``also`` did, at last in the whole photo."""
    yield (also or {}) | idle(visit, sentence)
    yield result(visit.result())


def _thumbnail(visit: Visit) -> Picture | None:
    return None if visit.unfitted is None else reduced(visit.unfitted.photo, THUMBNAIL_SIDE)


def begin(visit: Visit) -> Generator[Screen]:
    """The page opens."""
    yield from settled(visit, words.HELLO)


def ready(visit: Visit) -> Generator[Screen]:
    """Back to the face that the page opens with."""
    idle_only(visit)
    visit.reset(fresh())
    yield {"photo": None}
    yield from settled(visit, words.HELLO)


def choose(visit: Visit, file: str | None) -> Generator[Screen]:
    """A photo was chosen: read it, show what would be fitted, forget its file."""
    if file is None:
        raise PhotoError("Choose a photo first.")
    try:
        idle_only(visit)
        yield from _chosen(visit, Path(file))
    except USER_ERRORS:
        yield {"photo": _thumbnail(visit)}  # instead of the one that cannot be used
        raise
    finally:
        Path(file).unlink(missing_ok=True)  # from here on the photo lives in memory only


def astronaut(visit: Visit) -> Generator[Screen]:
    """An example photo was chosen."""
    idle_only(visit)
    yield from _chosen(visit, ASTRONAUT)


def _chosen(visit: Visit, file: Path) -> Generator[Screen]:
    yield from waiting(visit, read_photo(file))


def waiting(visit: Visit, photo: Picture) -> Generator[Screen]:
    """Show the photo, to say where it is to be fitted."""
    visit.choose(_seen(photo, models.domain(visit.model)))
    yield {"photo": _thumbnail(visit), **idle(visit, words.what_next(visit))}


def _seen(photo: Picture, domain: Domain) -> Unfitted:
    quad = None if domain == "face" else usual(photo, domain)
    if quad is not None:
        (left, top), side = quad[0].tolist(), float(quad[3, 0] - quad[0, 0])
        return Unfitted(photo, (), domain, (left, top, side))
    found = [tuple((float(x), float(y)) for x, y in marks) for marks in faces(photo)]
    return Unfitted(photo, tuple(found))


def unchoose(visit: Visit) -> Generator[Screen]:
    """The chosen photo was taken back: on with the face before."""
    if not visit.busy:
        visit.unfitted = None
        visit.shows(visit.session)
        yield {**idle(visit, words.what_next(visit)), "photo": None}


def back(visit: Visit) -> Generator[Screen]:
    """Leave the fitting as it is: on with the face before."""
    idle_only(visit)
    yield from unchoose(visit)


def refit(visit: Visit) -> Generator[Screen]:
    """Mark the face of the photo anew, or what else is fitted."""
    idle_only(visit)
    visit.choose(_seen(visit.session.subject.photo, models.domain(visit.model)))
    yield idle(visit, words.what_next(visit))


def undo(visit: Visit, drawn: Any) -> Generator[Screen]:
    """Back to the version before."""
    yield from _turned(visit, drawn, len(visit.session.past) - 1)


def redo(visit: Visit, drawn: Any) -> Generator[Screen]:
    """Forth to the version that was undone."""
    yield from _turned(visit, drawn, len(visit.session.past) + 1)


def jump(visit: Visit, drawn: Any, event: gr.EventData) -> Generator[Screen]:
    """To the version that was pressed in the strip."""
    yield from _turned(visit, drawn, int(event.number))


def _turned(visit: Visit, drawn: Any, number: int) -> Generator[Screen]:
    idle_only(visit)
    seen = read_drawn(drawn)
    if drawn.get("serial") == visit.serial:  # else it is on a version that has been left since
        visit.took(seen)
    visit.shows(visit.session.at(number))
    yield from settled(visit, words.what_next(visit))


def pixels(visit: Visit, drawn: Any, whose: str) -> Generator[Screen]:
    """Show the photo's own pixels, or the model's picture of them."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    visit.pixels = "generated" if whose == "generated" else "photo"
    yield from settled(visit, words.what_next(visit))


def stop(visit: Visit) -> Screen:
    """End the work in progress after its step."""
    visit.stop.set()
    return {"stop": gr.Button(interactive=False)}


def forget(visit: Visit) -> Generator[Screen]:
    """Delete everything that this tab has left here."""
    idle_only(visit)
    visit.close()
    visit.stop.clear()
    visit.reset(fresh())
    yield {"photo": None, "file": gr.DownloadButton(value=None)}
    yield from settled(visit, words.DELETED)


def tidied(visit: Visit) -> Screen:
    """The page after something went wrong: everything is as it was, and what runs goes on."""
    return {} if visit.busy else unchanged(visit, words.what_next(visit))
