"""Changed and made-up model files: how many are read a second, and whether any surprises.

    python -m benchmarks.trust.weights_fuzz --seconds 60

A surprise is any outcome but a model and a ``WeightsError``.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from stylegan import Config, Generator
from weights.checkpoints import open_model
from weights.files import WeightsError
from weights.reader.pickles import OPCODES

from ..tables import table, write
from .hostile.pickle_writer import nvidia, pickled, rosinality, snapshot, tensorflow, torch_saved

TINY = Config(8, 4, 4, 32, 4, mapping_layers=1, mapping_features=4)
LIMITS = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80")
MOST_CHANGES = 8
LONGEST = 400  # opcodes of a made-up pickle


@dataclass
class Outcome:
    """What became of the files; ``slowest`` in seconds, ``peak`` in bytes."""

    read: int = 0
    refused: int = 0
    surprises: list[str] = field(default_factory=list[str])
    slowest: float = 0.0
    peak: int = 0


def seeds() -> list[bytes]:
    """A small model in each format that is read."""
    torch.manual_seed(0)
    generator = Generator(TINY).requires_grad_(False)
    whole = snapshot(nvidia(generator))
    files = [pickled(whole, protocol) for protocol in (2, 3, 4, 5)]
    files += [pickled((tensorflow(generator),) * 3), torch_saved(nvidia(generator))]
    return files + [torch_saved(rosinality(generator), zipped) for zipped in (True, False)]


def fuzz(
    seeds: list[bytes], file: Path, count: int = 1 << 60, seconds: float = 1e9, seed: int = 0
) -> Outcome:
    """Read changed seeds and made-up pickles from ``file``, until one of the limits is reached."""
    source, outcome, end = np.random.default_rng(seed), Outcome(), time.monotonic() + seconds
    file.write_bytes(seeds[0])
    open_model(file)  # what PyTorch loads at its first use is loaded then
    tracemalloc.start()
    for number in range(count):
        if time.monotonic() > end:
            break
        file.write_bytes(made_up(source) if number % 4 == 0 else changed(seeds, source))
        begin = time.monotonic()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        _read(file, outcome)
        outcome.slowest = max(outcome.slowest, time.monotonic() - begin)
        outcome.peak = max(outcome.peak, tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    return outcome


def _read(file: Path, outcome: Outcome) -> None:
    try:
        open_model(file)
        outcome.read += 1
    except WeightsError:
        outcome.refused += 1
    except BaseException as error:
        outcome.surprises.append(repr(error))


def changed(seeds: list[bytes], source: np.random.Generator) -> bytes:
    """One of the seeds after a few changes."""
    data = bytearray(seeds[source.integers(len(seeds))])
    for _ in range(source.integers(1, MOST_CHANGES + 1)):
        change = CHANGES[source.integers(len(CHANGES))]
        change(data, int(source.integers(len(data) + 1)), source)
    return bytes(data)


def _flip(data: bytearray, at: int, source: np.random.Generator) -> None:
    data[at : at + 1] = bytes([source.integers(256)])


def _limit(data: bytearray, at: int, source: np.random.Generator) -> None:
    value = LIMITS[source.integers(len(LIMITS))]
    data[at : at + len(value)] = value


def _opcode(data: bytearray, at: int, source: np.random.Generator) -> None:
    data[at : at + 1] = list(OPCODES)[source.integers(len(OPCODES))]


def _cut(data: bytearray, at: int, source: np.random.Generator) -> None:
    del data[at : at + int(source.integers(1, 64))]


def _repeat(data: bytearray, at: int, source: np.random.Generator) -> None:
    data[at:at] = data[at : at + int(source.integers(1, 64))]


def _end(data: bytearray, at: int, source: np.random.Generator) -> None:
    if source.random() < 0.2:
        del data[at + 1 :]


Warp = Callable[[bytearray, int, np.random.Generator], None]
CHANGES: list[Warp] = [_flip, _limit, _opcode, _cut, _repeat, _end]


def made_up(source: np.random.Generator) -> bytes:
    """A pickle of opcodes drawn at random, with short arguments."""
    codes = list(OPCODES)
    body = [b"\x80\x04"]
    for _ in range(source.integers(1, LONGEST)):
        code = codes[source.integers(len(codes))]
        if code in (b"X", b"B", b"\x8c", b"C"):
            width = 4 if code in b"XB" else 1
            body.append(code + (3).to_bytes(width, "little") + b"abc")
        elif code not in (b".", b"\x80", b"\x95"):
            body.append(code + (source.bytes(1) if code in b"qhKM\x8a" else b""))
    return b"".join([*body, b"."])


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = fuzz(seeds(), Path(folder) / "model", seconds=args.seconds, seed=args.seed)
    tried = found.read + found.refused + len(found.surprises)
    row: dict[str, object] = {
        "files": tried, "a second": tried / args.seconds, "read": found.read,
        "refused": found.refused, "surprises": len(found.surprises),
        "slowest, s": found.slowest, "peak MB": found.peak / 1e6,
    }  # fmt: skip
    table([row])
    for surprise in sorted(set(found.surprises)):
        print(surprise)
    write(args.json, {"rows": [row]})


if __name__ == "__main__":
    main()
