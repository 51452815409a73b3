"""What the commands of ``dragphoto`` do; each returns its summary."""

import argparse
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from drag import Edit, EditError
from editor.controls import checked
from editor.dragger import DragStep, to_crop_edit
from editor.elastic import NONE, Elastic
from editor.engine import NO_FACE, Engine, default_crop
from editor.export import morph, save_gif, save_mp4, save_png
from editor.fit_cache import default_folder
from editor.fitter import ROUGH, inside, quality
from editor.machine.shortage import ShortageError
from editor.search import NAMED, Search
from editor.session import Session, Version
from editor.session_file import Facts, load_session, save_session
from editor.view import VIEW_SIDE, closeup, original, show
from inversion import LOOKS, Inversion, budget, budget_for, fit_psnr
from photo import PhotoError, Sent, on_white
from photo.align import face_quad
from photo.crop import Crop, Quad, box_quad
from photo.domain import Domain

from .progress import bar

SLOW, SMOOTH = 12, 25  # pictures from the photo to the result, in a GIF and in a video
POOR = 15.0  # dB: less is not the photo
CLOSER = "--fit best comes closest, if the model makes such pictures at all"
PHOTO_ALONE = "Without a model there are no pixels but the photo's own: leave --pixels out."
Check = Callable[[Sent, Quad], object]
Summary = dict[str, object]


def run_invert(args: argparse.Namespace) -> Summary:
    """Fit a photo, write the session."""
    session, facts = fit_photo(engine_for(args), args.photo, args, lambda *_: None)
    save_session(session, facts, args.out)
    return {**facts, "out": str(args.out)}


def run_drag(args: argparse.Namespace) -> Summary:
    """Fit a photo unless that is done, drag it, write the edited photo."""
    source, mask, values = args.photo, _mask(args.mask), checked(dict(args.set))
    if isinstance(source, Path):
        source = load_session(source)  # it takes a while to load a model: complain before
    engine, drags = engine_for(args), bool(args.drag or mask is not None or not values)

    def asked(photo: Sent, quad: Quad) -> Edit:
        edit = Edit.between(photo.shape[:2], [(d[:2], d[2:]) for d in args.drag], mask)
        to_crop_edit(edit, Crop(quad, engine.side), engine.domain)  # complain before the work
        return edit

    if isinstance(source, tuple):
        session, facts = source
        engine.check(session)
        closer = args.pixels == "generated" and facts.get("fit") == "geometry"
        if closer and not isinstance(engine, Elastic):
            session, facts = refit(engine, session, facts, args)
    else:
        session, facts = fit_photo(engine, source, args, asked if drags else lambda *_: None)
    told: Summary = {}
    if drags:
        given = bool(args.drag) or mask is not None
        edit = asked(session.subject.photo, session.subject.quad) if given else None
        session, told = _dragged(engine, session, edit, args)
    if values:
        session = engine.set(session, values)
    told["controls"] = dict(session.now.controls)
    edited = _write(session, facts, args)
    return {**facts, "out": str(args.out), **told, "edited_pixels": edited}


def _dragged(
    engine: Engine | Elastic, session: Session, edit: Edit | None, args: argparse.Namespace
) -> tuple[Session, Summary]:
    """(the session after an edit of its photo, or what is drawn in it; how that went)."""
    view = session
    if edit is None:
        view = replace(session, subject=closeup(session.subject))
        edit = session.now.drawing.edit(VIEW_SIDE)
    begin = time.monotonic()
    named = {name: getattr(args, name) for name in NAMED}
    search = engine.search(args.preset).changed(args.rate, args.space, **named)
    last, version = _drag(engine, view, edit, search)
    return session.moved(version), {
        "end": last.state.end or "stopped", "steps": last.state.step,
        "distances": [round(float(d), 3) for d in last.state.distances],
        "confidence": [round(float(c), 3) for c in last.state.confidence],
        "seconds": round(time.monotonic() - begin, 2),
    }  # fmt: skip


def run_render(args: argparse.Namespace) -> Summary:
    """Write a face of the model."""
    engine = Engine(args.model)
    save_png(engine.random(args.seed, args.truncation_psi), args.out)
    return {"out": str(args.out), "seed": args.seed, "side": engine.side}


def engine_for(args: argparse.Namespace) -> Engine | Elastic:
    """The model that is asked for, or what pulls without any."""
    if args.model != NONE:
        return Engine(args.model, domain=args.domain)
    if getattr(args, "pixels", "photo") != "photo":
        raise EditError(PHOTO_ALONE)
    return Elastic()


def _drag(
    engine: Engine | Elastic, session: Session, edit: Edit, search: Search
) -> tuple[DragStep, Version]:
    """(the last step, the last version)."""
    version = None
    with stoppable("result") as found, bar(desc="drag", total=search.options.steps) as shown:
        for last in engine.drag(session, edit, search):
            shown.set_postfix_str(f"{float(last.state.distances.mean()):.1f} px to go")
            shown.update(last.state.step - shown.n)
            version = last.version or version
            if version is not None:
                found[:] = last, version
    return found[0], found[1]


def _write(session: Session, facts: Facts, args: argparse.Namespace) -> int:
    """All files that are asked for; how many pixels of the photo were edited."""
    subject = session.subject
    edited = show(subject, session.now, args.pixels)
    save_png(edited, args.out)
    if args.session is not None:
        save_session(session, facts, args.session)
    small, start = closeup(subject), original(session)
    if args.gif is not None:
        save_gif(morph(small, (start, session.now), SLOW), args.gif)
    if args.mp4 is not None:
        save_mp4(morph(small, (start, session.now), SMOOTH), args.mp4)
    return int((edited != subject.sent).any(2).sum())


def fit_photo(
    engine: Engine | Elastic, photo: Sent, args: argparse.Namespace, agree: Check
) -> tuple[Session, Facts]:
    """Find the face, or what else the model is of, and fit it; without a model nothing is to do."""
    if isinstance(engine, Elastic):
        session = engine.open(photo, None if args.box is None else box_quad(*args.box))
        agree(photo, session.subject.quad)
        return session, {"fit": NONE}
    quad = meant_quad(photo, engine.domain, args)
    agree(photo, inside(quad, photo))  # else it could not be saved
    fit, facts = _fit(engine, photo, quad, args)
    return engine.begin(photo, quad, fit), facts


def refit(
    engine: Engine, session: Session, facts: Facts, args: argparse.Namespace
) -> tuple[Session, Facts]:
    """A session whose photo is fitted as the model's pixels need it."""
    fit, new = _fit(engine, session.subject.photo, session.subject.quad, args)
    return session.refined(fit.ws, fit.delta, engine.picture), facts | new


def meant_quad(photo: Sent, domain: Domain, args: argparse.Namespace) -> Quad:
    """The crop by the box, by the eyes and the mouth, or else the usual one, where is dragged.

    Raises:
        PhotoError: there is no face, or what was typed is none.
    """
    given = vars(args)  # not all commands have all of it
    if given.get("box") is not None:
        return box_quad(*args.box)
    if args.eyes_mouth is not None:
        if domain != "face":
            raise PhotoError("--eyes-mouth is for models of faces: use --box with this one.")
        return face_quad(np.array(args.eyes_mouth).reshape(3, 2))
    places: list[tuple[float, ...]] = given.get("drag") or [given.get("at") or ()]
    at = (places[0][0], places[0][1]) if places[0] else None
    quad = default_crop(photo, domain, at)
    if quad is None:
        raise PhotoError(NO_FACE)
    return quad


def _fit(
    engine: Engine, photo: Sent, quad: Quad, args: argparse.Namespace
) -> tuple[Inversion, Facts]:
    """(the fit, its figures)."""
    name = args.fit or budget_for("geometry", getattr(args, "pixels", "") == "generated")
    options, kept = budget(name, args.seed), None if args.fresh else default_folder()
    begin = time.monotonic()
    with stoppable("fit") as found, bar(desc="fit", total=options.steps or LOOKS) as shown:
        for fit in engine.invert(photo, quad, options, kept):
            found[:] = [fit]
            shown.set_postfix_str(f"distance {fit.distance:.3f}")
            shown.update(fit.step + 1 - shown.n)
    fit, distance = found[0], "of the face's points, in shares of the crop's side"
    psnr = fit_psnr(engine.generator, fit, engine.crop(photo, quad))
    for complaint in _complaints(fit, psnr):
        print(f"dragphoto: {complaint}.", file=sys.stderr)
    if fit.stage != "geometry":  # what follows is a folder's name
        distance = engine.fitter.distance_name.split(" (LPIPS needs")[0]
    return fit, {
        "fit": name, "fit_seconds": round(time.monotonic() - begin, 2), "fit_steps": fit.step + 1,
        "fit_distance": round(fit.distance, 4), "distance": distance,
        "fit_psnr": round(psnr, 2), "quality": quality(fit),
    }  # fmt: skip


def _complaints(fit: Inversion, psnr: float) -> Iterator[str]:
    """What is wrong with a fit, and what can be done about it."""
    words, placed = quality(fit), fit.stage == "geometry"
    if fit.cut_off or ROUGH in words:
        yield f"the fit is {words}"
    if placed and ROUGH in words:
        away = f"{100 * fit.distance:.1f} % of the crop's side"
        yield f"the points of the model's face are {away} away: mark the photo's with --eyes-mouth"
    if not placed and psnr < POOR:
        yield f"the model's picture is far from the photo ({psnr:.1f} dB): {CLOSER}"


@contextmanager
def stoppable(what: str) -> Generator[list[Any]]:
    """A list for what is there so far: Ctrl-C, or too little memory, keeps it if there is any."""
    found: list[Any] = []
    try:
        yield found
    except (KeyboardInterrupt, ShortageError) as error:
        if not found:
            raise
        stopped = f"stopped: the {what} so far is kept"
        print(f"{error} The {what} so far is kept." if str(error) else stopped, file=sys.stderr)


def _mask(mask: Sent | None) -> torch.Tensor | None:
    """White may move."""
    return None if mask is None else torch.from_numpy(on_white(mask).mean(2) > 127)
