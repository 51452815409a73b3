"""What a command reads and where it writes: looked at before torch or a model is loaded."""

import argparse
import os
import time
from pathlib import Path

from photo import PhotoError, read_photo
from weights.files import OutputError, check, check_place
from weights.hub.cache import find

from .parser import NONE

CLIPS = (".mp4", ".m4v", ".mov", ".webm", ".mkv")  # of editor.clip, which is not loaded for this
WRITTEN = ("out", "gif", "mp4", "session", "figures")
SHEETS = (".jpg", ".jpeg", ".png")


def prepare(args: argparse.Namespace) -> None:
    """Put pixels, and the files of session and model, in the place of what was typed.

    Raises:
        OutputError, PhotoError, WeightsError: a file cannot be read, or none written there.
    """
    given = vars(args)
    if "figures" in given:
        args.out = _sheet(args)
    for name in WRITTEN:
        if given.get(name) is not None:
            check_place(given[name])
    if "edit" in given:
        check(args.edit)
    for name in ("photo", "mask"):
        file = given.get(name)
        if file is not None:
            check(file)
            is_session = name == "photo" and "drag" in given and file.suffix == ".safetensors"
            is_clip = name == "photo" and "edit" in given and file.suffix.lower() in CLIPS
            begin = time.monotonic()
            given[name] = file if is_session or is_clip else read_photo(file)
            given[f"{name}_seconds"] = time.monotonic() - begin
    if "model" in given:
        can = "fit" in given or "figures" in given  # `render` has nothing to show without one
        alone = args.model == NONE and can
        args.model = NONE if alone else find(args.model)
    args.prepared = time.monotonic()


def _sheet(args: argparse.Namespace) -> Path:
    """Where the sheet of a bench is written: what nobody named replaces nothing.

    Raises:
        OutputError: there is such a file, or the name is not one of a JPEG or PNG.
        PhotoError: it has no pixels without a model.
        WeightsError: the photo is no file.
    """
    if args.model_pixels and args.model == NONE:
        raise PhotoError("Without a model there are no pixels of it: leave --model-pixels out.")
    if args.out is None:
        check(args.photo)
        file = args.photo.with_name(f"{args.photo.stem}-bench.jpg")
        if os.path.lexists(file):
            raise OutputError(f"{file} is there already: name a file for the sheet with -o.")
        return file
    if args.out.suffix.lower() not in SHEETS:
        raise OutputError(f"{args.out} cannot be written: a sheet is named *.jpg or *.png.")
    return args.out
