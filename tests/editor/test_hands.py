"""Threads that do the network's work in turns: who is next, who is passed, what an end leaves."""

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, current_thread
from typing import Any

import pytest
import torch

from drag import EditError
from editor.backend.job import Job
from editor.backend.threads import LATER, Hands
from editor.elastic import NONE


def job(work: Callable[..., Iterator[Any]], *arguments: Any, long: bool = False) -> Job:
    return Job(NONE, work, arguments, long=long)


def counting(_: object, count: int, seen: set[str] | None = None) -> Iterator[int]:
    for number in range(count):
        if seen is not None:
            seen.add(current_thread().name)
        yield number


def once(_: object, name: str, order: list[str]) -> Iterator[Any]:
    """All it does is done in its first step."""
    order.append(name)
    return iter(())


@contextmanager
def busy(hands: Hands) -> Iterator[Callable[[Job], Future[Any]]]:
    """All hands are held until the end; jobs that are begun meanwhile wait, in this order."""
    go, all_there = Event(), Barrier(hands.hands + 1)

    def held(_: object) -> Iterator[Any]:
        all_there.wait()
        go.wait()
        return iter(())

    with ThreadPoolExecutor(50) as visitors:
        for _ in range(hands.hands):
            visitors.submit(list, hands(job(held)))
        all_there.wait()

        def begin(work: Job) -> Future[Any]:
            waiting = len(hands._asked)
            done = visitors.submit(list, hands(work))
            while len(hands._asked) == waiting:
                time.sleep(0.001)
            return done

        try:
            yield begin
        finally:
            go.set()


@pytest.mark.parametrize("count", [1, 2])
def test_few_threads_do_all_the_work_however_many_ask(count: int) -> None:
    hands, seen = Hands(count), set[str]()
    with ThreadPoolExecutor(12) as visitors:
        made = list(visitors.map(lambda n: list(hands(job(counting, n, seen))), range(1, 25)))
    assert made == [list(range(n)) for n in range(1, 25)]
    assert 1 <= len(seen) <= count
    assert all("engine" in name for name in seen)


def test_two_hands_work_at_the_same_time() -> None:
    meet = Barrier(2)

    def meets(_: object) -> Iterator[int]:
        yield meet.wait(60)

    hands = Hands(2)
    with ThreadPoolExecutor(2) as visitors:
        done = list(visitors.map(list, [hands(job(meets)), hands(job(meets))]))
    assert sorted(done) == [[0], [1]]


def test_a_short_step_passes_those_of_a_long_job() -> None:
    hands, order = Hands(1), list[str]()
    with busy(hands) as begin:
        begin(job(once, "long", order, long=True))
        begin(job(once, "longer", order, long=True))
        begin(job(once, "short", order))
    assert order == ["short", "long", "longer"]


def test_no_long_job_is_passed_by_everybody() -> None:
    hands, order = Hands(1), list[str]()
    with busy(hands) as begin:
        begin(job(once, "long", order, long=True))
        for number in range(2 * LATER):
            begin(job(once, str(number), order))
    assert 1 < order.index("long") <= LATER
    order.remove("long")
    assert order == [str(number) for number in range(2 * LATER)]


def test_a_drag_goes_on_between_the_steps_of_a_fit() -> None:
    """Neither waits for the other's end: each step of the one comes after some of the other."""
    hands = Hands(1)
    fit = hands(job(counting, 100, long=True))
    drag = hands(job(counting, 100))
    for number in range(100):
        assert (next(fit), next(drag)) == (number, number)
    assert list(fit) == list(drag) == []


def test_threads_of_torch_are_shared_by_those_who_work() -> None:
    def looks(_: object, count: int) -> Iterator[int]:
        for _ in range(count):
            yield torch.get_num_threads()

    hands = Hands(2)
    hands._threads = 4
    try:
        alone = hands(job(looks, 3))
        assert next(alone) == 4
        assert list(hands(job(looks, 2))) == [2, 2]
        assert list(alone) == [4, 4]
    finally:
        torch.set_num_threads(1)


def endless(_: object, ended: list[str]) -> Iterator[int]:
    try:
        while True:
            yield 1
    finally:
        ended.append(current_thread().name)


def test_to_close_is_to_stop() -> None:
    hands, ended = Hands(1), list[str]()
    work = hands(job(endless, ended))
    next(work)
    assert not ended
    work.close()
    assert len(ended) == 1
    assert "engine" in ended[0], "its tensors are let go by the hand that made them"
    with pytest.raises(StopIteration):
        next(work)
    assert hands._jobs == 0


def test_what_is_never_begun_costs_nothing() -> None:
    hands, order = Hands(1), list[str]()
    hands(job(once, "never", order)).close()
    del hands
    assert order == []


@pytest.mark.parametrize("collector", ["a visitor", "a hand"])
def test_what_somebody_left_is_closed(collector: str) -> None:
    """Even by the hand that happens to collect garbage, which does not wait for itself."""

    def collects(_: object) -> Iterator[int]:
        yield gc.collect()

    hands, ended = Hands(1), list[str]()
    gc.disable()  # only where this test wants it
    try:
        circle: list[Any] = [hands(job(endless, ended))]
        circle.append(circle)
        next(circle[0])
        del circle
        assert not ended
        list(hands(job(collects))) if collector == "a hand" else gc.collect()
        assert len(ended) == 1
        assert hands._jobs == 0
    finally:
        gc.enable()


def test_an_error_keeps_its_kind_and_ends_the_job_only() -> None:
    def refused(_: object, error: BaseException) -> Iterator[int]:
        yield 1
        raise error

    hands = Hands(1)
    for error in (EditError("This drag goes nowhere."), RuntimeError("ours"), MemoryError()):
        work = hands(job(refused, error))
        assert next(work) == 1
        with pytest.raises(type(error)) as raised:
            next(work)
        assert raised.value is error
        assert list(hands(job(counting, 2))) == [0, 1]
    assert hands._jobs == 0


def test_a_job_that_cannot_begin_says_so() -> None:
    def broken(_: object) -> Iterator[int]:
        raise EditError("There is nothing to drag.")

    hands = Hands(1)
    with pytest.raises(EditError, match="nothing to drag"):
        next(hands(job(broken)))
    assert hands._jobs == 0
    assert list(hands(job(counting, 2))) == [0, 1]
