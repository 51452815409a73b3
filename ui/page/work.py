"""The handlers that let the network work: random face, fit, drag. All of them can be stopped."""

import secrets
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

import gradio as gr
import numpy as np

from editor import USER_ERRORS, models
from editor.drawing import Drawing
from editor.elastic import NONE
from editor.fitter import inside
from editor.machine.shortage import ShortageError
from editor.session import Session
from editor.session_file import Facts
from editor.view import VIEW_SIDE, enlarged
from photo import PhotoError, Sent
from photo.align import face_quad
from photo.crop import Quad, box_quad

from .. import gpu
from ..canvas import read_drawn
from ..gpu import Fitted
from ..line import Line
from ..picture import data_url
from ..work_lock import alone, by_hand, idle_only
from . import messages, moving
from .handlers import pulled, ready, settled, waiting, with_faces
from .screen import Screen, said
from .settings import Settings
from .tab_state import TabState

FRAMES_APART = 10  # steps between two pictures of a fit
Item = TypeVar("Item")
PAUSE = 0.1  # s between two looks at a drag


def random(visit: TabState, *values: Any) -> Generator[Screen]:
    """A face of the model itself."""
    idle_only(visit)
    with_faces(visit)
    settings = Settings.of(values)
    seed = secrets.randbelow(100_000) if settings.seed is None else settings.seed
    sentence = yield from alone(visit, _imagined(visit, seed, settings.truncation_psi))
    yield {"photo": None}
    yield from by_hand(visit, settled(visit, sentence))


def _imagined(visit: TabState, seed: int, truncation_psi: float) -> Generator[Screen, None, str]:
    what = "face" if models.domain(visit.model) == "face" else "picture"
    yield {"status": said(f"Thinking of a {what} ...", 0.0)}
    facts: Facts = {"seed": float(seed), "truncation_psi": truncation_psi}
    visit.open(gpu.face(visit.model, seed, truncation_psi), facts)
    return f"{what.capitalize()} {seed}. {messages.NEXT}"


def use(visit: TabState, model: str, *values: Any) -> Generator[Screen]:
    """Another model: its photos have to be fitted anew, so begin with a picture of its own.

    A photo that waits for its fit waits on, to be cut as this model has them.
    """
    if model == visit.model:  # Gradio may say so twice
        return
    idle_only(visit)
    waits, before = visit.unfitted, visit.model
    try:
        visit.model = model
        if model == NONE:
            photo = visit.session.subject.sent if waits is None else waits.photo
            yield from by_hand(visit, pulled(visit, photo, messages.ANYTHING))
            return
        yield from ready(visit) if model == models.names()[0] else random(visit, *values)
    except USER_ERRORS:
        visit.model = before
        raise
    if waits is not None:
        yield from waiting(visit, waits.photo)


def fit(visit: TabState, drawn: Any, *values: Any) -> Generator[Screen]:
    """Fit the part of the photo that is marked."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    yield from fit_marked(visit, *values)


def fit_marked(visit: TabState, *values: Any) -> Generator[Screen]:
    """Fit what is known to be marked.

    Raises:
        PhotoError: nothing waits for its fit, or not all of it is marked.
    """
    if visit.unfitted is None:
        raise PhotoError("Choose a photo first.")
    settings, photo = Settings.of(values), visit.unfitted.photo
    quad = _quad(visit, photo)
    settings = settings.showing(visit.pixels)
    sentence = yield from alone(visit, _fitting(visit, photo, quad, settings), line(settings))
    yield from by_hand(visit, settled(visit, sentence))


def _quad(visit: TabState, photo: Sent) -> Quad:
    if visit.drawn.kind == "box":
        return inside(box_quad(*visit.drawn.box), photo)
    if len(visit.drawn.marks) != 3:
        raise PhotoError("Mark both eyes and the mouth.")
    return inside(face_quad(np.array(visit.drawn.marks)), photo)


def pixels(visit: TabState, drawn: Any, whose: str, *values: Any) -> Generator[Screen]:
    """Show the photo's own pixels, or the model's picture of them: that needs a closer fit."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    settings, sentence = Settings.of(values), messages.what_next(visit)
    visit.pixels = "generated" if whose == "generated" else "photo"
    rough = visit.unfitted is None and visit.facts.get("fit") == "geometry"
    if rough and visit.pixels == "generated":
        settings = settings.showing("generated")
        sentence = yield from alone(visit, _refining(visit, settings), line(settings))
    yield from by_hand(visit, settled(visit, sentence))


def _refining(visit: TabState, settings: Settings) -> Generator[Screen, None, str]:
    subject = visit.session.subject
    fitted = yield from fitting(visit, subject.photo, subject.quad, settings)
    yield {"status": said(messages.PUTTING, 1.0)}
    light = gpu.refined(visit.model, visit.session, fitted.inversion)
    early = visit.stop.is_set() or visit.lack
    visit.refine(light, facts(fitted, "geometry" if early else settings.budget))
    how = f"The model's picture of the photo is {fitted.quality}."
    return messages.joined(visit.lack, how, messages.what_next(visit))


def _fitting(
    visit: TabState, photo: Sent, quad: Quad, settings: Settings
) -> Generator[Screen, None, str]:
    fitted = yield from fitting(visit, photo, quad, settings)
    session = models.engine(visit.model).begin(photo, quad, fitted.inversion)
    visit.fitted(session, facts(fitted, settings.budget))
    early = visit.stop.is_set() or visit.lack
    how = "Stopped early: the fit so far" if early else "Ready: the fit"
    return messages.joined(visit.lack, f"{how} is {fitted.quality}.", messages.NEXT)


def line(settings: Settings) -> Line:
    """In which a fit waits."""
    return gpu.line(settings.invert())


def kept_so_far(visit: TabState, work: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """The items; where something is lacking after the first one, they end, and it is noted."""
    come = False
    with closing(work):
        try:
            for item in work:
                come = True
                yield item
        except ShortageError as error:
            if not come:
                raise
            visit.lack = str(error)


def facts(fitted: Fitted, budget: str) -> Facts:
    """What is known of a fit."""
    steps = fitted.inversion.step + 1.0
    return {"quality": fitted.quality, "fit_steps": steps, "fit": budget}


def fitting(
    visit: TabState, photo: Sent, quad: Quad, settings: Settings
) -> Generator[Screen, None, Fitted]:
    """Fit a part of a photo; at the end what came of it, be it stopped."""
    engine = models.engine(visit.model)
    shown: dict[str, Any] = {"scene": "drag", "width": VIEW_SIDE, "height": VIEW_SIDE}
    yield {"status": said("Looking for a face like this one ...", 0.0)}
    fitted, begun = None, time.monotonic()
    image, kept = engine.crop(photo, quad), visit.fits()
    work = gpu.fit(visit.model, image, settings.invert(), FRAMES_APART, kept)
    with closing(kept_so_far(visit, work)) as work:
        for fitted in work:
            inversion = fitted.inversion
            if visit.stop.is_set():
                break
            if fitted.picture is not None:
                sentence = messages.fitting(inversion, time.monotonic() - begun)
                picture = data_url(enlarged(fitted.picture, VIEW_SIDE))
                yield {
                    "canvas": gr.update(picture=picture, **shown),
                    "status": said(sentence, inversion.done),
                }
    assert fitted is not None
    return fitted


def drag(visit: TabState, drawn: Any, *values: Any) -> Generator[Screen]:
    """Carry out the drags; the picture moves while it works."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    if visit.unfitted is not None:
        raise PhotoError("Fit this photo first, or take it away.")
    settings = Settings.of(values)
    visit.drawn.drawing.edit(VIEW_SIDE)  # complain before anything changes
    sentence = yield from alone(visit, _dragging(visit, settings))
    yield from by_hand(visit, settled(visit, sentence))


def _dragging(visit: TabState, settings: Settings) -> Generator[Screen, None, str]:
    yield {"status": said("Dragging ...", 0.0)}
    session, edit = visit.session, visit.drawn.drawing.edit(VIEW_SIDE)
    small = Session(visit.small, replace(session.now, drawing=Drawing()))
    version, last, first, shown, scale = session.now, None, 0.0, 0.0, 1.0
    begun = time.monotonic()
    search = settings.drag(models.engine(visit.model).search(settings.preset))
    work = gpu.drag(visit.model, small, edit, search)
    with closing(kept_so_far(visit, work)) as work:
        for moved in work:
            last, now = moved.state, time.monotonic()
            version = moved.version or version
            first = first or float(last.distances.max())
            scale = visit.crop.at(last.size[1]).photo_px
            if moved.version is not None or now - shown > PAUSE:
                shown = now
                sentence = messages.dragging(last, settings.steps, first, now - begun, scale)
                yield moving.step(visit, moved.version, last, sentence, settings.steps)
            if visit.stop.is_set() and not last.end:
                break
    assert last is not None
    led = moving.led(session.subject.rig, last)
    left = replace(visit.drawn.drawing, drags=()) if led else moving.remaining(visit, last)
    visit.shows(session.moved(replace(version, drawing=left)))
    if visit.lack:
        return messages.joined(visit.lack, messages.STOPPED)
    gone = 1 - float(last.distances.max()) / max(first, 1e-6)
    held = edit.mask is not None and gone < messages.FROZEN
    return (
        messages.ended(last, scale, led, held, visit.model == NONE)
        if last.end
        else messages.STOPPED
    )
