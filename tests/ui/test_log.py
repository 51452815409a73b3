"""The program's own words, as text or as JSON."""

import json
import logging
from collections.abc import Iterator

import pytest

from ui import log

OURS = logging.getLogger("dragphoto")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = OURS.handlers, OURS.propagate, OURS.level
    yield
    OURS.handlers, OURS.propagate, level = before
    OURS.setLevel(level)


@pytest.mark.parametrize("said", [None, "", "text"])
def test_unless_it_is_wanted_nothing_changes(
    said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(log.LOG, raising=False)
    if said is not None:
        monkeypatch.setenv(log.LOG, said)
    log.begin()
    assert (OURS.handlers, OURS.level, OURS.propagate) == ([], logging.NOTSET, True)


def test_all_that_is_said_is_one_object_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(log.LOG, "json")
    log.begin()
    OURS.getChild("work").info("work", extra={"facts": {"seconds": 0.12345, "waited": None}})
    OURS.debug("not of interest")
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError as error:
        OURS.error("error %s", 7, exc_info=error)
    work, error = map(json.loads, capsys.readouterr().err.splitlines())
    assert work.pop("time").endswith("+00:00")
    assert work == {"level": "info", "event": "work", "seconds": 0.123}
    assert (error["level"], error["event"]) == ("error", "error 7")
    assert error["trace"].endswith("RuntimeError: two\nlines")
