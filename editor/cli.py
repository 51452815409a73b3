"""``dragphoto invert | drag | render``: the whole chain without a browser.

Progress goes to stderr, ``--json`` prints a summary to stdout. Bad input: one line, exit code 2.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from tqdm import tqdm

from drag import Edit
from inversion import Photo, PhotoError, face_quad, find_faces, psnr, read_photo
from inversion.transfer import Quad, render
from weights import FACES, save_fit

from . import USER_ERRORS
from .engine import (
    DRAG_OPTIONS,
    INVERT_OPTIONS,
    TUNED_OPTIONS,
    Engine,
    closeup,
    fit_of,
    open_fit,
    show,
    to_crop_edit,
)
from .output import check_folder, save_gif, save_png
from .session import Session

Check = Callable[[Photo, Quad], object]
Facts = dict[str, float | str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; exit code 2 and one line on stderr if the input is at fault."""
    args = parser().parse_args(arguments)
    try:
        summary = args.run(args)
    except USER_ERRORS as error:
        print(f"dragphoto: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("dragphoto: stopped before there was a result.", file=sys.stderr)
        raise SystemExit(130) from None
    if args.json:
        print(json.dumps(summary))


class Parser(argparse.ArgumentParser):
    """Complains in one line, as all of this program does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave."""
        print(f"dragphoto: {message}", file=sys.stderr)
        raise SystemExit(2)


def parser() -> Parser:
    """The command line."""
    top = Parser(prog="dragphoto", description="Drag features of a photo.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    shared = Parser(add_help=False)
    shared.add_argument("--model", type=Path, default=FACES, help="a .safetensors model")
    shared.add_argument("--json", action="store_true", help="print a summary to stdout")
    shared.add_argument("-o", "--out", type=Path, required=True, help="file to write")
    fitted = Parser(add_help=False)
    fitted.add_argument("--seed", type=int, default=0, help="the same seed gives the same result")
    fitted.add_argument(
        "--eyes-mouth", type=_points(3), metavar="X,Y:X,Y:X,Y",
        help="left eye, right eye (as seen) and mouth, where the wrong face or none is found",
    )  # fmt: skip

    fitted.add_argument(
        "--tune", action="store_true",
        help="bend the model to the photo too: a closer fit, but long drags may tear it",
    )  # fmt: skip

    command = commands.add_parser("invert", parents=[shared, fitted], help="photo -> fit")
    command.add_argument("photo", type=Path)
    command.set_defaults(run=run_invert)

    command = commands.add_parser("drag", parents=[shared, fitted], help="photo or fit -> photo")
    command.add_argument("photo", type=Path, help="a photo, or a fit made by `dragphoto invert`")
    command.add_argument(
        "--drag", type=_points(2), action="append", default=[], metavar="X,Y:X,Y",
        help="from : to, in px of the photo; as often as you like",
    )  # fmt: skip
    command.add_argument("--mask", type=Path, help="picture of the photo's size; white may move")
    command.add_argument("--steps", type=_count, default=DRAG_OPTIONS.steps, help="at most so many")
    command.add_argument("--gif", type=Path, help="also write the motion as a GIF")
    command.set_defaults(run=run_drag)

    command = commands.add_parser("render", parents=[shared], help="a face of the model itself")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=run_render)
    return top


def run_invert(args: argparse.Namespace) -> dict[str, object]:
    """Fit a photo and write the fit."""
    check_folder(args.out)
    session, facts = fit_photo(Engine(args.model), args, no_check)
    save_fit(fit_of(session.subject, facts), args.out)
    return {"out": str(args.out), **facts}


def run_drag(args: argparse.Namespace) -> dict[str, object]:
    """Fit a photo unless that is done, drag it, write the edited photo."""
    check_folder(args.out)
    if args.gif is not None:
        check_folder(args.gif)
    engine = Engine(args.model)
    mask = _mask(args.mask)

    def asked(photo: Photo, quad: Quad) -> Edit:
        edit = Edit.between(photo.shape[:2], args.drag, mask)
        to_crop_edit(edit, quad, engine.side)  # complain before the work
        return edit

    session, facts = open_session(engine, args, asked)
    edit = asked(session.subject.photo, session.subject.quad)
    small = closeup(session.subject)
    frames = [small.photo]
    begin = time.monotonic()
    moved = None
    try:
        bar = tqdm(
            engine.drag(session, edit, replace(DRAG_OPTIONS, steps=args.steps)), "drag", args.steps
        )
        for moved in bar:
            bar.set_postfix_str(f"{float(moved.state.distances.mean()):.1f} px to go")
            if moved.version is not None:
                session = replace(session, now=moved.version)
                if args.gif is not None:
                    frames.append(show(small, moved.version))
    except KeyboardInterrupt:
        tqdm.write("stopped: the result so far is kept", file=sys.stderr)
    assert moved is not None
    photo, edited = render(session.subject.photo, session.subject.quad, session.now.change)
    save_png(photo, args.out)
    if args.gif is not None:
        save_gif(frames, args.gif)
    return {
        "out": str(args.out), "end": moved.state.end or "stopped", "steps": moved.state.step,
        "distances": [round(float(d), 3) for d in moved.state.distances],
        "confidence": [round(float(c), 3) for c in moved.state.confidence],
        "seconds": round(time.monotonic() - begin, 2), "edited_pixels": int(edited.sum()), **facts,
    }  # fmt: skip


def run_render(args: argparse.Namespace) -> dict[str, object]:
    """Write a face of the model."""
    check_folder(args.out)
    engine = Engine(args.model)
    save_png(engine.random(args.seed), args.out)
    return {"out": str(args.out), "seed": args.seed, "side": engine.side}


def open_session(engine: Engine, args: argparse.Namespace, check: Check) -> tuple[Session, Facts]:
    """The photo fitted, or the fit read."""
    if args.photo.suffix != ".safetensors":
        return fit_photo(engine, args, check)
    return open_fit(engine, args.photo)


def fit_photo(
    engine: Engine, args: argparse.Namespace, check: Check
) -> tuple[Session, dict[str, float | str]]:
    """Find the face, fit it; Ctrl-C keeps the fit so far."""
    photo = read_photo(args.photo)
    if args.eyes_mouth is None:
        faces = find_faces(photo)
        if not faces:
            raise PhotoError("No face was found: mark the eyes and the mouth with --eyes-mouth.")
        quad = face_quad(faces[0])
    else:
        quad = face_quad(np.array(args.eyes_mouth))
    check(photo, quad)
    begin = time.monotonic()
    options = TUNED_OPTIONS if args.tune else INVERT_OPTIONS
    options = replace(options, project=replace(options.project, seed=args.seed))
    fit = None
    steps = options.project.steps + options.tune.steps
    try:
        bar = tqdm(engine.invert(photo, quad, options), "fit", steps)
        for fit in bar:
            bar.set_postfix_str(f"distance {fit.distance:.3f}")
    except KeyboardInterrupt:
        tqdm.write("stopped: the fit so far is kept", file=sys.stderr)
        if fit is None:
            raise
    assert fit is not None
    session = engine.begin(photo, quad, fit)
    return session, {
        "fit_seconds": round(time.monotonic() - begin, 2), "fit_steps": fit.step + 1,
        "fit_distance": round(fit.distance, 4), "distance": engine.distance_name,
        "fit_psnr": round(psnr(engine.generator, fit, engine.crop(photo, quad)), 2),
    }  # fmt: skip


def no_check(photo: Photo, quad: Quad) -> None:
    """Any photo with a face will do."""


def _mask(file: Path | None) -> torch.Tensor | None:
    """White may move."""
    return None if file is None else torch.from_numpy(read_photo(file).mean(2) > 127)


def _points(count: int):
    """A parser of X,Y:X,Y with this many points."""

    def parse(text: str) -> tuple[tuple[float, float], ...]:
        try:
            points = tuple((float(x), float(y)) for x, y in (p.split(",") for p in text.split(":")))
        except ValueError:
            points = ()
        if len(points) != count:
            raise argparse.ArgumentTypeError(f"write it as {':'.join(['X,Y'] * count)}")
        return points

    return parse


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number of at least 1 is needed")
    return int(text)
