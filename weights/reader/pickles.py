"""Pickles as data. Nothing that a pickle names is called or imported.

Python's ``pickle`` runs what a file tells it to. Here a small machine follows the opcodes and
builds plain values only; a call becomes an ``Object``: the name of what would have been called, and
what it would have been given. The names that model files need are listed; others are refused, and
so are opcodes that no model file needs (the table is that of Python's ``pickletools``).
"""

from collections.abc import Callable
from typing import Any

from ..files import WeightsError
from .arguments import Arguments, Source
from .objects import DICTIONARIES, NAMES, WIDTHS, Name, Object, Storage, malformed, shown

MOST_OPCODES = 200_000  # G, D and G_ema of 1024 px take 40,000
MOST_STACKED = 20_000  # a pickler stacks a thousand pairs a dictionary, a few dictionaries deep
LARGEST_KEY = 1 << 31


def read_pickle(
    file: Source, end: int, most: int = MOST_OPCODES
) -> tuple[object, dict[str, Storage]]:
    """The pickle at the file's position, which is left after its STOP; at ``most`` so many opcodes.

    Returns:
        Its value, and the storages that lie outside of it (persistent ids), by their keys.

    Raises:
        WeightsError: it ends too early, is malformed, too large, or names what is not listed.
    """
    machine, arguments = _Machine(), Arguments(file, end)
    for _ in range(most):
        code = arguments.take(1)
        if code not in OPCODES:
            raise WeightsError(
                f"This file is damaged or no model: it holds the pickle opcode {code!r}."
            )
        act, read = OPCODES[code]
        act(machine, read(arguments))
        if len(machine.stack) > MOST_STACKED:
            raise WeightsError("This file is no model: its pickle stacks too many values.")
        if code == b".":
            break
    else:
        raise WeightsError(f"This file is no model: it takes more than {most} pickle opcodes.")
    if machine.marks or len(machine.stack) != 1:
        raise malformed()
    return machine.stack[0], machine.storages


class _Machine:
    """A pickle's stack and memo. Where an opcode may take all down to a mark, its count is None."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.storages: dict[str, Storage] = {}

    def pop(self, count: int | None) -> list[object]:
        """So many of the topmost values, or those above the last mark, which goes too."""
        floor = self.marks[-1] if self.marks else 0
        start = floor if count is None else len(self.stack) - count
        if start < floor or (count is None and not self.marks):
            raise malformed()
        if count is None:
            self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def top(self) -> object:
        """The topmost value."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise malformed()
        return self.stack[-1]

    def nothing(self, _: None) -> None:
        pass

    def protocol(self, number: int) -> None:
        if number not in (2, 3, 4, 5):
            raise WeightsError(f"This file is no model: there is no pickle protocol {number}.")

    def push(self, value: object) -> None:
        self.stack.append(value)

    def new(self, kind: Callable[[], object]) -> None:
        self.stack.append(kind())

    def mark(self, _: None) -> None:
        self.marks.append(len(self.stack))
        if len(self.marks) > MOST_STACKED:
            raise malformed()

    def append(self, count: int | None) -> None:
        found, into = self.pop(count), self.top()
        if not isinstance(into, list):
            raise malformed()
        into.extend(found)

    def set_items(self, count: int | None) -> None:
        found, into = self.pop(count), self.top()
        if len(found) % 2 or not isinstance(into, dict):
            raise malformed()
        into.update(zip(_keys(found[::2]), found[1::2], strict=True))

    def add_items(self, _: None) -> None:
        found, into = self.pop(None), self.top()
        if not isinstance(into, set):
            raise malformed()
        into.update(_keys(found))

    def make_tuple(self, count: int | None) -> None:
        self.stack.append(tuple(self.pop(count)))

    def put(self, key: int | None) -> None:
        self.memo[len(self.memo) if key is None else key] = self.top()

    def get(self, key: int) -> None:
        if key not in self.memo:
            raise malformed()
        self.stack.append(self.memo[key])

    def name(self, words: list[object] | None) -> None:
        module, name = words or self.pop(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise malformed()
        full = f"{module}.{name}".replace("numpy._core.", "numpy.core.", 1)
        full = full.replace("__builtin__.", "builtins.", 1)
        if full not in NAMES:
            raise WeightsError(
                f"This file asks for {shown(full)}, which no StyleGAN2 needs: do not trust it."
            )
        self.stack.append(Name(full))

    def make(self, _: None) -> None:
        maker, arguments = self.pop(2)
        if not isinstance(maker, Name) or not isinstance(arguments, tuple):
            raise malformed()
        if maker.full in DICTIONARIES and arguments:
            raise malformed()
        self.stack.append({} if maker.full in DICTIONARIES else Object(maker.full, arguments))

    def build(self, _: None) -> None:
        (state,), made = self.pop(1), self.top()
        if isinstance(made, Object) and made.state is None:
            made.state = state
        elif not isinstance(made, dict):  # attributes of an OrderedDict, which hold no tensors
            raise malformed()

    def persist(self, _: None) -> None:
        match self.pop(1)[0]:
            case ("storage", Name(full), str(key), _, int(count), *view):
                kind = full.removeprefix("torch.").removesuffix("Storage")
                if kind not in WIDTHS or count < 0 or view not in ([], [None]):
                    raise malformed()
                self.storages[key] = Storage(kind, key, count)
                self.stack.append(self.storages[key])
            case _:
                raise malformed()


def _keys(found: list[object]) -> list[object]:
    """Strings and small integers: other keys could be made to take for ever."""
    for key in found:
        small = type(key) is int and abs(key) < LARGEST_KEY
        if not small and type(key) is not str:
            raise malformed()
    return found


Reading = Callable[[Arguments], Any]


def _fixed(value: object) -> Reading:
    return lambda _: value


def _number(size: int, signed: bool = False) -> Reading:
    return lambda arguments: arguments.number(size, signed)


def _text(size: int) -> Reading:
    return lambda arguments: arguments.text(arguments.number(size))


def _bytes(size: int) -> Reading:
    return lambda arguments: arguments.skip(arguments.number(size))


_NONE, _DO = _fixed(None), _Machine
OPCODES: dict[bytes, tuple[Callable[[_Machine, Any], None], Reading]] = {
    b"\x80": (_DO.protocol, _number(1)),
    b"\x95": (_DO.nothing, Arguments.frame),
    b".": (_DO.nothing, _NONE),
    b"(": (_DO.mark, _NONE),
    b"N": (_DO.push, _NONE),
    b"\x88": (_DO.push, _fixed(True)),
    b"\x89": (_DO.push, _fixed(False)),
    b")": (_DO.push, _fixed(())),
    b"J": (_DO.push, _number(4, signed=True)),
    b"K": (_DO.push, _number(1)),
    b"M": (_DO.push, _number(2)),
    b"\x8a": (_DO.push, Arguments.long),
    b"G": (_DO.push, Arguments.real),
    b"\x8c": (_DO.push, _text(1)),
    b"X": (_DO.push, _text(4)),
    b"\x8d": (_DO.push, _text(8)),
    b"C": (_DO.push, _bytes(1)),
    b"B": (_DO.push, _bytes(4)),
    b"\x8e": (_DO.push, _bytes(8)),
    b"\x96": (_DO.push, _bytes(8)),
    b"]": (_DO.new, _fixed(list)),
    b"}": (_DO.new, _fixed(dict)),
    b"\x8f": (_DO.new, _fixed(set)),
    b"a": (_DO.append, _fixed(1)),
    b"e": (_DO.append, _NONE),
    b"s": (_DO.set_items, _fixed(2)),
    b"u": (_DO.set_items, _NONE),
    b"\x90": (_DO.add_items, _NONE),
    b"t": (_DO.make_tuple, _NONE),
    b"\x85": (_DO.make_tuple, _fixed(1)),
    b"\x86": (_DO.make_tuple, _fixed(2)),
    b"\x87": (_DO.make_tuple, _fixed(3)),
    b"q": (_DO.put, _number(1)),
    b"r": (_DO.put, _number(4)),
    b"\x94": (_DO.put, _NONE),
    b"h": (_DO.get, _number(1)),
    b"j": (_DO.get, _number(4)),
    b"c": (_DO.name, lambda arguments: [arguments.line(), arguments.line()]),
    b"\x93": (_DO.name, _NONE),
    b"R": (_DO.make, _NONE),
    b"\x81": (_DO.make, _NONE),
    b"b": (_DO.build, _NONE),
    b"Q": (_DO.persist, _NONE),
}
"""What each opcode does, and how its argument is read."""
