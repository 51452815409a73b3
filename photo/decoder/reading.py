"""A file, bytes or a stream -> a photo. The decoding is done by another process."""

import io
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import pool
from .bounds import DAMAGED, MOST_BYTES, PhotoError
from .process import Sent

PIECE = 2**20  # bytes
Pieces = Iterator[bytes | memoryview]


def read_photo(source: Path | bytes | io.BytesIO) -> Sent:
    """Upright sRGB pixels of a JPEG, PNG, WebP, AVIF or HEIC; its metadata does not survive.

    A worker process decodes it, in bounded time and memory (worker.py). A transparent one has a
    fourth channel (see transparency.py). 16-bit greys are scaled, CMYK and colour profiles are
    converted to sRGB, of an animation the first frame is taken, and so of several pictures.

    Raises:
        PhotoError: not a picture of these formats, damaged, too small, too large, too narrow, or
            one that takes too long; or no file.
    """
    with _opened(source) as (length, pieces):
        if length > MOST_BYTES:
            size = -(-length // 10**6)
            most = MOST_BYTES // 10**6
            raise PhotoError(f"This file has {size} MB: choose a picture of at most {most} MB.")
        with pool.lent() as worker:
            return worker.decode(length, pieces)


@contextmanager
def _opened(source: Path | bytes | io.BytesIO) -> Generator[tuple[int, Pieces]]:
    """(how many bytes, the bytes in pieces)."""
    if isinstance(source, Path):
        file = _open_file(source)
        try:
            length = os.fstat(file).st_size
            yield length, _pieces(file, length)
        finally:
            os.close(file)
    else:
        with memoryview(source) if isinstance(source, bytes) else source.getbuffer() as view:
            yield len(view), iter([view])


def _open_file(path: Path) -> int:
    """A descriptor of a regular file; nothing else is opened, since that may block for ever."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PhotoError(f"{path} is a folder: choose a picture in it.")
        if stat.S_ISREG(mode):
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            file = os.open(path, flags)
            if stat.S_ISREG(os.fstat(file).st_mode):
                return file
            os.close(file)  # it was exchanged for something else
        raise PhotoError(f"{path} is not a file: choose a picture.")
    except PhotoError:
        raise
    except PermissionError as error:
        raise PhotoError(f"The file {path} may not be read: change its permissions.") from error
    except (OSError, ValueError) as error:  # a name that is too long or holds a zero byte, too
        raise PhotoError(f"There is no file {path}.") from error


def _pieces(file: int, length: int) -> Pieces:
    """Exactly so many bytes of a file, whoever changes it meanwhile."""
    while length > 0:
        try:
            piece = os.read(file, min(length, PIECE))
        except OSError as error:
            raise PhotoError("This file cannot be read: copy it to another place.") from error
        if not piece:
            raise PhotoError(DAMAGED)
        yield piece
        length -= len(piece)
