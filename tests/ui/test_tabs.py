"""Which tabs are remembered, and what those that are not are told."""

from collections.abc import Callable, Generator
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest

from editor.machine.shortage import BusyError
from ui.connection import Tab
from ui.door.guest import Guest
from ui.door.limits import ALONE_SECONDS, CLOSED_SECONDS, IDLE_SECONDS
from ui.job import Job
from ui.page import handlers, tabs
from ui.page.tab_state import PendingPhoto, TabState
from ui.page.tabs import ANEW, CLOSED, ELSEWHERE, IDLE, MEMORY, ROOM, OpenTabs

TAB, CLOSED_TAB = Tab("a" * 32), Tab("b" * 32)


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


def test_a_closed_tab_is_forgotten_soon_unless_it_is_back(
    here: OpenTabs, clock: Clock, opened: Callable[..., TabState]
) -> None:
    visit, back = opened("closed", 1), opened("back")
    visit.name, back.name = CLOSED_TAB.name, TAB.name
    file = visit.file("a.png")
    here.leave(CLOSED_TAB)
    here.leave(TAB)
    here.leave(Tab())
    clock.now += CLOSED_SECONDS - 1
    assert here.tidy() == []
    assert here.find("back") is back, "its connection was lost, and is there again"
    clock.now += 1
    assert here.tidy() == ["closed"]
    assert not file.parent.exists()
    assert visit.stop.is_set()
    assert here.why("closed") == here.why(CLOSED_TAB.name) == CLOSED


def test_a_page_that_is_loaded_again_goes_on(
    here: OpenTabs, clock: Clock, opened: Callable[..., TabState]
) -> None:
    visit = opened("old", 1)
    visit.name, visit.page = TAB.name, "1" * 32
    again = TAB._replace(before=TAB.name, page="2" * 32)
    assert here.back(Guest("2.2.2.2", "new"), again) is visit
    assert here.find("old") is None
    assert here.why("old") == ELSEWHERE
    here.leave(again._replace(page="1" * 32))  # it comes late
    clock.now += CLOSED_SECONDS
    assert here.tidy() == ["old"]
    assert here.find("new") is visit


def test_a_copied_tab_has_a_copy(here: OpenTabs, opened: Callable[..., TabState]) -> None:
    visit = opened("one", 1)
    visit.name, visit.busy, visit.stop = TAB.name, True, Event()
    copied = here.back(Guest("1.1.1.1", "two"), CLOSED_TAB._replace(before=TAB.name))
    assert copied is not None
    assert copied is not visit
    assert copied.unfitted is visit.unfitted
    assert not copied.busy
    copied.close()
    assert not visit.stop.is_set()
    assert (here.find("one"), here.find("two")) == (visit, copied)
    assert (visit.name, copied.name) == (TAB.name, CLOSED_TAB.name)


def test_nobody_is_found_by_no_name(here: OpenTabs, opened: Callable[..., TabState]) -> None:
    opened("nameless", 1)
    assert here.back(Guest("1.1.1.1", "new"), Tab()) is None
    assert here.back(Guest("1.1.1.1", "new"), TAB._replace(before=TAB.name)) is None


def test_who_had_nothing_is_not_told_that_it_is_lost(
    here: OpenTabs, clock: Clock, opened: Callable[..., TabState]
) -> None:
    opened("looks").name = TAB.name
    clock.now += IDLE_SECONDS
    here.tidy()
    assert here.why(TAB.name) == ""


def test_work_that_nobody_follows_does_not_keep_others_waiting(
    clock: Clock, opened: Callable[..., TabState], here: OpenTabs
) -> None:
    waiting = [False]
    here.others_wait = lambda: waiting[0]
    visit = opened("lost")
    visit.busy, visit.job = True, Job(iter_screens())
    for others, ends in ((False, False), (True, True)):
        waiting[0] = others
        here.tidy()
        clock.now += ALONE_SECONDS
        here.tidy()
        assert visit.stop.is_set() == ends


def iter_screens() -> Generator[dict[str, Any]]:
    yield {}


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
