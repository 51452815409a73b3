"""Benchmarks one after the other, each in a process of its own; none loses the others' figures."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .figures import tables
from .machine import HAS, ROOT, now
from .runs import PHOTO, Run

NOT_RUN, FAILED = "not run", "failed"
STOPPED = "stopped"
PATIENCE = 20.0  # s that a benchmark has to end what it began
Outcome = dict[str, object]


@dataclass(frozen=True)
class Job:
    """A command that takes ``--json FILE``; ``shown`` names what was given in place of its path."""

    name: str
    shown: str
    command: tuple[str, ...]
    lacks: str = ""


def job(run: Run, quick: bool, given: Mapping[str, Path]) -> Job:
    """How it is run here, or what it lacks for that."""
    paths = {"photo": Path(PHOTO), **given}
    words = ((run.quick or "") if quick else run.words).split()
    if all(name in given for name in _asked(run.wants)):
        words += run.wants.split()
    module = f"benchmarks.{run.group}.{run.module}"
    here = [word.format(**paths) if word[1:-1] in paths else word for word in words]
    named = {name: str(paths[name]) if name not in given else name.upper() for name in paths}
    shown = [word.format(**named) if word[1:-1] in named else word for word in words]
    return Job(
        run.name,
        " ".join(["python -m", module, *shown]),
        (sys.executable, "-m", module, *here),
        lack(run, words, quick, paths),
    )


def _asked(words: str) -> list[str]:
    return [word[1:-1] for word in words.split() if word.startswith("{")]


def lack(run: Run, words: Sequence[str], quick: bool, paths: Mapping[str, Path]) -> str:
    """Why it cannot be run; empty if it can."""
    if quick and run.quick is None:
        return "it takes too long for --quick, or needs more than the repository"
    asked = _asked(" ".join(words))
    missing = [f"--{name}" for name in asked if name not in paths]
    if missing:
        return f"needs {' and '.join(missing)}"
    gone = [f"--{name}" for name in asked if not (ROOT / paths[name]).exists()]
    if gone:
        return f"nothing is where {' and '.join(gone)} says"
    absent = [what for what in run.on if not HAS[what]()]
    return f"needs {' and '.join(absent)}" if absent else ""


def outcomes(jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
    """Of each job: its figures, or why there are none. Ctrl-C stops it, and those to come."""
    stopped = False
    for each in jobs:
        said: Outcome = {"command": each.shown, **now()}
        if each.lacks or stopped:
            yield each, {**said, NOT_RUN: each.lacks or STOPPED}
            continue
        try:
            found = ran(each)
        except KeyboardInterrupt:
            stopped, found = True, {NOT_RUN: STOPPED}
        yield each, {**said, **found}


def ran(each: Job) -> Outcome:
    """Run it; seconds and tables, or why it failed."""
    with TemporaryDirectory() as folder:
        file, log = Path(folder) / "figures.json", Path(folder) / "log"
        begin = time.monotonic()
        with log.open("wb") as opened:
            status = _waited([*each.command, "--json", str(file)], opened.fileno())
        seconds = round(time.monotonic() - begin, 1)
        if status:
            return {"seconds": seconds, FAILED: _last(log) or f"exit status {status}"}
        try:
            rows, *more = tables(json.loads(file.read_text("utf-8"))).items()
        except (OSError, ValueError) as error:
            return {"seconds": seconds, FAILED: f"wrote no figures ({type(error).__name__})"}
        return {"seconds": seconds, "rows": rows[1], "more": dict(more)}


def _waited(command: list[str], log: int) -> int:
    """The exit status; who is stopped here stops what the command began."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait()
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C would end it and its children, then by force."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last(log: Path) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")
