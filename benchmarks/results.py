"""What ``python -m benchmarks`` found, in a file; a part of it can be measured at a time.

The file holds ``machine``, ``versions``, and ``runs`` by name. Of each run, beside what runner.py
says of it: ``date`` and ``commit`` ("" of none) when it began, ``dirty``, whether something was not
committed then, and ``quick``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from weights.files import whole

from .machine import machine, versions
from .runner import NOT_RUN
from .runs import RUNS

Entry = Mapping[str, Any]
ORDER = {run.name: place for place, run in enumerate(RUNS)}
OF_ENTRY = {
    "group": str, "measures": str, "command": str, "date": str, "commit": str, "dirty": bool,
    "quick": bool,
}  # fmt: skip


class ResultsError(ValueError):
    """Says why a file cannot be read, or not be added to."""


@dataclass(frozen=True)
class Results:
    """All that is known of one machine."""

    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]
    runs: Mapping[str, Entry]

    def ordered(self) -> "Results":
        """The runs in the order of RUNS; those that it no longer has come last."""
        names = sorted(self.runs, key=lambda name: ORDER.get(name, len(ORDER)))
        return replace(self, runs={name: self.runs[name] for name in names})


def read(file: Path) -> Results:
    """What a file holds."""
    try:
        known = _mapping(json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise ResultsError(f"{file} cannot be read ({type(error).__name__}).") from error
    except (ValueError, RecursionError):
        known = {}
    parts = [_mapping(known.get(name)) for name in ("machine", "versions", "runs")]
    if not all(parts[:2]) or "runs" not in known or not all(map(_is_entry, parts[2].values())):
        raise ResultsError(f"{file} holds no results of `python -m benchmarks`: name another file.")
    return Results(*parts).ordered()


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_entry(value: Any) -> bool:
    entry = _mapping(value)
    tables = [entry.get("rows", []), *_mapping(entry.get("more")).values()]
    plain = all(isinstance(rows, list) for rows in tables)
    plain = plain and all(isinstance(row, dict) for rows in tables for row in rows)
    return plain and all(isinstance(entry.get(name), kind) for name, kind in OF_ENTRY.items())


def begin(file: Path) -> None:
    """Make sure that this machine's runs can be put into a file, and that there is one."""
    here = Results(machine(), versions(), {})
    there = read(file) if file.exists() else here
    differ = [*_differing(there.machine, here.machine), *_differing(there.versions, here.versions)]
    if differ:
        raise ResultsError(
            f"{file} was measured elsewhere ({'; '.join(differ)}): name another file."
        )
    _write(file, there)


def _differing(there: Entry, here: Entry) -> Iterator[str]:
    for name in {**there, **here}:
        if there.get(name) != here.get(name):
            yield f"{name}: {there.get(name)} there, {here.get(name)} here"


def put(file: Path, name: str, entry: Entry) -> bool:
    """Have a run say this from now on; False if it was not run, and the file's figures stay.

    The file is read anew, so that what others have put there meanwhile stays, too.
    """
    known = read(file)
    if NOT_RUN in entry and "rows" in known.runs.get(name, {}):
        return False
    _write(file, replace(known, runs={**known.runs, name: entry}))
    return True


def _write(file: Path, results: Results) -> None:
    """The whole of it, or nothing."""
    try:
        with whole(file) as stream:
            stream.write(json.dumps(asdict(results.ordered()), indent=1).encode())
    except OSError as error:
        raise ResultsError(f"{file} cannot be written ({type(error).__name__}).") from error


def moment(entry: Entry) -> str:
    """When a run was measured, and of which commit."""
    changed = " with changes" if entry["dirty"] else ""
    state = f"`{entry['commit'][:12]}`{changed}" if entry["commit"] else "unknown commit"
    return f"{entry['date'][:10]}, {state}{', quick' if entry['quick'] else ''}"
