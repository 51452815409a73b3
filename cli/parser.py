"""The command line as it is typed. Nothing heavy is loaded to read it, nor to explain it."""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn, get_args

from photo.domain import Domain
from weights.files import FACES

from .typed import count, numbers, positive, setting

# Those of ``inversion``, ``editor`` and ``drag``, which are not loaded for this; a test compares.
BUDGETS = ("geometry", "quick", "balanced", "best")
PIXELS = ("photo", "generated")
PRESETS = ("model", "paper")
SPACES = ("axes", "w+", "w")
NONE = "none"
MASK_FORMS = ("mean", "paper", "released")
ALGORITHMS = ("draggan", "freedrag")
MODEL = "a file, or a model that is fetched; none: the photo is pulled without any"
DOMAIN = "how photos are cropped for the model; face, unless its file or the list of models says so"


class Parser(argparse.ArgumentParser):
    """Complains in one line, as all of this program does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave."""
        refuse(message)


def refuse(reason: str) -> NoReturn:
    """Say why in one line, whatever a file is called, and leave."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in reason)
    print(f"dragphoto: {''.join(shown)}", file=sys.stderr)
    raise SystemExit(2) from None


def parser() -> Parser:
    """The command line; ``run`` is the module and the function of the command."""
    top = Parser(prog="dragphoto", description="Drag features of a photo.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    summary = Parser(add_help=False)
    summary.add_argument("--json", action="store_true", help="print a summary to stdout")
    shared, fitted = [summary, _shared()], _fitted()

    command = commands.add_parser("invert", parents=[*shared, fitted], help="photo -> session")
    command.add_argument("photo", type=Path)
    command.set_defaults(run="commands.run_invert")

    command = commands.add_parser(
        "drag", parents=[*shared, fitted], help="photo or session -> photo"
    )
    _add_drag(command)
    command.set_defaults(run="commands.run_drag")

    command = commands.add_parser(
        "apply", parents=[summary], help="the same edit on a photo or a clip"
    )
    _add_apply(command)
    command.set_defaults(run="apply.run_apply")

    command = commands.add_parser("render", parents=shared, help="a face of the model itself")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--truncation-psi", type=positive, default=0.8, help="small: usual faces")
    command.set_defaults(run="commands.run_render")

    command = commands.add_parser("bench", help="how fast and how well it works on your photo")
    _add_bench(command)
    command.set_defaults(run="bench.run_bench", json=False)

    command = commands.add_parser("serve", help="the app in a browser")
    _add_serve(command)
    command.set_defaults(run="serve.run_serve", json=False)

    group = commands.add_parser("weights", help="files of models")
    _add_weights(group.add_subparsers(required=True, metavar="COMMAND"), summary)
    return top


def _shared() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--model", default=FACES.stem, help=MODEL)
    options.add_argument("-o", "--out", type=Path, required=True, help="file to write")
    return options


def _fitted() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--seed", type=int, default=0, help="the same seed gives the same result")
    options.add_argument("--domain", choices=get_args(Domain), help=DOMAIN)
    where = options.add_mutually_exclusive_group()
    _add_marks(where)
    where.add_argument(
        "--box", type=numbers("X,Y:SIDE"), metavar="X,Y:SIDE",
        help="left, top and side of the square to fit, for what is not a face",
    )  # fmt: skip
    options.add_argument(
        "--fit", choices=BUDGETS,
        help="how closely the model is made to look like the photo; geometry, unless the model's "
        "pixels are asked for: then balanced",
    )  # fmt: skip
    options.add_argument(
        "--fresh", action="store_true", help="fit anew, and keep nothing for the next time"
    )
    return options


def _add_marks(where: Any) -> None:
    where.add_argument(
        "--eyes-mouth", type=numbers("X,Y:X,Y:X,Y"), metavar="X,Y:X,Y:X,Y",
        help="left eye, right eye (as seen) and mouth, where the wrong face or none is found",
    )  # fmt: skip


def _add_apply(command: argparse.ArgumentParser) -> None:
    command.add_argument("edit", type=Path, help="a session of the app or of `dragphoto drag`")
    command.add_argument("photo", type=Path, help="another photo, or a clip of a minute at most")
    command.add_argument("-o", "--out", type=Path, required=True, help="file to write")
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--at", type=numbers("X,Y"), metavar="X,Y",
        help="the face here is meant (of a clip: in its first frame); without, the largest one",
    )  # fmt: skip
    _add_marks(where)


def _add_drag(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "photo", type=Path, help="a photo, or a session of the app or of `dragphoto invert`"
    )
    command.add_argument(
        "--drag", type=numbers("X,Y:X,Y"), action="append", default=[], metavar="X,Y:X,Y",
        help="from : to, in px of the photo; as often as you like; none: what the session has",
    )  # fmt: skip
    command.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="a control of the face, after the drags: smile=0.6, turn=-10 (degrees), mouth, nod, "
        "tilt, brows, slim, eyes, gaze_x, gaze_y, blink_left, blink_right",
    )  # fmt: skip
    command.add_argument(
        "--pixels", choices=PIXELS, default="photo",
        help="make the edit of the photo's own pixels, or of the model's picture",
    )  # fmt: skip
    command.add_argument("--mask", type=Path, help="picture of the photo's size; white may move")
    _add_search(command.add_argument_group("how to drag, unless as suits the model"))
    command.add_argument("--gif", type=Path, help="also write the motion as a GIF")
    command.add_argument("--mp4", type=Path, help="also write the motion as a video")
    command.add_argument("--session", type=Path, help="also write the session, to go on from there")


def _add_search(group: Any) -> None:
    """What ``editor.search.Search.changed`` takes, and the preset that is changed."""
    group.add_argument("--preset", choices=PRESETS, default="model", help="paper: as published")
    group.add_argument("--space", choices=SPACES, help="what moves: the model's directions, W+, W")
    group.add_argument("--steps", type=count, help="at most so many")
    group.add_argument("--rate", type=positive, help="step size, times the preset's")
    group.add_argument("--radius", type=positive, help="r1, px of a picture of 512 px")
    group.add_argument("--search", type=positive, help="r2, such px")
    group.add_argument("--mask-weight", type=positive, help="lambda: how hard the rest is held")
    group.add_argument("--mask-form", choices=MASK_FORMS, help="what is weighed by it")
    group.add_argument("--algorithm", choices=ALGORITHMS)


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("photo", type=Path, help="a photo of yours")
    command.add_argument("--model", default=FACES.stem, help=MODEL)
    command.add_argument("--domain", choices=get_args(Domain), help=DOMAIN)
    command.add_argument(
        "--model-pixels", action="store_true", help="also time a quick fit of the model's pixels"
    )
    command.add_argument(
        "-o",
        "--out",
        type=Path,
        help="sheet of the results, *.jpg or *.png; without, PHOTO-bench.jpg",
    )
    command.add_argument(
        "--json", dest="figures", type=Path, metavar="FILE", help="also write the figures as JSON"
    )


def _add_serve(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model", dest="model_name", metavar="NAME",
        help="the page opens with this public model; it is fetched if it is not here, by which you "
        "accept its licence",
    )  # fmt: skip
    command.add_argument("--host", help="address to serve on; 127.0.0.1 is this computer alone")
    command.add_argument("--port", type=count, help="7860, or the next that is free")
    command.add_argument(
        "--fetch", action=argparse.BooleanOptionalAction,
        help="whether whoever reaches the page may fetch public models to this computer",
    )  # fmt: skip


def _add_weights(commands: Any, summary: Parser) -> None:
    command = commands.add_parser(
        "convert", parents=[summary], help="a published StyleGAN2 -> our own format"
    )
    command.add_argument("model", help=".pkl, .pt, or a fetched model; nothing in it is executed")
    command.add_argument("out", type=Path, help=".safetensors to write")
    command.add_argument("--domain", choices=get_args(Domain), help=DOMAIN)
    command.set_defaults(run="weights_files.run_convert")

    command = commands.add_parser("info", parents=[summary], help="what a model's file holds")
    command.add_argument("model", help="a file, or the name of a fetched model")
    command.set_defaults(run="weights_files.run_info")

    command = commands.add_parser("list", parents=[summary], help="the models that can be fetched")
    command.set_defaults(run="weights_public.run_list")

    command = commands.add_parser("fetch", help="download a model")
    command.add_argument("name")
    command.add_argument(
        "--accept-licence", action="store_true", help="its licence has been read, and holds"
    )
    command.set_defaults(run="weights_public.run_fetch", json=False)

    command = commands.add_parser("path", help="the file of a model that is here")
    command.add_argument("model", metavar="name")
    command.set_defaults(run="weights_public.run_path", json=False)
