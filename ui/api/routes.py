"""The public HTTP API: fit a photo, drag it, draw a face. The running app documents it."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, TypedDict, cast, get_args

import gradio as gr

import inversion
from editor import models
from editor.elastic import NONE
from editor.search import Search
from editor.session import BLANK, Session, Version
from editor.view import VIEW_SIDE, Pixels, closeup, show
from inversion import BUDGETS
from photo import Photo

from .. import gpu
from ..door.guest import Guest
from ..gpu import Fitted
from ..work_lock import in_turn
from . import answers, requests
from .answers import Told
from .endpoint import endpoint
from .requests import RequestError

EVERY = 10  # steps of a fit between two messages
MOST_STEPS = 300
LARGEST_SEED = 2**32 - 1

CLOSER = "balanced"  # the budget of a fit whose own picture is to be shown
PHOTO_ALONE = "Without a model there are no pixels but the photo's own: leave pixels out."
NOTHING = "Without a model there is nothing to draw: name one."
WAITING: Told = {"waiting": "Another photo is being worked on."}


class StrokeData(TypedDict):
    """A stroke of a round brush, in px of the photo."""

    radius: float
    erase: bool
    points: list[list[float]]


def fit(
    request: gr.Request,
    photo: gr.FileData,
    eyes_and_mouth: list[list[float]] | None = None,
    seed: int = 0,
    budget: str = "geometry",
    at: list[float] | None = None,
    model: str | None = None,
) -> Iterator[tuple[Any, Told]]:
    """Fit the face in a photo, which has to be done once before it can be dragged.

    Answers with a session file (it holds the photo: keep it as you would keep the photo) and
    figures: quality in words, seconds, steps. While it works it tells how far it is.

    Args:
        photo: a JPEG, PNG, WebP, AVIF or HEIC file of at most 100 megapixels; it is deleted once
            it is read.
        eyes_and_mouth: [x, y] of the left eye, the right eye (as seen) and the mouth, in px of the
            photo; without them the largest face is taken, or that at a point.
        seed: of the random numbers; the same seed gives the same fit.
        budget: geometry: pose, expression and shape, all that a drag needs; quick, balanced or
            best: how closely the model is made to look like the photo, too.
        at: [x, y] on the face that is to be fitted, or next to it: where the first drag begins.
        model: a name of the page's list, or as `dragphoto weights list` has it; by default the
            first. Any other name is answered with all those there are. "none" is for photos without
            a face: nothing is fitted, and all of the photo can be pulled.
    """
    guest, picture = Guest.of(request), requests.photo(photo)
    seed = requests.whole(seed, 0, LARGEST_SEED, "The seed")
    name = models.named(model)
    engine = models.engine(name)
    if name == NONE:
        opened = answers.saved(guest, engine.open(picture), {"fit": NONE})
        yield opened, {"quality": "as it is", "steps": 0, "seconds": 0.0}
        return
    quad = requests.quad(picture, eyes_and_mouth, at, engine.domain)
    options = inversion.budget(requests.one_of(budget, BUDGETS, "The budget"), seed)
    begun, fitted = time.monotonic(), None
    work = gpu.fit(name, engine.crop(picture, quad), options, EVERY)
    for item in in_turn(guest, work, gpu.line(options)):
        begun = time.monotonic() if item is None else begun
        if item is None or item.picture is not None:
            yield None, _fitting(item)
        fitted = item or fitted
    if fitted is None:
        raise RequestError("This photo cannot be fitted: mark the eyes and the mouth yourself.")
    told: Told = {"quality": fitted.quality, "steps": fitted.inversion.step + 1}
    session = engine.begin(picture, quad, fitted.inversion)
    yield (
        answers.saved(guest, session, _facts(fitted, budget)),
        {**told, "seconds": answers.since(begun)},
    )


def drag(
    request: gr.Request,
    session: gr.FileData,
    drags: list[list[float]],
    strokes: list[StrokeData] | None = None,
    steps: int | None = None,
    pixels: str = "photo",
    how: dict[str, Any] | None = None,
    model: str | None = None,
    controls: dict[str, float] | None = None,
) -> Iterator[tuple[Any, Any, Told]]:
    """Drag features of a fitted photo to where they should go; or move its face by name.

    Answers with the edited photo at its own size (PNG), the session after the edit, and figures:
    end (arrived, stuck, steps or diverged), steps, px_to_go of the farthest feature in the photo,
    seconds. While it works it tells how far it is.

    Args:
        session: a session file, of /fit, of /drag or saved in the app.
        drags: [from x, from y, to x, to y] of each, in px of the photo.
        strokes: of a brush that says what may move, in px of the photo; without: everything.
        steps: at most so many, 1 to 300; without: 120, of the preset "paper" 300.
        pixels: photo, for the photo's own pixels, moved; generated, for the model's: a session of
            the budget "geometry" is then fitted as with "balanced" first.
        how: to drag otherwise than suits the model: {"preset": "model" or "paper", "space": "axes",
            "w+" or "w", "rate": a multiple of the usual step size, "radius" and "search": r1 and r2
            in px of a picture of 512 px, "mask_weight": lambda, "mask_form": "mean", "paper" or
            "released", "algorithm": "draggan" or "freedrag"}, each of them as you like.
        model: with which the session was made, named as in /fit.
        controls: of the face, moved after the drags, of which there may be none then: {"smile":
            -1 to 1, "turn": -20 to 20 degrees, ...}; any other name is answered with all there are.
    """
    guest, name = Guest.of(request), models.named(model)
    engine = models.engine(name)
    before, facts = requests.session(session, engine)
    search = requests.search(how, engine)
    if steps is not None:
        search = search.changed(steps=requests.whole(steps, 1, MOST_STEPS, "The number of steps"))
    whose = requests.one_of(pixels, get_args(Pixels), "What to take pixels from")
    drawing = requests.drawing(before.subject.quad, drags, strokes)
    if whose == "generated" and name == NONE:
        raise RequestError(PHOTO_ALONE)
    if whose == "generated" and facts.get("fit") == "geometry":
        before, fitted = yield from _closer(guest, name, before)
        facts |= _facts(fitted, CLOSER)
    values, begun, told = requests.controls(controls), time.monotonic(), cast(Told, {})
    after = before.drawn(drawing)
    if drawing.drags or not values:
        version, told, begun = yield from _dragged(guest, name, after, search)
        after = after.moved(version)
    if values:
        for made in in_turn(guest, (gpu.control(name, after, each) for each in [values])):
            if made is None:
                yield None, None, WAITING
            after = made or after
    picture = show(after.subject, after.now, cast(Pixels, whose))
    yield (
        answers.shown(guest, picture),
        answers.saved(guest, after, facts),
        {**told, "seconds": answers.since(begun)},
    )


def _dragged(
    guest: Guest, model: str, before: Session, search: Search
) -> Generator[tuple[None, None, Told], None, tuple[Version, Told, float]]:
    """(the session's version once its drawing is carried out, figures, when that began)."""
    edit = before.now.drawing.edit(VIEW_SIDE)
    small = Session(closeup(before.subject), replace(before.now, drawing=BLANK))
    begun, last, version = time.monotonic(), None, before.now
    for item in in_turn(guest, gpu.drag(model, small, edit, search)):
        if item is None:
            begun = time.monotonic()
            yield None, None, WAITING
        elif item.version is not None:
            version = item.version
            yield None, None, answers.how_far(item, before)
        last = item or last
    assert last is not None  # a drag has at least one step, or raises
    return version, {**answers.how_far(last, before), "end": last.state.end}, begun


def render(
    request: gr.Request, seed: int = 0, truncation_psi: float = 0.8, model: str | None = None
) -> Iterator[dict[str, Any] | None]:
    """A face of the model itself, as a PNG of the model's size.

    Args:
        seed: which face; the same seed gives the same face.
        truncation_psi: 0 is the mean face; the larger, the more unusual the face. At most 2.
        model: named as in /fit.
    """
    seed = requests.whole(seed, 0, LARGEST_SEED, "The seed")
    psi, guest = requests.number(truncation_psi, 0, 2, "truncation_psi"), Guest.of(request)
    name = models.named(model)
    if name == NONE:
        raise RequestError(NOTHING)

    def work() -> Generator[Photo, None, None]:
        yield gpu.picture(name, seed, psi)

    made = None
    for made in in_turn(guest, work()):
        if made is None:
            yield None
    assert made is not None
    yield answers.shown(guest, made)  # once the place is free for others


def register() -> None:
    """Add the endpoints to the page that is being built."""
    outputs: dict[Callable[..., Iterator[Any]], Any] = {
        fit: tuple[gr.FileData, Told],
        drag: tuple[gr.FileData, gr.FileData, Told],
        render: gr.FileData,
    }
    for work, answer in outputs.items():
        gr.api(endpoint(work, answer), api_name=work.__name__, concurrency_limit=None)


def _facts(fitted: Fitted, budget: str) -> dict[str, float | int | str]:
    """What the session remembers of its fit."""
    return {"quality": fitted.quality, "fit_steps": fitted.inversion.step + 1, "fit": budget}


def _fitting(item: Fitted | None) -> Told:
    if item is None:
        return WAITING
    return {"step": item.inversion.step + 1, "steps": item.inversion.steps}


def _closer(
    guest: Guest, model: str, session: Session
) -> Generator[tuple[None, None, Told], None, tuple[Session, Fitted]]:
    """The session as the model's pixels need it: its photo is fitted anew."""
    subject, fitted = session.subject, None
    image = models.engine(model).crop(subject.photo, subject.quad)
    options = inversion.budget(CLOSER, 0)
    work = gpu.fit(model, image, options, EVERY)
    for item in in_turn(guest, work, gpu.line(options)):
        if item is None or item.picture is not None:
            yield None, None, _fitting(item)
        fitted = item or fitted
    assert fitted is not None  # a fit has an item, or raises
    return gpu.refined(model, session, fitted.inversion), fitted
