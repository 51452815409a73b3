"""Damaged files: what a disk, a crash, another program or a stranger leaves in a file's place.

Each damage takes the place of a good safetensors file, and a good file of another fit.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from weights.tensors import dump

Damage = Callable[[Path, Path], object]
Parts = tuple[dict[str, Tensor], dict[str, str]]


def contents(file: Path) -> Parts:
    """(tensors, metadata), which do not hang on the file."""
    with safe_open(file, framework="pt") as archive:
        tensors = {name: archive.get_tensor(name).clone() for name in archive.keys()}  # noqa: SIM118
        return tensors, dict(archive.metadata() or {})


def _bytes(change: Callable[[bytes], bytes]) -> Damage:
    return lambda file, _: file.write_bytes(change(file.read_bytes()))


def _flipped(share: float, bit: int = 0) -> Damage:
    """One bit, so far between the header's begin and the file's end."""

    def change(data: bytes) -> bytes:
        where = min(int(share * len(data)), len(data) - 1)
        return data[:where] + bytes([data[where] ^ 1 << bit]) + data[where + 1 :]

    return _bytes(change)


def _in_header(share: float, bit: int) -> Damage:
    def change(data: bytes) -> bytes:
        where = 8 + int(share * int.from_bytes(data[:8], "little"))
        return data[:where] + bytes([data[where] ^ 1 << bit]) + data[where + 1 :]

    return _bytes(change)


def _word(old: str, new: str) -> Damage:
    """Another word of the same length in the header."""
    assert len(old) == len(new)
    return _bytes(lambda data: data.replace(old.encode(), new.encode(), 1))


def _made(make: Callable[[Path, Path], object]) -> Damage:
    """Something else in the file's place."""

    def change(file: Path, other: Path) -> None:
        file.unlink()
        make(file, other)

    return change


def _folder(file: Path, _: Path) -> None:
    file.mkdir()
    (file / "mine.txt").write_text("keep")


DAMAGES: dict[str, Damage] = {
    "empty": _bytes(lambda data: b""),
    "cut after the length": _bytes(lambda data: data[:8]),
    "cut in the header": _bytes(lambda data: data[:50]),
    "cut in the middle": _bytes(lambda data: data[: len(data) // 2]),
    "one byte too few": _bytes(lambda data: data[:-1]),
    "one byte too many": _bytes(lambda data: data + b"\0"),
    "twice": _bytes(lambda data: data + data),
    "zeros": _bytes(lambda data: bytes(len(data))),
    "words": _bytes(lambda data: b"words" * 99),
    "a header without end": _bytes(lambda data: b"\xff" * 8 + data[8:]),
    "a header of nothing": _bytes(lambda data: bytes(8) + data[8:]),
    "a header that is no text": _bytes(lambda data: data[:9] + b"\xff\xfe" + data[11:]),
    "a deep header": _bytes(lambda _: (9999).to_bytes(8, "little") + b"[" * 9999),
    **{f"bit {n} of the length": _flipped(0.0, n) for n in (0, 3, 7)},
    **{f"a bit at {n} % of the header": _in_header(n / 100, n % 7) for n in range(0, 100, 7)},
    **{f"a bit at {n} % of the file": _flipped(n / 100, n % 8) for n in (60, 75, 90, 100)},
    "another kind of numbers": _word('"F32"', '"I32"'),
    "numbers nobody knows": _word('"F32"', '"F4_"'),
    "a shape that is none": _word('"shape":[', '"shape": '),
    "another's": lambda file, other: shutil.copyfile(other, file),
    "a link to another's": _made(lambda file, other: file.symlink_to(other)),
    "a link to nowhere": _made(lambda file, _: file.symlink_to(file.with_name("gone"))),
    "a link to itself": _made(lambda file, _: file.symlink_to(file)),
    "a device": _made(lambda file, _: file.symlink_to("/dev/zero")),
    "a pipe": _made(lambda file, _: os.mkfifo(file)),
    "an empty folder": _made(lambda file, _: file.mkdir()),
    "a folder": _made(_folder),
    "out of reach": lambda file, _: file.chmod(0),
}
"""What any file may come to; only the last one may still be read, by who may read everything."""


def _each(change: Callable[[Tensor], Tensor]) -> Callable[[Parts], object]:
    return lambda parts: parts[0].update({n: change(t) for n, t in parts[0].items()})


def _last(value: float) -> Callable[[Parts], object]:
    """The last number of every tensor of fractions that can hold it."""

    def change(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point():
            tensor.view(-1)[-1:] = value
        return tensor

    return _each(change)


def _longer(tensor: Tensor) -> Tensor:
    return torch.cat([tensor.reshape(-1), tensor.reshape(-1)])


def _without_one(parts: Parts) -> None:
    parts[0].pop(sorted(parts[0])[-1])


def _renamed(parts: Parts) -> None:
    parts[0]["other"] = parts[0].pop(sorted(parts[0])[-1])


CHANGES: dict[str, Callable[[Parts], object]] = {
    "nothing in it": lambda parts: parts[0].clear(),
    "one tensor too few": _without_one,
    "one tensor too many": lambda parts: parts[0].update(more=torch.zeros(3)),
    "a weight nobody knows": lambda parts: parts[0].update(
        {"delta.synthesis.b4096.const": torch.zeros(3).half(), "delta x": torch.zeros(3).half()}
    ),
    "another name": _renamed,
    "other shapes": _each(_longer),
    "no shapes": _each(lambda tensor: tensor.sum()),
    "one more axis": _each(lambda tensor: tensor[None]),
    "empty tensors": _each(lambda tensor: tensor.reshape(-1)[:0]),
    "double precision": _each(Tensor.double),
    "half of it": _each(Tensor.half),
    "whole numbers": _each(Tensor.int),
    "bytes": _each(Tensor.byte),
    "yes and no": _each(Tensor.bool),
    "no numbers": _last(torch.nan),
    "numbers without end": _last(-torch.inf),
    "large numbers": _last(1e30),
    "no texts": lambda parts: parts[1].clear(),
    "other texts": lambda parts: parts[1].update(dict.fromkeys(parts[1], "")),
    "texts nobody knows": lambda parts: parts[1].update(more="words"),
    "figures that are none": lambda parts: parts[1].update(figures="a b c d"),
    "figures without end": lambda parts: parts[1].update(figures="nan inf inf inf"),
    "figures from beyond": lambda parts: parts[1].update(figures="0.1 0.1 99 3"),
    "another stage": lambda parts: parts[1].update(stage="sleep"),
}
"""What the contents of a file may be instead."""


def rewritten(file: Path, change: Callable[[Parts], object]) -> Parts:
    """A file with other contents; gives them back."""
    parts = contents(file)
    change(parts)
    with file.open("wb") as stream:
        dump(parts[0], parts[1], stream)
    return parts
