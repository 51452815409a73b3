"""The opcodes of pickle protocols 2 to 5, and how to read their arguments without keeping them.

Written from the table in Python's ``pickletools``; opcodes that no model file needs are left out,
and are refused. Bytes and long strings stay in the file: only where they lie is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from struct import unpack

from .formats import WeightsError

MOST_OPCODES = 200_000  # G, D and G_ema of 1024 px take 40,000
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

    def number(self, size: int) -> int:
        """An unsigned integer of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def skip(self, size: int, text: bool = False) -> Span:
        """Pass over bytes."""
        span = Span(self.file.tell(), size, text)
        if size > self.end - span.start:
            raise cut_short(self.end)
        self.file.seek(size, 1)
        return span

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


Reading = Callable[[Arguments], object]


def _none(_: Arguments) -> None:
    return None


def _fixed(value: object) -> Reading:
    return lambda _: value


def _number(size: int) -> Reading:
    return lambda arguments: arguments.number(size)


def _text(size: int) -> Reading:
    return lambda arguments: arguments.text(arguments.number(size))


def _bytes(size: int) -> Reading:
    return lambda arguments: arguments.skip(arguments.number(size))


def _signed(arguments: Arguments) -> int:
    return int.from_bytes(arguments.take(4), "little", signed=True)


def _long(arguments: Arguments) -> int:
    return int.from_bytes(arguments.take(arguments.number(1)), "little", signed=True)


def _float(arguments: Arguments) -> float:
    return float(unpack(">d", arguments.take(8))[0])


def _frame(arguments: Arguments) -> None:
    if arguments.number(8) > arguments.end - arguments.file.tell():
        raise cut_short(arguments.end)


def _two_lines(arguments: Arguments) -> tuple[str, str]:
    return arguments.line(), arguments.line()


OPCODES: dict[bytes, tuple[str, Reading]] = {
    b"\x80": ("protocol", _number(1)),
    b"\x95": ("frame", _frame),
    b".": ("stop", _none),
    b"(": ("mark", _none),
    b"N": ("push", _none),
    b"\x88": ("push", _fixed(True)),
    b"\x89": ("push", _fixed(False)),
    b")": ("push", _fixed(())),
    b"J": ("push", _signed),
    b"K": ("push", _number(1)),
    b"M": ("push", _number(2)),
    b"\x8a": ("push", _long),
    b"G": ("push", _float),
    b"\x8c": ("push", _text(1)),
    b"X": ("push", _text(4)),
    b"\x8d": ("push", _text(8)),
    b"C": ("push", _bytes(1)),
    b"B": ("push", _bytes(4)),
    b"\x8e": ("push", _bytes(8)),
    b"\x96": ("push", _bytes(8)),
    b"]": ("new", _fixed(list)),
    b"}": ("new", _fixed(dict)),
    b"\x8f": ("new", _fixed(set)),
    b"a": ("append", _none),
    b"e": ("appends", _none),
    b"s": ("setitem", _none),
    b"u": ("setitems", _none),
    b"\x90": ("additems", _none),
    b"t": ("tuple", _none),
    b"\x85": ("tuple_of", _fixed(1)),
    b"\x86": ("tuple_of", _fixed(2)),
    b"\x87": ("tuple_of", _fixed(3)),
    b"q": ("put", _number(1)),
    b"r": ("put", _number(4)),
    b"\x94": ("memoize", _none),
    b"h": ("get", _number(1)),
    b"j": ("get", _number(4)),
    b"c": ("named", _two_lines),
    b"\x93": ("stack_named", _none),
    b"R": ("make", _none),
    b"\x81": ("make", _none),
    b"b": ("build", _none),
    b"Q": ("persistent", _none),
}
"""What each opcode does, and how its argument is read."""


def opcodes(file: Source, end: int, most: int) -> Iterator[tuple[str, object]]:
    """(what to do, its argument) of each opcode from the file's position on, up to ``stop``.

    Raises:
        WeightsError: the file ends before that, is too long, or uses what no model file needs.
    """
    arguments = Arguments(file, end)
    for _ in range(most):
        code = arguments.take(1)
        if code not in OPCODES:
            raise WeightsError(
                f"This file is damaged or no model: it holds the pickle opcode {code!r}."
            )
        name, read = OPCODES[code]
        yield name, read(arguments)
        if name == "stop":
            return
    raise WeightsError(f"This file is no model: it takes more than {most} pickle opcodes.")
