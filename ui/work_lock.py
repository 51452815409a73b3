"""One piece of the network's work at a time: two at once would both take twice as long."""

from collections.abc import Generator
from contextlib import closing
from itertools import count
from typing import TypeVar

from editor.machine.shortage import BusyError

from .door.guest import Guest
from .door.limits import CLICKS_WAITING
from .line import Line
from .page.screen import Screen, said, working
from .page.tab_state import TabState

MODEL = Line(1)
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


def alone(visit: TabState, work: Generator[Screen, None, str]) -> Generator[Screen, None, str]:
    """The screens of the work once its turn has come, and its closing words.

    Raises:
        BusyError: too many wait already.
    """
    ticket = MODEL.join(visit.guest)
    visit.busy = True
    visit.stop.clear()
    try:
        before = MODEL.ahead(ticket)
        yield working(visit, waiting(before) if before else "")
        for look in count(1):
            if MODEL.enter(ticket, PATIENCE):
                break
            if visit.stop.is_set():
                return NOT_BEGUN
            if look % SILENCE == 0:
                yield {"status": said(waiting(MODEL.ahead(ticket)), 0.0)}
        return (yield from work)
    finally:
        visit.busy = False
        MODEL.leave(ticket)


def by_hand(visit: TabState, screens: Generator[Screen]) -> Generator[Screen]:
    """Screens that are made in a moment, for a few at a time.

    Raises:
        BusyError: too many wait already.
    """
    with HANDS.place(visit.guest), closing(screens):
        yield from screens


def in_turn(guest: Guest, work: Generator[Item, None, None]) -> Generator[Item | None, None, None]:
    """The items of the work once the model is free; None now and then until it is.

    Raises:
        BusyError: too many wait already.
    """
    ticket = MODEL.join(guest)
    try:
        with closing(work):
            while not MODEL.enter(ticket, max(PATIENCE, MODEL.ahead(ticket) / WORDS)):
                yield None
            yield from work
    finally:
        MODEL.leave(ticket)


def idle_only(visit: TabState) -> None:
    """Nothing else while work is in progress.

    Raises:
        BusyError: it is.
    """
    if visit.busy:
        raise BusyError("Work is in progress: wait for it, or press Stop.")
