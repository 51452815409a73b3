"""Files: only regular ones are read, and what is written is whole or not there at all.

A part lies beside the file's place, has a name of its own and is locked as long as it is written:
two programs that write the same file do not meet, and what one left behind when it was killed is
known by its open lock.
"""

import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PRIVATE = 0o600  # mode of what holds a photo, or may
PUBLIC = 0o644  # of models: they hold nothing of a photo
PARTS = "dragphoto-*.part"
OLDEST = 3600.0  # s after which a part is left behind, where files cannot be locked
FACES = Path(__file__).with_name("embedded") / "faces.safetensors"


class WeightsError(ValueError):
    """A weights file that cannot be used; the text is for the person who chose it."""


class OutputError(ValueError):
    """A place that cannot be written to; the text is for the person who chose it."""


def check(file: Path) -> None:
    """Complain about what is no file; nothing is opened.

    Raises:
        WeightsError: it is missing, a folder, a pipe or a device, or out of reach.
    """
    reason = refusal(file)
    if reason is not None:
        raise WeightsError(reason)


def refusal(file: Path) -> str | None:
    """Why this is no file that can be read, in a sentence; None if it is one. Opens nothing."""
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return f"There is no file {file}."
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}."
    if S_ISDIR(mode):
        return f"{file} is a folder, not a file."
    return None if S_ISREG(mode) else f"{file} is a pipe or a device, not a file."


def check_place(file: Path) -> None:
    """Complain before the work is done, not after it. Writing is tried: all is left as it was.

    Raises:
        OutputError: the folder is missing or cannot be written, or the name is not a file's.
    """
    try:
        if not file.parent.is_dir():
            raise OutputError(f"There is no folder {file.parent}: make it first.")
        with suppress(FileNotFoundError):
            mode = file.stat().st_mode
            if S_ISDIR(mode):
                raise OutputError(f"{file} is a folder: name a file in it.")
            if not S_ISREG(mode):
                raise OutputError(f"{file} is a pipe or a device: name a file.")
        with _part(file.parent, PRIVATE):
            return
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.") from error


@contextmanager
def whole(file: Path, mode: int | None = None) -> Generator[BinaryIO, None, None]:
    """A stream (its ``name`` is a path) to what takes the file's place at the end.

    It is on the disk by then. Until then it is for its owner's eyes alone; whatever goes wrong, it
    goes and what was there stays.

    Args:
        file: the place.
        mode: of the file; None: what is usual for this user (umask).

    Raises:
        OSError: there is no room, or no permission.
    """
    with _part(file.parent, mode) as (stream, final):
        yield stream
        with suppress(OSError):  # some file systems have no modes
            if final != PRIVATE:
                os.chmod(stream.name, final)
        settle(stream, file)


def settle(stream: BinaryIO, file: Path) -> None:
    """What was written has this place, and is on the disk when it does.

    Raises:
        OSError: there is no room, or no permission.
    """
    stream.flush()
    os.fsync(stream.fileno())
    if fcntl is None:  # Windows renames no open file
        stream.close()
    os.replace(stream.name, file)


def sweep(folder: Path) -> None:
    """Remove the parts of writers that were killed."""
    with suppress(OSError):  # there is no such folder, or it is not ours to read
        for part in folder.glob(PARTS):
            with suppress(OSError):  # another process has removed it, or it is not ours
                _sweep(part)


@contextmanager
def _part(folder: Path, mode: int | None) -> Generator[tuple[BinaryIO, int], None, None]:
    """(a stream to a new file that goes at the end, the mode that the file should get)."""
    sweep(folder)
    stream = _created(folder, mode)
    try:
        final = S_IMODE(os.fstat(stream.fileno()).st_mode) if mode is None else mode
        with suppress(OSError):  # some file systems have no modes
            os.chmod(stream.name, PRIVATE)
        yield stream, final
    finally:
        with suppress(OSError):  # what could not be written is told already
            stream.close()
        with suppress(OSError):  # it has its place, or cannot be removed: neither is the trouble
            os.unlink(stream.name)


def _created(folder: Path, mode: int | None) -> BinaryIO:
    """A new file, locked."""
    first = 0o666 if mode is None else PRIVATE
    while True:
        part = folder / PARTS.replace("*", secrets.token_hex(8))
        stream = open(part, "xb", opener=lambda path, flags: os.open(path, flags, first))  # noqa: SIM115
        with suppress(OSError):  # some file systems have no locks
            if fcntl is not None:
                fcntl.flock(stream, fcntl.LOCK_EX)
        if part.exists():
            return stream
        stream.close()  # it was swept before it was locked


def _sweep(part: Path) -> None:
    old = time.time() - part.lstat().st_mtime > OLDEST
    if fcntl is None:
        if old:
            part.unlink()
        return
    descriptor = os.open(part, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    except BlockingIOError:
        return  # somebody writes it
    except OSError:
        if old:  # there are no locks here
            part.unlink()
    finally:
        os.close(descriptor)
