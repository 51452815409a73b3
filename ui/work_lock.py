"""Pieces of the network's work, so many at once as it can do well; who waits is told."""

from collections.abc import Generator
from contextlib import closing
from itertools import count
from typing import TypeVar

from editor.machine.shortage import BusyError

from .door.guest import Guest
from .door.limits import CLICKS_WAITING
from .gpu import LONG, SHORT
from .line import Line
from .page.screen import Screen, said, working
from .page.tab_state import TabState

HANDS = Line(2, CLICKS_WAITING)
"""For what is done in a moment, without the network: reading a photo, undo, saving."""
PATIENCE = 0.5  # s between two looks at whether Stop was pressed while waiting
SILENCE = 4  # of these looks between two words to a tab
WORDS = 50  # at most a second to all who wait by the HTTP API: each costs the server some work
WAITING = "Waiting: another photo is being worked on ..."
MORE = "Waiting: {} photos are worked on before yours ..."
NOT_BEGUN = "Stopped before it began."
Item = TypeVar("Item")


def waiting(before: int) -> str:
    """What is said to who waits."""
    return MORE.format(before) if before > 1 else WAITING


def alone(
    visit: TabState, work: Generator[Screen, None, str], line: Line = SHORT
) -> Generator[Screen, None, str]:
    """The screens of the work once its turn in the line has come, and its closing words.

    Raises:
        BusyError: too many wait already.
    """
    ticket = line.join(visit.guest)
    visit.busy = True
    visit.stop.clear()
    visit.lack = ""
    try:
        before = line.ahead(ticket)
        yield working(visit, waiting(before) if before else "")
        for look in count(1):
            if line.enter(ticket, PATIENCE):
                break
            if visit.stop.is_set():
                return NOT_BEGUN
            if look % SILENCE == 0:
                yield {"status": said(waiting(line.ahead(ticket)), 0.0)}
        return (yield from work)
    finally:
        visit.busy = False
        line.leave(ticket)


def by_hand(visit: TabState, screens: Generator[Screen]) -> Generator[Screen]:
    """Screens that are made in a moment, for a few at a time.

    Raises:
        BusyError: too many wait already.
    """
    with HANDS.place(visit.guest), closing(screens):
        yield from screens


def in_turn(
    guest: Guest, work: Generator[Item, None, None], line: Line = SHORT
) -> Generator[Item | None, None, None]:
    """The items of the work once its turn in the line has come; None now and then until then.

    Raises:
        BusyError: too many wait already.
    """
    ticket = line.join(guest)
    try:
        with closing(work):
            while not line.enter(ticket, max(PATIENCE, line.ahead(ticket) / WORDS)):
                yield None
            yield from work
    finally:
        line.leave(ticket)


def is_waited_for() -> bool:
    """Whether anybody waits for the network."""
    return SHORT.is_waited_for() or LONG.is_waited_for()


def idle_only(visit: TabState) -> None:
    """Nothing else while work is in progress.

    Raises:
        BusyError: it is.
    """
    if visit.busy:
        raise BusyError("Work is in progress: wait for it, or press Stop.")
