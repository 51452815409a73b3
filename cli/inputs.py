"""What a command reads and where it writes: looked at before torch or a model is loaded."""

import argparse

from photo import read_photo
from weights.files import check, check_place
from weights.hub.cache import find

from .parser import NONE

CLIPS = (".mp4", ".m4v", ".mov", ".webm", ".mkv")  # of editor.clip, which is not loaded for this
WRITTEN = ("out", "gif", "mp4", "session")


def prepare(args: argparse.Namespace) -> None:
    """Put pixels, and the files of session and model, in the place of what was typed.

    Raises:
        OutputError, PhotoError, WeightsError: a file cannot be read, or none written there.
    """
    given = vars(args)
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
            given[name] = file if is_session or is_clip else read_photo(file)
    if "model" in given:
        alone = args.model == NONE and "fit" in given  # `render` has nothing to show without one
        args.model = NONE if alone else find(args.model)
