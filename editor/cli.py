"""``dragphoto invert | drag | render | weights``: the whole chain without a browser.

Progress goes to stderr, ``--json`` prints a summary to stdout. Bad input: one line, exit code 2.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import NoReturn, get_args

from inversion import BUDGETS
from weights import FACES

from . import USER_ERRORS, weight_commands, weight_files
from .commands import run_drag, run_invert, run_render
from .dragging import DRAG_OPTIONS
from .machine import use_well
from .view import Pixels


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; exit code 2 and one line on stderr if the input is at fault."""
    args = parser().parse_args(arguments)
    use_well()
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
    shared, fitted = _shared(), _fitted()

    command = commands.add_parser("invert", parents=[shared, fitted], help="photo -> session")
    command.add_argument("photo", type=Path)
    command.set_defaults(run=run_invert)

    command = commands.add_parser(
        "drag", parents=[shared, fitted], help="photo or session -> photo"
    )
    _add_drag(command)
    command.set_defaults(run=run_drag)

    command = commands.add_parser("render", parents=[shared], help="a face of the model itself")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=run_render)

    group = commands.add_parser("weights", help="files of models")
    group = group.add_subparsers(required=True, metavar="COMMAND")
    weight_files.add(group)
    weight_commands.add(group)
    return top


def _shared() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--model", default=FACES.stem, help="a file, or a model that is fetched")
    options.add_argument("--json", action="store_true", help="print a summary to stdout")
    options.add_argument("-o", "--out", type=Path, required=True, help="file to write")
    return options


def _fitted() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--seed", type=int, default=0, help="the same seed gives the same result")
    where = options.add_mutually_exclusive_group()
    where.add_argument(
        "--eyes-mouth", type=_points(3), metavar="X,Y:X,Y:X,Y",
        help="left eye, right eye (as seen) and mouth, where the wrong face or none is found",
    )  # fmt: skip
    where.add_argument(
        "--box", type=_box, metavar="X,Y:SIDE",
        help="left, top and side of the square to fit, for what is not a face",
    )  # fmt: skip
    options.add_argument(
        "--fit", choices=tuple(BUDGETS), default="balanced",
        help="how closely the model is made to look like the photo",
    )  # fmt: skip
    options.add_argument(
        "--fresh", action="store_true", help="fit anew, and keep nothing for the next time"
    )
    return options


def _add_drag(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "photo", type=Path, help="a photo, or a session of the app or of `dragphoto invert`"
    )
    command.add_argument(
        "--drag", type=_points(2), action="append", default=[], metavar="X,Y:X,Y",
        help="from : to, in px of the photo; as often as you like; none: what the session has",
    )  # fmt: skip
    command.add_argument(
        "--pixels", choices=get_args(Pixels), default="photo",
        help="make the edit of the photo's own pixels, or of the model's picture",
    )  # fmt: skip
    command.add_argument("--mask", type=Path, help="picture of the photo's size; white may move")
    command.add_argument("--steps", type=_count, default=DRAG_OPTIONS.steps, help="at most so many")
    command.add_argument("--gif", type=Path, help="also write the motion as a GIF")
    command.add_argument("--mp4", type=Path, help="also write the motion as a video")
    command.add_argument("--session", type=Path, help="also write the session, to go on from there")


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


def _box(text: str) -> tuple[float, float, float]:
    try:
        corner, side = text.split(":")
        left, top = corner.split(",")
        box = float(left), float(top), float(side)
    except ValueError:
        box = ()
    if len(box) != 3 or not all(map(isfinite, box)):
        raise argparse.ArgumentTypeError("write it as X,Y:SIDE")
    return box


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number of at least 1 is needed")
    return int(text)
