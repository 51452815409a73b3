"""Pickles as data. Nothing that a pickle names is called or imported.

Python's ``pickle`` runs what a file tells it to. Here a small machine follows the opcodes and
builds plain values only; a call becomes an ``Object``: the name of what would have been called, and
what it would have been given. The names that model files need are listed; others are refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from .formats import WeightsError
from .objects import DICTIONARIES, NAMES, STORAGE, Name, Object, malformed, shown
from .opcodes import MOST_OPCODES, Source, opcodes

MOST_STACKED = 20_000  # a pickler stacks a thousand pairs a dictionary, a few dictionaries deep
LARGEST_KEY = 1 << 31


@dataclass(frozen=True, repr=False)
class Pickle:
    """A pickle's value, and the storages that lie outside of it (persistent ids)."""

    value: object
    storages: list[Object]


def read_pickle(file: Source, end: int, most: int = MOST_OPCODES) -> Pickle:
    """The pickle at the file's position, which is left after its STOP; at ``most`` so many opcodes.

    Raises:
        WeightsError: it ends too early, is malformed, too large, or names what is not listed.
    """
    machine = _Machine()
    for name, argument in opcodes(file, end, most):
        _ACTIONS[name](machine, argument)
        if len(machine.stack) > MOST_STACKED:
            raise WeightsError("This file is no model: its pickle stacks too many values.")
    if machine.marks or len(machine.stack) != 1:
        raise malformed()
    return Pickle(machine.stack[0], machine.storages)


@dataclass
class _Machine:
    stack: list[object] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)
    storages: list[Object] = field(default_factory=list)

    def pop(self, count: int) -> list[object]:
        """The topmost values, down to the last mark at most."""
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) - count < floor:
            raise malformed()
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def to_mark(self) -> list[object]:
        """The values above the last mark, which goes too."""
        if not self.marks:
            raise malformed()
        found = self.pop(len(self.stack) - self.marks[-1])
        self.marks.pop()
        return found

    def top(self) -> object:
        """The topmost value."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise malformed()
        return self.stack[-1]


def _protocol(_: _Machine, argument: object) -> None:
    if argument not in (2, 3, 4, 5):
        raise WeightsError(f"This file is no model: there is no pickle protocol {argument}.")


def _nothing(_: _Machine, argument: object) -> None:
    del argument


def _push(machine: _Machine, argument: object) -> None:
    machine.stack.append(argument)


def _mark(machine: _Machine, _: object) -> None:
    machine.marks.append(len(machine.stack))
    if len(machine.marks) > MOST_STACKED:
        raise malformed()


def _new(machine: _Machine, argument: object) -> None:
    machine.stack.append(cast(Callable[[], object], argument)())


def _append(machine: _Machine, _: object) -> None:
    _extend(machine, machine.pop(1))


def _appends(machine: _Machine, _: object) -> None:
    _extend(machine, machine.to_mark())


def _extend(machine: _Machine, found: list[object]) -> None:
    into = machine.top()
    if not isinstance(into, list):
        raise malformed()
    into.extend(found)


def _setitem(machine: _Machine, _: object) -> None:
    _set(machine, machine.pop(2))


def _setitems(machine: _Machine, _: object) -> None:
    _set(machine, machine.to_mark())


def _set(machine: _Machine, found: list[object]) -> None:
    into = machine.top()
    if len(found) % 2 or not isinstance(into, dict):
        raise malformed()
    into.update(zip(_keys(found[::2]), found[1::2], strict=True))


def _additems(machine: _Machine, _: object) -> None:
    found, into = machine.to_mark(), machine.top()
    if not isinstance(into, set):
        raise malformed()
    into.update(_keys(found))


def _keys(found: list[object]) -> list[object]:
    """Strings and small integers: other keys could be made to take for ever."""
    for key in found:
        small = type(key) is int and abs(key) < LARGEST_KEY
        if not small and type(key) is not str:
            raise malformed()
    return found


def _tuple(machine: _Machine, _: object) -> None:
    machine.stack.append(tuple(machine.to_mark()))


def _tuple_of(machine: _Machine, argument: object) -> None:
    machine.stack.append(tuple(machine.pop(cast(int, argument))))


def _put(machine: _Machine, argument: object) -> None:
    machine.memo[cast(int, argument)] = machine.top()


def _memoize(machine: _Machine, _: object) -> None:
    _put(machine, len(machine.memo))


def _get(machine: _Machine, argument: object) -> None:
    if argument not in machine.memo:
        raise malformed()
    machine.stack.append(machine.memo[cast(int, argument)])


def _named(machine: _Machine, argument: object) -> None:
    module, name = cast(tuple[str, str], argument)
    full = f"{module}.{name}".replace("numpy._core.", "numpy.core.", 1)
    full = full.replace("__builtin__.", "builtins.", 1)
    if full not in NAMES:
        raise WeightsError(
            f"This file asks for {shown(full)}, which no StyleGAN2 needs: do not trust it."
        )
    machine.stack.append(Name(full))


def _stack_named(machine: _Machine, _: object) -> None:
    module, name = machine.pop(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise malformed()
    _named(machine, (module, name))


def _make(machine: _Machine, _: object) -> None:
    maker, arguments = machine.pop(2)
    if not isinstance(maker, Name) or not isinstance(arguments, tuple):
        raise malformed()
    if maker.full in DICTIONARIES:
        if arguments:
            raise malformed()
        machine.stack.append({})
    else:
        machine.stack.append(Object(maker.full, arguments))


def _build(machine: _Machine, _: object) -> None:
    (state,) = machine.pop(1)
    made = machine.top()
    if isinstance(made, Object) and made.state is None:
        made.state = state
    elif not isinstance(made, dict):  # attributes of an OrderedDict, which hold no tensors
        raise malformed()


def _persistent(machine: _Machine, _: object) -> None:
    (found,) = machine.pop(1)
    if (
        not isinstance(found, tuple)
        or len(found) not in (5, 6)
        or found[0] != "storage"
        or found[5:] not in ((), (None,))
    ):
        raise malformed()
    storage = Object(STORAGE, found[1:5])
    machine.storages.append(storage)
    machine.stack.append(storage)


_ACTIONS: dict[str, Callable[[_Machine, object], None]] = {
    "protocol": _protocol,
    "frame": _nothing,
    "stop": _nothing,
    "mark": _mark,
    "push": _push,
    "new": _new,
    "append": _append,
    "appends": _appends,
    "setitem": _setitem,
    "setitems": _setitems,
    "additems": _additems,
    "tuple": _tuple,
    "tuple_of": _tuple_of,
    "put": _put,
    "memoize": _memoize,
    "get": _get,
    "named": _named,
    "stack_named": _stack_named,
    "make": _make,
    "build": _build,
    "persistent": _persistent,
}
