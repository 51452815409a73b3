"""The arguments of pickle opcodes, read without keeping what is long.

Bytes and long strings stay in the file: only where they lie is read.
"""

from dataclasses import dataclass
from io import BufferedReader, BytesIO
from struct import unpack

from ..files import WeightsError

LONG = 1024  # bytes: strings longer than this (source texts) stay in the file
MOST_TEXT = 16 << 20  # bytes of the other strings, together

Source = BufferedReader | BytesIO


@dataclass(frozen=True, slots=True)
class Span:
    """Where bytes lie in the file that is being read; ``text``: as a string, in UTF-8."""

    start: int
    size: int
    text: bool = False


class Arguments:
    """Reads the arguments of opcodes, never beyond ``end``.

    Raises:
        WeightsError: from all methods, where the file ends too early or an argument is too large.
    """

    def __init__(self, file: Source, end: int):
        self.file, self.end, self.room = file, end, MOST_TEXT

    def take(self, size: int) -> bytes:
        """The next bytes."""
        found = self.file.read(size) if self.file.tell() + size <= self.end else b""
        if len(found) != size:
            raise cut_short(self.end)
        return found

    def number(self, size: int, signed: bool = False) -> int:
        """An integer of so many bytes."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def long(self) -> int:
        """An integer that says how many bytes it has."""
        return self.number(self.number(1), signed=True)

    def real(self) -> float:
        """A floating-point number."""
        return float(unpack(">d", self.take(8))[0])

    def skip(self, size: int, text: bool = False) -> Span:
        """Pass over bytes."""
        span = Span(self.file.tell(), size, text)
        if size > self.end - span.start:
            raise cut_short(self.end)
        self.file.seek(size, 1)
        return span

    def frame(self) -> None:
        """How much follows, which must be there."""
        if self.number(8) > self.end - self.file.tell():
            raise cut_short(self.end)

    def text(self, size: int) -> str | Span:
        """A string of so many bytes."""
        if size > LONG:
            return self.skip(size, text=True)
        return self._string(self.take(size))

    def line(self) -> str:
        """A string up to the next line break."""
        found = self.file.readline(LONG)
        if not found.endswith(b"\n") or self.file.tell() > self.end:
            raise cut_short(self.end)
        return self._string(found[:-1])

    def _string(self, found: bytes) -> str:
        self.room -= len(found)
        if self.room < 0:
            raise WeightsError("This file holds more text than any model: it was not opened.")
        try:
            return found.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise WeightsError("This file is damaged: download it again.") from error


def cut_short(size: int) -> WeightsError:
    """What to say of a file that ends in the middle of something."""
    have = f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size} bytes"
    return WeightsError(f"The download is incomplete: the file ends after {have}; load it again.")
