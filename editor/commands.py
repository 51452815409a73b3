"""What the commands of ``dragphoto`` do; each returns its summary."""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from drag import Edit
from inversion import (
    Domain,
    Inversion,
    Photo,
    PhotoError,
    box_quad,
    budget,
    face_quad,
    psnr,
    read_photo,
)
from inversion.transfer import Quad
from weights import find

from .crop_edit import to_crop_edit
from .dragging import DRAG_OPTIONS, Moved
from .engine import Engine
from .faces import usual
from .fits import usual_folder
from .morph import morph
from .opening import open_session
from .output import check_folder, save_gif, save_mp4, save_png
from .saved import Facts, save_session
from .session import Session, Version
from .view import VIEW_SIDE, closeup, show, untouched

SLOW, SMOOTH = 12, 25  # pictures from the photo to the result, in a GIF and in a video
Check = Callable[[Photo, Quad], object]
Summary = dict[str, object]


def run_invert(args: argparse.Namespace) -> Summary:
    """Fit a photo, write the session."""
    check_folder(args.out)
    session, facts = fit_photo(Engine(find(args.model)), args, no_check)
    save_session(session, facts, args.out)
    return {**facts, "out": str(args.out)}


def run_drag(args: argparse.Namespace) -> Summary:
    """Fit a photo unless that is done, drag it, write the edited photo."""
    for file in (args.out, args.gif, args.mp4, args.session):
        if file is not None:
            check_folder(file)
    engine, mask = Engine(find(args.model)), _mask(args.mask)

    def asked(photo: Photo, quad: Quad) -> Edit:
        edit = Edit.between(photo.shape[:2], args.drag, mask)
        to_crop_edit(edit, quad, engine.side, engine.domain)  # complain before the work
        return edit

    session, facts = _session(engine, args, asked)
    if args.drag or mask is not None:
        view, edit = session, asked(session.subject.photo, session.subject.quad)
    else:  # as drawn in the session
        view = replace(session, subject=closeup(session.subject))
        edit = session.now.drawing.edit(VIEW_SIDE)
    begin = time.monotonic()
    last, version = _drag(engine, view, edit, args.steps)
    seconds = round(time.monotonic() - begin, 2)
    session = session.moved(version)
    edited = _write(session, facts, args)
    return {
        **facts, "out": str(args.out), "end": last.state.end or "stopped", "steps": last.state.step,
        "distances": [round(float(d), 3) for d in last.state.distances],
        "confidence": [round(float(c), 3) for c in last.state.confidence],
        "seconds": seconds, "edited_pixels": edited,
    }  # fmt: skip


def run_render(args: argparse.Namespace) -> Summary:
    """Write a face of the model."""
    check_folder(args.out)
    engine = Engine(find(args.model))
    save_png(engine.random(args.seed), args.out)
    return {"out": str(args.out), "seed": args.seed, "side": engine.side}


def _drag(engine: Engine, session: Session, edit: Edit, steps: int) -> tuple[Moved, Version]:
    """(the last step, the last version); Ctrl-C keeps what there is."""
    last, version = None, None
    try:
        bar = tqdm(engine.drag(session, edit, replace(DRAG_OPTIONS, steps=steps)), "drag", steps)
        for last in bar:
            bar.set_postfix_str(f"{float(last.state.distances.mean()):.1f} px to go")
            version = last.version or version
    except KeyboardInterrupt:
        if version is None:
            raise
        tqdm.write("stopped: the result so far is kept", file=sys.stderr)
    assert last is not None
    assert version is not None
    return last, version


def _write(session: Session, facts: Facts, args: argparse.Namespace) -> int:
    """All files that are asked for; how many pixels of the photo were edited."""
    subject = session.subject
    edited = show(subject, session.now, args.pixels)
    save_png(edited, args.out)
    if args.session is not None:
        save_session(session, facts, args.session)
    small, start = closeup(subject), untouched(subject, len(session.now.change.flow)).now
    if args.gif is not None:
        save_gif(morph(small, (start, session.now), SLOW), args.gif)
    if args.mp4 is not None:
        save_mp4(morph(small, (start, session.now), SMOOTH), args.mp4)
    return int((edited != subject.photo).any(2).sum())


def _session(engine: Engine, args: argparse.Namespace, check: Check) -> tuple[Session, Facts]:
    """The photo fitted, or the session read."""
    if args.photo.suffix != ".safetensors":
        return fit_photo(engine, args, check)
    return open_session(engine, args.photo)


def fit_photo(engine: Engine, args: argparse.Namespace, check: Check) -> tuple[Session, Facts]:
    """Find the face, or what else the model is of, and fit it."""
    photo = read_photo(args.photo)
    quad = _quad(photo, engine.domain, args)
    check(photo, quad)
    begin = time.monotonic()
    fit = _fit(engine, photo, quad, args)
    distance = engine.distance_name.split(" (LPIPS needs")[0]  # what follows is a folder's name
    return engine.begin(photo, quad, fit), {
        "fit_seconds": round(time.monotonic() - begin, 2), "fit_steps": fit.step + 1,
        "fit_distance": round(fit.distance, 4), "distance": distance,
        "fit_psnr": round(psnr(engine.generator, fit, engine.crop(photo, quad)), 2),
    }  # fmt: skip


def _quad(photo: Photo, domain: Domain, args: argparse.Namespace) -> Quad:
    """The crop by the box, by the eyes and the mouth, or else the usual one."""
    if args.box is not None:
        quad = box_quad(*args.box)
        if (quad.max(0) < 1).any() or (quad.min(0) > np.array(photo.shape[1::-1]) - 2).any():
            raise PhotoError("This box lies beside the photo.")
        return quad
    if args.eyes_mouth is not None:
        if domain != "face":
            raise PhotoError("--eyes-mouth is for models of faces: use --box with this one.")
        return face_quad(np.array(args.eyes_mouth))
    quad = usual(photo, domain)
    if quad is None:
        raise PhotoError("No face was found: mark the eyes and the mouth with --eyes-mouth.")
    return quad


def _fit(engine: Engine, photo: Photo, quad: Quad, args: argparse.Namespace) -> Inversion:
    """The fit; Ctrl-C keeps what there is."""
    options, kept = budget(args.fit, args.seed), None if args.fresh else usual_folder()
    fit = None
    try:
        bar = tqdm(engine.invert(photo, quad, options, kept), "fit", options.steps)
        for fit in bar:
            bar.set_postfix_str(f"distance {fit.distance:.3f}")
    except KeyboardInterrupt:
        if fit is None:
            raise
        tqdm.write("stopped: the fit so far is kept", file=sys.stderr)
    assert fit is not None
    return fit


def no_check(photo: Photo, quad: Quad) -> None:
    """Any photo with a face will do."""


def _mask(file: Path | None) -> torch.Tensor | None:
    """White may move."""
    return None if file is None else torch.from_numpy(read_photo(file).mean(2) > 127)
