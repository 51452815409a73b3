"""``dragphoto invert | drag | apply | render | bench | serve | weights``: all without a browser.

Progress goes to stderr, ``--json`` prints a summary to stdout. Bad input: one line, exit code 2;
what is amiss with files is said before torch or a model is loaded.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module

from photo import PhotoError
from weights.files import OutputError, WeightsError

from .inputs import prepare
from .parser import parser, refuse

LIGHT = PhotoError, OutputError, WeightsError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; exit code 2 and one line on stderr if the input is at fault."""
    args = parser().parse_args(arguments)
    try:
        prepare(args)
        summary = run(args)
    except ValueError as error:
        if not _is_users(error):
            raise
        refuse(str(error))
    except KeyboardInterrupt:
        print("dragphoto: stopped before there was a result.", file=sys.stderr)
        raise SystemExit(130) from None
    if args.json:
        print(json.dumps(summary))


def run(args: Namespace) -> object:
    """What the command says with --json; only what it needs is loaded."""
    module, name = args.run.split(".")
    command = getattr(import_module(f".{module}", __package__), name)
    if "editor" in sys.modules:  # it makes pictures
        from editor.machine.cores import use_well

        use_well()
    return command(args)


def _is_users(error: ValueError) -> bool:
    """Whether a person can put it right."""
    if isinstance(error, LIGHT):
        return True
    from editor import USER_ERRORS  # what can raise others has loaded this

    return isinstance(error, USER_ERRORS)
