"""What the buttons do. Each handler changes its tab's visit and says what the page shows next."""

import time
from collections.abc import Generator
from dataclasses import replace
from functools import cache
from pathlib import Path

import gradio as gr
import numpy as np

from editor import USER_ERRORS
from editor.engine import DRAG_OPTIONS, INVERT_OPTIONS, Engine, open_fit
from editor.output import Picture
from editor.session import Session
from inversion import PhotoError, face_quad, find_faces, read_photo
from inversion.transfer import Quad

from .picture import reduced
from .screen import Screen, download, idle, result, said
from .turn import alone, idle_only
from .visit import Marking, Visit
from .words import FOUND, HELLO, NEXT, PUTTING, STOPPED, left, next_mark, progress, what_next

EXAMPLE = Path(__file__).with_name("example.safetensors")
THUMBNAIL_SIDE = 480  # px
FRAMES_APART = 10  # steps between two pictures of a fit


@cache
def engine() -> Engine:
    """The model, read once, shared by all tabs."""
    return Engine()


def fresh() -> Visit:
    """A visit with a face that is ready to drag."""
    return Visit(open_fit(engine(), EXAMPLE)[0])


def settled(visit: Visit, words: str) -> Generator[Screen]:
    """The picture has changed: show it, then make its download."""
    picture = visit.result()
    yield {**idle(visit, words), **result(picture)}
    yield download(visit.download(picture))


def begin(visit: Visit) -> Generator[Screen]:
    """The page opens."""
    yield from settled(visit, HELLO)


def choose(visit: Visit, file: str | None) -> Generator[Screen]:
    """A photo was chosen: read it, show where its face is, forget its file."""
    if file is None:
        raise PhotoError("Choose a photo first.")
    try:
        idle_only(visit)
        visit.marking, words = _read(Path(file))
        yield {"photo": _thumbnail(visit), **idle(visit, words)}
    except USER_ERRORS:
        yield {"photo": _thumbnail(visit)}  # instead of the one that cannot be used
        raise
    finally:
        Path(file).unlink(missing_ok=True)  # from here on the photo lives in memory only


def _read(file: Path) -> tuple[Marking, str]:
    photo = read_photo(file)
    faces = find_faces(photo)
    marks = tuple((float(x), float(y)) for x, y in faces[0]) if faces else ()
    marking = Marking(photo, marks)
    return marking, FOUND if faces else f"No face was found. {next_mark(marking)}"


def _thumbnail(visit: Visit) -> Picture | None:
    return None if visit.marking is None else reduced(visit.marking.photo, THUMBNAIL_SIDE)[0]


def unchoose(visit: Visit) -> Screen:
    """The chosen photo was taken back: on with the face before."""
    if visit.busy:
        return {}
    visit.marking = None
    return idle(visit, NEXT)


def mark(visit: Visit) -> Screen:
    """Mark eyes and mouth anew."""
    idle_only(visit)
    photo = visit.session.subject.photo if visit.marking is None else visit.marking.photo
    visit.marking = Marking(photo)
    return idle(visit, next_mark(visit.marking))


def click(visit: Visit, event: gr.SelectData) -> Screen:
    """A press on the canvas: a handle, a target, or a mark."""
    if visit.busy:
        return {}
    x, y = event.index
    visit.click(float(x), float(y))
    return idle(visit, what_next(visit))


def fit(visit: Visit) -> Generator[Screen]:
    """Fit the photo whose eyes and mouth are marked."""
    idle_only(visit)
    if visit.marking is None:
        raise PhotoError("Choose a photo first.")
    if not visit.marking.complete:
        raise PhotoError("Press on the left eye, the right eye and the mouth first.")
    photo, quad = visit.marking.photo, face_quad(np.array(visit.marking.marks))
    words = yield from alone(visit, _fitting(visit, photo, quad))
    yield from settled(visit, words)


def _fitting(visit: Visit, photo: Picture, quad: Quad) -> Generator[Screen, None, str]:
    yield {"status": said("Looking for a face like this one ...", 0.0)}
    found, begun = None, 0.0
    for found in engine().invert(photo, quad, INVERT_OPTIONS):
        begun = begun or time.monotonic()
        if visit.stop.is_set():
            break
        if found.step % FRAMES_APART == 0:
            share = found.step / found.steps
            rest = left(time.monotonic() - begun, share)
            words = f"Fitting: step {found.step + 1} of {found.steps}{rest}"
            yield {"canvas": engine().enlarged(found), "status": said(words, share)}
    assert found is not None
    visit.open(engine().begin(photo, quad, found))
    how = "Stopped early: the fit so far" if visit.stop.is_set() else "Ready: the fit"
    return f"{how} is {engine().quality(found)}. {NEXT}"


def drag(visit: Visit, steps: int) -> Generator[Screen]:
    """Carry out the drags; the picture moves while it works."""
    idle_only(visit)
    if visit.marking is not None:
        raise PhotoError("Fit this photo first, or take it away.")
    visit.session.edit()  # complain before anything changes
    words = yield from alone(visit, _dragging(visit, int(steps)))
    yield from settled(visit, words)


def _dragging(visit: Visit, steps: int) -> Generator[Screen, None, str]:
    yield {"status": said("Dragging ...", 0.0)}
    session, words = visit.session, ""
    version = session.now
    for moved in engine().drag(session, replace(DRAG_OPTIONS, steps=steps)):
        words = progress(moved, steps, _scale(session))
        if moved.version is not None:
            version = moved.version
            share = 1.0 if moved.state.end else moved.state.step / steps
            shown = PUTTING if moved.state.end else words
            yield {"canvas": visit.frame(version), "status": said(shown, share)}
        if visit.stop.is_set() and not moved.state.end:
            words = STOPPED
            break
    visit.session = session.moved(version)
    return words


def undo(visit: Visit) -> Generator[Screen]:
    """Take the last press back, or else the last drag."""
    idle_only(visit)
    if visit.marking is not None:
        marks = visit.marking.marks
        visit.marking = Marking(visit.marking.photo, marks[:-1]) if marks else None
        yield idle(visit, what_next(visit))
    elif visit.session.clicks:
        visit.session = visit.session.unplace()
        yield idle(visit, what_next(visit))
    else:
        visit.session = visit.session.undo()
        yield from settled(visit, what_next(visit))


def redo(visit: Visit) -> Generator[Screen]:
    """Do the drag again that was undone."""
    idle_only(visit)
    visit.session = visit.session.redo()
    yield from settled(visit, what_next(visit))


def clear(visit: Visit) -> Screen:
    """Take all points back."""
    idle_only(visit)
    visit.session = visit.session.clear()
    return idle(visit, NEXT)


def stop(visit: Visit) -> Screen:
    """End the work in progress after its step."""
    visit.stop.set()
    return {"stop": gr.Button(interactive=False)}


def _scale(session: Session) -> float:
    """Px of the photo that one px of the model's picture stands for."""
    quad = session.subject.quad
    return float(np.linalg.norm(quad[3] - quad[0])) / engine().side
