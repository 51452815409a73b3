"""What is counted of work, whatever backend does it."""

import logging
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import torch

from editor.backend import figures as figures_module
from editor.backend.contract import Fitted
from editor.backend.figures import BOUNDS, WAITED, Figures, Seconds, counted
from editor.backend.job import Job, LostWorkError
from editor.engine import Engine
from editor.machine.shortage import ShortageError
from inversion import FitError, Inversion


def drawn(engine: Engine, count: int) -> Iterator[int]:
    yield from range(count)


def job(**more: Any) -> Job:
    return Job("faces", drawn, (), **more)


def items(*given: Any) -> Any:
    """A backend that gives these; an error among them is raised."""

    def backend(_: Job) -> Generator[Any, None, None]:
        for item in given:
            if isinstance(item, Exception):
                raise item
            yield item

    return backend


def fitted(done: float) -> Fitted:
    return Fitted(Inversion(torch.zeros(2, 3), {}, 0.0, 0.0, "project", 0, 9, done), None, "good")


def test_work_that_is_done_is_counted_with_its_steps() -> None:
    figures = Figures()
    assert list(counted(items(1, 2, 3), figures)(job())) == [1, 2, 3]
    assert figures.ended == {("drawn", "faces", "done"): 1}
    counts, total = figures.steps["drawn"].read()
    assert sum(counts) == 3
    assert total >= 0
    assert figures.longest() == 0


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (FitError("too small"), "user_error"), (ShortageError("no memory"), "shortage"),
        (LostWorkError(), "lost"), (RuntimeError("ours"), "fault"), (ValueError("ours"), "fault"),
    ],
)  # fmt: skip
def test_errors_go_on_as_they_are_and_are_told_apart(error: Exception, end: str) -> None:
    figures = Figures()
    work = counted(items(1, error), figures)(job())
    assert next(work) == 1
    with pytest.raises(type(error)) as raised:
        next(work)
    assert raised.value is error
    assert figures.ended == {("drawn", "faces", end): 1}
    assert figures.longest() == 0


def test_who_closes_stops_the_work_behind() -> None:
    figures, closed = Figures(), []

    def backend(_: Job) -> Generator[int, None, None]:
        try:
            yield from range(100)
        finally:
            closed.append(True)

    work = counted(backend, figures)(job())
    assert next(work) == 0
    assert figures.ended == {}
    work.close()
    assert closed == [True]
    assert figures.ended == {("drawn", "faces", "stopped"): 1}


def test_work_that_never_began_is_not_counted() -> None:
    figures = Figures()
    counted(items(1), figures)(job()).close()
    assert figures.ended == {}


def test_a_step_that_does_not_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    now, figures, seen = [1000.0], Figures(), []
    monkeypatch.setattr(figures_module, "monotonic", lambda: now[0])

    def backend(_: Job) -> Generator[int, None, None]:
        now[0] += 400
        seen.append(figures.longest())
        yield 1

    work = counted(backend, figures)(job())
    next(work)
    now[0] += 400  # while the page shows it, nothing hangs
    assert (seen, figures.longest()) == ([400.0], 0)
    assert figures.steps["drawn"].read() == ([0] * len(BOUNDS) + [1], 400.0)


def test_fits_that_were_kept_are_told_from_others() -> None:
    figures = Figures()
    for first in (1.0, 0.1, 0.1):
        list(counted(items(fitted(first), fitted(1.0)), figures)(job(resumes=True)))
    list(counted(items(fitted(1.0)), figures)(job()))  # nothing is kept of this one
    assert figures.found == {True: 1, False: 2}


def test_seconds_fall_where_prometheus_has_them() -> None:
    seconds = Seconds()
    for each in (0.01, 0.011, 300.0, 301.0):
        seconds.add(each)
    counts, total = seconds.read()
    assert (counts[0], counts[1], counts[-2], counts[-1], sum(counts)) == (1, 1, 1, 1, 4)
    assert total == pytest.approx(601.021)


def test_what_is_told_of_a_piece_has_nothing_of_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    WAITED.set(1.5)
    with caplog.at_level(logging.INFO, "dragphoto"):
        for _ in range(2):
            list(counted(items("pixels"), Figures())(Job("faces", drawn, ("holiday.png",))))
    told, after = (vars(record)["facts"] for record in caplog.records)
    assert [record.getMessage() for record in caplog.records] == ["work", "work"]
    assert told.pop("seconds") >= 0
    assert told == {
        "kind": "drawn", "model": "faces", "ended": "done", "steps": 1, "waited": 1.5,
    }  # fmt: skip
    assert after["waited"] is None  # that was for the first
