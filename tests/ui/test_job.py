"""Work that goes on while no page follows it."""

from collections.abc import Generator
from threading import Event
from typing import Any

import pytest

from ui.connection import Tab, read_tab
from ui.job import Job, merged

Screen = dict[str, Any]


def counting(go_on: Event, most: int = 3) -> Generator[Screen]:
    """Three screens; the second waits for a sign."""
    for number in range(most):
        if number == 1:
            assert go_on.wait(60)
        yield {"status": str(number), "canvas": {f"prop {number}": number}}


def test_who_follows_sees_every_screen() -> None:
    go_on = Event()
    go_on.set()
    seen = list(Job(counting(go_on, 40)).follow())
    assert [screen["status"] for screen in seen] == [str(number) for number in range(40)]


def test_it_goes_on_without_a_page_and_is_found_again() -> None:
    go_on = Event()
    job = Job(counting(go_on))
    page = job.follow()
    assert next(page)["status"] == "0"
    page.close()
    assert not job.followed
    again = job.follow()
    assert next(again)["status"] == "0"
    go_on.set()
    assert [screen["status"] for screen in again] == ["1", "2"]
    assert job.over
    assert job.said == "2"
    assert list(job.follow()) == []


def test_two_pages_see_the_same() -> None:
    go_on = Event()
    job = Job(counting(go_on))
    one, other = job.follow(), job.follow()
    assert next(one) == next(other)
    other.close()
    go_on.set()
    assert [screen["status"] for screen in one] == ["1", "2"]


def test_who_is_late_gets_several_screens_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.job.PATIENCE", 0.01)
    go_on, ended = Event(), Event()

    def screens() -> Generator[Screen]:
        yield from counting(go_on)
        ended.set()

    page = Job(screens()).follow()
    next(page)
    go_on.set()
    assert ended.wait(60)
    assert list(page) == [{"status": "2", "canvas": {"prop 1": 1, "prop 2": 2}}]


def test_a_failure_is_told_to_who_follows() -> None:
    def failing() -> Generator[Screen]:
        yield {"status": "begun"}
        raise ValueError("no")

    job = Job(failing())
    with pytest.raises(ValueError, match="no"):
        list(job.follow())
    assert isinstance(job.error, ValueError)


def test_updates_of_one_part_are_joined_and_new_contents_replace() -> None:
    assert merged({"a": {"x": 1, "y": 1}, "b": 1}, {"a": {"y": 2}, "c": 3}) == {
        "a": {"x": 1, "y": 2}, "b": 1, "c": 3,
    }  # fmt: skip
    assert merged({"a": {"x": 1}}, {"a": "new"}) == {"a": "new"}


@pytest.mark.parametrize(
    "value", ["a", ["a"], ["a" * 33], ["A" * 32], [1], {"a": 1}, [["a" * 32]], ["a" * 32] * 4, 7]
)
def test_what_is_no_name_of_a_tab_is_turned_away(value: object) -> None:
    assert read_tab(value) is None


def test_a_tab_may_say_less() -> None:
    assert read_tab(None) == read_tab([]) == Tab()
    assert read_tab(["a" * 32, ""]) == Tab("a" * 32)
