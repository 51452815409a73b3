"""The handlers that let the network work: random face, fit, drag. All of them can be stopped."""

import secrets
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from math import dist
from typing import Any

import gradio as gr
import numpy as np

from drag import State
from editor import USER_ERRORS
from editor.drawing import Drawing
from editor.output import Picture
from editor.session import Session, Version
from editor.view import VIEW_SIDE
from inversion import PhotoError, box_quad, face_quad
from inversion.align import Quad

from . import gpu, models, words
from .canvas import read_drawn
from .handlers import ready, settled, waiting
from .picture import data_url, enlarged
from .screen import Screen, said
from .settings import Settings
from .turn import alone, idle_only
from .visit import Visit

FRAMES_APART = 10  # steps between two pictures of a fit
PAUSE = 0.1  # s between two looks at a drag


def random(visit: Visit, *values: Any) -> Generator[Screen]:
    """A face of the model itself."""
    idle_only(visit)
    settings = Settings.of(values)
    seed = secrets.randbelow(100_000) if settings.seed is None else settings.seed
    sentence = yield from alone(visit, _imagined(visit, seed))
    yield {"photo": None}
    yield from settled(visit, sentence)


def _imagined(visit: Visit, seed: int) -> Generator[Screen, None, str]:
    what = "face" if models.domain(visit.model) == "face" else "picture"
    yield {"status": said(f"Thinking of a {what} ...", 0.0)}
    visit.open(gpu.face(visit.model, seed), {"seed": float(seed)})
    return f"{what.capitalize()} {seed}. {words.NEXT}"


def use(visit: Visit, model: str, *values: Any) -> Generator[Screen]:
    """Another model: its photos have to be fitted anew, so begin with a picture of its own.

    A photo that waits for its fit waits on, to be cut as this model has them.
    """
    if model == visit.model:  # Gradio may say so twice
        return
    idle_only(visit)
    waits, before = visit.unfitted, visit.model
    try:
        visit.model = model
        yield from ready(visit) if model == models.names()[0] else random(visit, *values)
    except USER_ERRORS:
        visit.model = before
        raise
    if waits is not None:
        yield from waiting(visit, waits.photo)


def fit(visit: Visit, drawn: Any, *values: Any) -> Generator[Screen]:
    """Fit the part of the photo that is marked."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    if visit.unfitted is None:
        raise PhotoError("Choose a photo first.")
    settings, photo, quad = Settings.of(values), visit.unfitted.photo, _quad(visit)
    sentence = yield from alone(visit, _fitting(visit, photo, quad, settings))
    yield from settled(visit, sentence)


def _quad(visit: Visit) -> Quad:
    if visit.drawn.kind == "box":
        return box_quad(*visit.drawn.box)
    if len(visit.drawn.marks) != 3:
        raise PhotoError("Mark both eyes and the mouth.")
    return face_quad(np.array(visit.drawn.marks))


def _fitting(
    visit: Visit, photo: Picture, quad: Quad, settings: Settings
) -> Generator[Screen, None, str]:
    engine = models.engine(visit.model)
    shown: dict[str, Any] = {"scene": "drag", "width": VIEW_SIDE, "height": VIEW_SIDE}
    yield {"status": said("Looking for a face like this one ...", 0.0)}
    fitted, begun = None, time.monotonic()
    image, kept = engine.crop(photo, quad), visit.fits()
    work = gpu.fit(visit.model, image, settings.invert(), FRAMES_APART, kept)
    with closing(work):
        for fitted in work:
            found = fitted.inversion
            if visit.stop.is_set():
                break
            if fitted.picture is not None:
                sentence = words.fitting(found, time.monotonic() - begun)
                picture = data_url(enlarged(fitted.picture, VIEW_SIDE))
                yield {
                    "canvas": gr.update(picture=picture, **shown),
                    "status": said(sentence, found.done),
                }
    assert fitted is not None
    facts = {"quality": fitted.quality, "fit_steps": fitted.inversion.step + 1.0}
    visit.open(engine.begin(photo, quad, fitted.inversion), facts)
    how = "Stopped early: the fit so far" if visit.stop.is_set() else "Ready: the fit"
    return f"{how} is {fitted.quality}. {words.NEXT}"


def drag(visit: Visit, drawn: Any, *values: Any) -> Generator[Screen]:
    """Carry out the drags; the picture moves while it works."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    if visit.unfitted is not None:
        raise PhotoError("Fit this photo first, or take it away.")
    settings = Settings.of(values)
    visit.drawn.drawing.edit(VIEW_SIDE)  # complain before anything changes
    sentence = yield from alone(visit, _dragging(visit, settings))
    yield from settled(visit, sentence)


def _dragging(visit: Visit, settings: Settings) -> Generator[Screen, None, str]:
    yield {"status": said("Dragging ...", 0.0)}
    session, edit = visit.session, visit.drawn.drawing.edit(VIEW_SIDE)
    small = Session(visit.small, replace(session.now, drawing=Drawing()))
    scale = visit.scale * VIEW_SIDE / len(session.now.change.flow)  # px of the photo
    version, last, first, shown = session.now, None, 0.0, 0.0
    begun = time.monotonic()
    work = gpu.drag(visit.model, small, edit, settings.drag(), settings.space)
    with closing(work):
        for moved in work:
            last, now = moved.state, time.monotonic()
            version = moved.version or version
            first = first or float(last.distances.max())
            if moved.version is not None or now - shown > PAUSE:
                shown = now
                sentence = words.dragging(last, settings.steps, first, now - begun, scale)
                yield _step(visit, moved.version, last, sentence, settings.steps)
            if visit.stop.is_set() and not last.end:
                break
    assert last is not None
    visit.shows(session.moved(replace(version, drawing=_remaining(visit, last))))
    return words.ended(last, scale) if last.end else words.STOPPED


def _step(visit: Visit, version: Version | None, state: State, sentence: str, steps: int) -> Screen:
    """The handles on their way, and the picture where there is a new one."""
    side = len(visit.session.now.change.flow)
    pairs = zip(_on_canvas(state, side).tolist(), _arrows(visit).tolist(), strict=True)
    track = [
        {"at": at, "target": target, "away": visit.scale * dist(at, target)}
        for at, (_, target) in pairs
    ]
    shown: dict[str, Any] = {"track": track}
    if version is not None:
        shown["picture"] = data_url(visit.frame(version))
    share = 1.0 if state.end else state.step / steps
    words_now = words.PUTTING if state.end else sentence
    return {"canvas": gr.update(**shown), "status": said(words_now, share)}


def _arrows(visit: Visit) -> np.ndarray:
    return np.array(visit.drawn.drawing.drags).reshape(-1, 2, 2)


def _on_canvas(state: State, side: int) -> np.ndarray:
    """Where the handles are, in px of the canvas."""
    return (state.handles.double().numpy() + 0.5) * VIEW_SIDE / side - 0.5


def _remaining(visit: Visit, state: State) -> Drawing:
    """The arrows that have not arrived, from where their handles are now."""
    drawing = visit.drawn.drawing
    if state.end == "arrived":
        return replace(drawing, drags=())
    places = _on_canvas(state, len(visit.session.now.change.flow)).clip(0, VIEW_SIDE - 1)
    pairs = zip(places.round(2).tolist(), _arrows(visit).tolist(), strict=True)
    drags = tuple(((at[0], at[1]), (target[0], target[1])) for at, (_, target) in pairs)
    return replace(drawing, drags=tuple(drag for drag in drags if dist(*drag) > 2))
