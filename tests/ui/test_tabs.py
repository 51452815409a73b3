"""Which tabs are remembered, and what those that are not are told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from editor.machine.shortage import BusyError
from ui.door.guest import Guest
from ui.door.limits import CLOSED_SECONDS, IDLE_SECONDS
from ui.page import handlers, tabs
from ui.page.tab_state import PendingPhoto, TabState
from ui.page.tabs import ANEW, CLOSED, IDLE, MEMORY, ROOM, OpenTabs


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def here(clock: Clock) -> OpenTabs:
    return OpenTabs(clock)


@pytest.fixture
def opened(here: OpenTabs, clock: Clock) -> Callable[..., TabState]:
    """Opens a tab; with a photo of so many megabytes."""

    def open_tab(name: str, megabytes: int = 0) -> TabState:
        clock.now += 1
        visit = here.add(Guest("1.1.1.1", name), handlers.fresh())
        if megabytes:
            visit.choose(PendingPhoto(np.zeros((megabytes, 1_000_000, 1), np.uint8), ()))
        return visit

    return open_tab


def test_a_tab_that_only_looks_takes_no_memory(opened: Callable[..., TabState]) -> None:
    one, other = opened("one"), opened("other")
    assert one.size == other.size == 0
    assert one.session.subject is other.session.subject
    one.strip()
    assert 0 < (looked := one.size) < 100_000
    version = replace(one.session.now, change=replace(one.session.now.change))
    one.shows(one.session.moved(version))
    assert one.size >= looked + version.change.vertices.nbytes


def test_idle_tabs_are_forgotten_after_a_while_and_told_so(
    here: OpenTabs, clock: Clock, opened: Callable[..., TabState]
) -> None:
    opened("idle")
    opened("used")
    clock.now = IDLE_SECONDS
    assert here.find("used") is not None
    clock.now += 10
    assert here.tidy() == ["idle"]
    assert here.find("idle") is None
    assert here.why("idle") == IDLE
    assert here.why("never seen") == ANEW
    assert here.tidy() == []


def test_a_closed_tab_stops_at_once_and_is_forgotten_soon(
    here: OpenTabs, clock: Clock, opened: Callable[..., TabState]
) -> None:
    visit, back = opened("closed"), opened("back")
    file = visit.file("a.png")
    here.leave("closed")
    here.leave("back")
    assert visit.stop.is_set()
    clock.now += CLOSED_SECONDS - 1
    assert here.tidy() == []
    assert here.find("back") is back, "its connection was lost, and is there again"
    clock.now += 1
    assert here.tidy() == ["closed"]
    assert not file.parent.exists()
    assert here.why("closed") == CLOSED


def test_who_works_goes_last_when_memory_is_scarce(
    here: OpenTabs, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., TabState]
) -> None:
    monkeypatch.setenv(MEMORY, "10")
    opened("looks")
    busy, old, new = (opened(name, 4) for name in ("busy", "old", "new"))
    busy.busy = True
    here.trim()
    assert here.why("old") == ROOM
    assert [here.find(name) is not None for name in ("looks", "busy", "old", "new")] == [
        True, True, False, True,
    ]  # fmt: skip
    assert old.size > 0
    assert new.size > 0


def test_new_tabs_push_out_those_that_only_look(
    here: OpenTabs, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., TabState]
) -> None:
    monkeypatch.setattr(tabs, "VISITS", 5)
    opened("works", 1)
    for number in range(55):
        opened(f"new {number}")
    assert here.find("works") is not None
    assert here.find("new 54") is not None
    assert here.why("new 0") == ROOM


def test_a_tab_is_turned_away_when_all_work(
    here: OpenTabs, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., TabState]
) -> None:
    monkeypatch.setattr(tabs, "VISITS", 2)
    for name in ("one", "two"):
        opened(name).busy = True
    with pytest.raises(BusyError, match=r"try again in \d+ s"):
        opened("three")
