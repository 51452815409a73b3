"""One worker as its parent sees it: a file goes in, a photo or a sentence comes out, in time."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader, FileIO, IOBase
from pathlib import Path
from typing import cast

import numpy as np
import PIL
from jaxtyping import UInt8

from .bounds import LARGEST_ASPECT, MOST_PIXELS, NotNowError, PhotoError
from .protocol import ANSWER, LENGTH, PHOTO, PLACE, READY

Photo = UInt8[np.ndarray, "h w 3"]
Sent = UInt8[np.ndarray, "h w 3"] | UInt8[np.ndarray, "h w 4"]
"""A photo as it was sent: RGB, and RGBA where it is transparent."""
SECONDS = 60  # for one picture, by the clock
PIPE = 2**20  # bytes that may be under way
LONGEST_SENTENCE = 1000  # bytes
KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # to find libraries
# The rooms' own __init__ are left out: numpy and jaxtyping would take three times as long to load.
BEGIN = """
import sys, types
decoder = types.ModuleType("decoder")
decoder.__path__ = [sys.argv[1]]
sys.modules["decoder"] = decoder
sys.path.append(sys.argv[2])
from decoder.worker import main
main()
"""
TOO_LONG = "This picture takes too long to decode: save or export it again."
DIED = "This picture cannot be decoded: save or export it again as JPEG or PNG."
NO_START = "Photos cannot be opened now: the program could not start its decoder. Try again."


class Worker:
    """A process that decodes one picture at a time, and keeps nothing of it.

    ``fresh`` tells whether it may be asked again: it has answered, and is still small.
    """

    def __init__(self) -> None:
        self.fresh, self._ready, self._late = False, False, False
        try:
            self._process = _started()
        except OSError as error:
            raise NotNowError(NO_START) from error
        self._requests = cast(FileIO, self._process.stdin)
        self._answers = BufferedReader(cast(FileIO, self._process.stdout))
        _widen(self._requests, self._answers)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def decode(self, length: int, file: Iterable[bytes | memoryview]) -> Sent:
        """Upright sRGB pixels of a file of so many bytes, given in pieces.

        Raises:
            PhotoError: it is no photo, or takes more time or memory than a photo may.
        """
        self.fresh = False
        timer = threading.Timer(SECONDS, self._stop)
        timer.daemon = True
        timer.start()
        try:
            return self._asked(length, file)
        except (EOFError, OSError) as error:
            raise PhotoError(self._why()) from error
        finally:
            timer.cancel()

    def is_idle(self) -> bool:
        """Whether it is there and waits for a file."""
        return self.fresh and not self._late and self._process.poll() is None

    def end(self) -> None:
        """Nothing of it is left, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()

    def abandon(self) -> None:
        """Let go of it: it belongs to the process that this one was forked from."""
        self._requests.close()
        self._answers.close()
        self._process.returncode = 0  # nobody here has to wait for it

    def _asked(self, length: int, file: Iterable[bytes | memoryview]) -> Sent:
        if not self._ready and self._answers.read(1) != READY:
            raise PhotoError(TOO_LONG) if self._late else NotNowError(NO_START)
        self._ready = True
        self._write(LENGTH.pack(length))
        for piece in file:
            self._write(piece)
        kind, large, first, second = ANSWER.unpack(self._read(ANSWER.size))
        if kind in PHOTO:
            said = self._photo(first, second, PHOTO[kind])
        else:
            said = self._read(min(first, LONGEST_SENTENCE)).decode("utf-8", "replace")
        self.fresh = not large
        if isinstance(said, str):
            raise PhotoError(said)
        return said

    def _photo(self, width: int, height: int, channels: int) -> Sent:
        """Filled by tiles; what a worker says is not believed."""
        long, short = max(width, height), min(width, height)
        if long * short > MOST_PIXELS or long > LARGEST_ASPECT * short:
            raise EOFError
        photo, left = np.empty((height, width, channels), np.uint8), width * height
        while left > 0:
            x, y, wide, high = PLACE.unpack(self._read(PLACE.size))
            tile = photo[y : y + high, x : x + wide]
            if tile.shape[:2] != (high, wide) or not tile.size:
                raise EOFError
            if tile.flags.c_contiguous:
                self._fill(tile.reshape(-1).data)
            else:
                tile[...] = np.frombuffer(self._read(tile.size), np.uint8).reshape(tile.shape)
            left -= wide * high
        return photo

    def _write(self, data: bytes | memoryview) -> None:
        left = memoryview(data)
        while left:
            left = left[self._requests.write(left) :]

    def _read(self, count: int) -> bytes:
        data = self._answers.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def _fill(self, place: memoryview) -> None:
        if self._answers.readinto(place) < len(place):
            raise EOFError

    def _stop(self) -> None:
        self._late = True
        self._process.kill()

    def _why(self) -> str:
        """The sentence for one that has died."""
        self._process.kill()
        code = self._process.wait()
        late = self._late or (hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU)
        return TOO_LONG if late else DIED


def _widen(*pipes: IOBase) -> None:
    """Let more be under way: pixels then cost this process a fifth of the time."""
    with suppress(ModuleNotFoundError, AttributeError, OSError):  # not Linux, or no more is allowed
        import fcntl

        for pipe in pipes:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def _started() -> "subprocess.Popen[bytes]":
    """With the standard library and Pillow in reach, and little of our environment."""
    here, libraries = Path(__file__).parent, Path(PIL.__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", BEGIN, str(here), str(libraries)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        bufsize=0, close_fds=True,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
