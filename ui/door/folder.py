"""The folder for uploads and downloads: nobody else can read it, and it goes with the program.

A program that was killed leaves its folder behind. So each holds a lock for as long as it lives,
and the next start removes those that nobody holds.
"""

import atexit
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

PREFIX = "dragphoto-"
LOCK = ".alive"

_held: list[Any] = []  # open for as long as the program runs


def private_folder() -> None:
    """Let Gradio put files into a new folder of our own, unless one is named."""
    if "GRADIO_TEMP_DIR" in os.environ:
        return
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (folder / LOCK).open("w")
    _lock(lock)
    _held.append(lock)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(_removed, folder, os.getpid())


def sweep() -> None:
    """Remove the folders of programs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            facts = folder.lstat()
            own = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
            if own and stat.S_ISDIR(facts.st_mode) and _abandoned(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(file: Path) -> bool:
    with suppress(OSError), file.open("r+") as lock:
        return _lock(lock)
    return False  # none of ours, or one that is being made


def _lock(file: Any) -> bool:
    """Whether nobody else holds it; elsewhere than on Unix, where that cannot be told: False."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _removed(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not in a child that was forked
        shutil.rmtree(folder, ignore_errors=True)
