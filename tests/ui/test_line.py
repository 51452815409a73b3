"""Who comes next, and who is turned away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from editor.machine.shortage import BusyError
from ui.door.guest import Guest, address
from ui.door.limits import WAITING_AT_MOST, WAITING_OF_ADDRESS, WAITING_OF_ALL
from ui.line import AWAY, Line, Ticket


def served(line: Line, tickets: list[Ticket]) -> list[str]:
    """The order in which the line serves them: tabs by name."""
    order: list[str] = []
    left = list(tickets)
    while left:
        ticket = next(t for t in left if line.enter(t, 0))
        order.append(ticket.guest.session)
        line.leave(ticket)
        left.remove(ticket)
    return order


@contextmanager
def at_work(line: Line, guest: Guest) -> Iterator[None]:
    ticket = line.join(guest)
    assert line.enter(ticket, 0)
    yield
    line.leave(ticket)


def test_a_newcomer_waits_for_one_piece_of_work_and_no_more() -> None:
    line = Line(each=100)
    greedy, other = Guest("1.1.1.1", "greedy"), Guest("2.2.2.2", "other")
    with at_work(line, greedy):
        tickets = [line.join(greedy) for _ in range(30)]
        tickets.append(line.join(other))
        assert line.ahead(tickets[-1]) == 1
    assert served(line, tickets)[:2] == ["other", "greedy"]


def test_tabs_of_one_address_take_turns_too() -> None:
    line = Line(each=100)
    one, two = Guest("1.1.1.1", "one"), Guest("1.1.1.1", "two")
    tickets = [line.join(guest) for guest in (one, one, one, two, two)]
    assert served(line, tickets) == ["one", "two", "one", "two", "one"]


def test_addresses_take_turns_however_many_tabs_they_open() -> None:
    line = Line()
    many = [Guest("1.1.1.1", f"tab {n}") for n in range(9)]
    few = [Guest("2.2.2.2", "a"), Guest("2.2.2.2", "b")]
    tickets = [line.join(guest) for guest in (*many, *few)]
    order = served(line, tickets)
    assert order.index("a") == 1
    assert order.index("b") == 3


@pytest.mark.parametrize("new", ["{0}.1.1.1 tab", "1.1.1.1 {0}"])
def test_those_who_are_new_do_not_keep_out_who_was_here_before(new: str) -> None:
    line, before = Line(), Guest("1.1.1.1", "before")
    assert served(line, [line.join(before)])
    tickets = [line.join(Guest(*new.format(n).split())) for n in range(2, 5)]
    tickets.append(line.join(before))
    for number in range(5, 10):
        come = next(ticket for ticket in tickets if line.enter(ticket, 0))
        line.leave(come)
        tickets.remove(come)
        tickets.append(line.join(Guest(*new.format(number).split())))
    assert before not in [ticket.guest for ticket in tickets]


def test_programs_that_name_no_tab_count_as_one() -> None:
    line, tab = Line(), Guest("1.1.1.1", "tab")
    tickets = [line.join(Guest("1.1.1.1")) for _ in range(30)]
    tickets.append(line.join(tab))
    assert served(line, tickets).index("tab") <= 2


def test_two_places_serve_two_but_never_one_tab_twice() -> None:
    line = Line(2, each=5)
    one, two = Guest("1.1.1.1", "one"), Guest("1.1.1.1", "two")
    first, second, third = line.join(one), line.join(one), line.join(two)
    assert line.enter(first, 0)
    assert not line.enter(second, 0)
    assert line.enter(third, 0)
    line.leave(first)
    assert line.enter(second, 0)


def test_too_much_is_refused_with_a_time_to_come_back() -> None:
    line, guest = Line(), Guest("1.1.1.1", "tab")
    line.join(guest)
    line.join(guest)
    with pytest.raises(BusyError, match="still in progress"):
        line.join(guest)
    line = Line()
    for number in range(WAITING_OF_ADDRESS):
        line.join(Guest("1.1.1.1", str(number)))
    with pytest.raises(BusyError, match=r"try again in \d+ s\."):
        line.join(Guest("1.1.1.1", "one more"))
    line.join(Guest("2.2.2.2", "other"))


def test_a_full_line_lets_newcomers_in_for_a_while() -> None:
    line = Line()
    for number in range(WAITING_OF_ALL):
        line.join(Guest(f"1.1.1.{number}", "tab"))
    with pytest.raises(BusyError):
        line.join(Guest("1.1.1.0", "second tab"))
    for number in range(WAITING_OF_ALL, WAITING_AT_MOST):
        line.join(Guest(f"2.2.2.{number}", "tab"))
    with pytest.raises(BusyError):
        line.join(Guest("3.3.3.3", "tab"))


def test_who_does_not_look_any_more_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    gone, here = line.join(Guest("1.1.1.1", "gone")), line.join(Guest("2.2.2.2", "here"))
    gone.seen -= 2 * AWAY
    assert line.enter(here, 0)
    line.leave(here)
    assert line.enter(gone, 0), "it is let in as soon as it looks again"


def test_threads_are_served_one_at_a_time_and_nobody_is_lost() -> None:
    line, inside, most, done = Line(), [0], [0], []

    def work(number: int) -> None:
        with line.place(Guest(f"1.1.1.{number % 5}", str(number))):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
            done.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(60))
    assert most[0] == 1


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 100),
    ],
)
def test_an_address_is_that_of_a_house(host: str, counted: str) -> None:
    assert address(host) == counted
