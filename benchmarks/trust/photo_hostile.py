"""Pictures that mean harm: what becomes of them, how long it takes, and how much memory.

    python -m benchmarks.trust.photo_hostile [--group large]

A surprise is any outcome but a photo and a ``PhotoError``. Memory is Linux's to tell.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from unittest.mock import patch

from photo import PhotoError, read_photo
from photo.decoder import pool
from photo.decoder.process import Worker

from ..tables import table, write
from .hostile.pictures import corpus

NAME = 48  # letters of a name that are shown


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    ``said`` is the sentence, "" for a photo; ``rise`` how many bytes this process grew while it
    was read, ``peak`` how many the worker has had at most.
    """

    said: str
    surprise: bool
    seconds: float
    rise: int
    peak: int


def outcomes(
    pictures: Mapping[str, Callable[[], bytes]], fresh: bool = True
) -> Iterator[tuple[str, Outcome]]:
    """(name, what became of it) for each, made just before it is read.

    Each has a ``fresh`` worker, so that its peak is its own; otherwise workers are reused.
    """
    peaks: list[int] = []
    with patch.object(Worker, "end", partialmethod(_noted, Worker.end, peaks)):
        for name, make in pictures.items():
            peaks.clear()
            yield name, _outcome(make(), peaks, fresh)


def _outcome(file: bytes, peaks: list[int], fresh: bool) -> Outcome:
    Path("/proc/self/clear_refs").write_text("5")  # the highest memory is counted anew
    said, surprise, before, begin = "", False, memory("self", "VmRSS"), time.monotonic()
    try:
        read_photo(file)
    except PhotoError as error:
        said = str(error)
    except BaseException as error:
        said, surprise = repr(error), True
    seconds, rise = time.monotonic() - begin, memory("self", "VmHWM") - before
    if fresh:
        pool.close()
    return Outcome(said, surprise, seconds, rise, max(peaks, default=0))


def _noted(worker: Worker, end: Callable[[Worker], None], peaks: list[int]) -> None:
    """Note how much memory it has had, and end it."""
    peaks.append(memory(str(worker.pid), "VmHWM"))
    end(worker)


def memory(process: str, what: str) -> int:
    """Bytes of a process, 0 of one that is gone; VmRSS is now, VmHWM at most."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(what)), 0)


def rows(found: Mapping[str, Outcome]) -> list[dict[str, object]]:
    """One for each group, and one for all."""
    groups = dict.fromkeys(name.split(":")[0] for name in found)
    parts = {
        group: {n: o for n, o in found.items() if n.startswith(f"{group}:")} for group in groups
    }
    return [_row(name, part) for name, part in (parts | {"all": found}).items()]


def _row(group: str, part: Mapping[str, Outcome]) -> dict[str, object]:
    photos, odd = (
        sum(x) for x in zip(*[(not o.said, o.surprise) for o in part.values()], strict=True)
    )
    rise, peak = (
        max(x) / 1e6 for x in zip(*[(o.rise, o.peak) for o in part.values()], strict=True)
    )
    slowest = max(part, key=lambda name: part[name].seconds)
    return {
        "group": group, "files": len(part), "photos": photos, "said": len(part) - photos - odd,
        "odd": odd, "MB": rise, "worker, MB": peak, "slowest, s": part[slowest].seconds,
        "which": slowest[:NAME],
    }  # fmt: skip


def main() -> None:
    """Print a table, then the surprises."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", default="", help="only this one")
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    pictures = {name: make for name, make in corpus().items() if name.startswith(args.group)}
    found = dict(outcomes(pictures))
    table(rows(found))
    for name, outcome in found.items():
        if outcome.surprise:
            print(name, outcome.said)
    write(args.json, {"rows": rows(found)})


if __name__ == "__main__":
    main()
