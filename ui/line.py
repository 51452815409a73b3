"""Work in line: so many pieces at a time, and in an order in which nobody is shut out.

Next is somebody of the address that was served longest ago, and of these the tab that was. An
address that never was goes before all others, but new ones take turns with those: one who asks for
a hundred pieces of work makes others wait only for the one that is being done, and a hundred who
come one after the other do not keep out who was here before.
"""

import itertools
import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock

from editor.backend.figures import WAITED, Seconds
from editor.machine.shortage import BusyError

from .door.guest import Guest
from .door.limits import WAITING_AT_MOST, WAITING_OF_ADDRESS, WAITING_OF_ALL, WAITING_OF_SESSION

AWAY = 5.0  # s: who has not looked for so long is passed over
MOST_REMEMBERED = 10_000  # addresses and tabs


@dataclass(eq=False)
class Ticket:
    """A place in the line; ``called`` wakes who waits with it."""

    guest: Guest
    number: int
    joined: float
    seen: float
    called: Condition
    began: float | None = None


@dataclass
class Line:
    """A line before ``places`` places at work. Tickets of one session are served one by one.

    Args:
        places: how many pieces are worked on at once.
        each: how many of one session may be in the line, the one at work included.
        waited: how long those had to who came to work.
    """

    places: int = 1
    each: int = WAITING_OF_SESSION
    waited: Seconds = field(default_factory=Seconds)
    _waiting: list[Ticket] = field(default_factory=list)
    _working: list[Ticket] = field(default_factory=list)
    _served: dict[Guest | str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _new_first: bool = True
    _usual: float = 2.0  # s that a piece of work takes

    def join(self, guest: Guest) -> Ticket:
        """A place at the end.

        Raises:
            BusyError: this tab, this address or all together wait for too much.
        """
        with self._lock:
            here = [*self._waiting, *self._working]
            of_session = sum(t.guest == guest for t in here)
            of_address = sum(t.guest.address == guest.address for t in here)
            if of_session >= self.each and guest.session:
                raise BusyError("Your last requests are still in progress: wait for them.")
            full = of_address > 0 and len(here) >= WAITING_OF_ALL  # newcomers find a place
            if full or of_address >= WAITING_OF_ADDRESS or len(here) >= WAITING_AT_MOST:
                raise BusyError(f"Too many are waiting: try again in {self._wait(len(here))} s.")
            called, now = Condition(self._lock), time.monotonic()
            ticket = Ticket(guest, next(self._numbers), now, now, called)
            self._waiting.append(ticket)
            return ticket

    def enter(self, ticket: Ticket, patience: float | None = None) -> bool:
        """Wait for one's turn, at most so many seconds; whether it has come."""
        with self._lock:
            ticket.seen = math.inf
            come = ticket.called.wait_for(lambda: self._next() is ticket, patience)
            ticket.seen = time.monotonic()
            if come:
                ticket.began = ticket.seen
                self._waiting.remove(ticket)
                self._working.append(ticket)
                others = any(t.guest.address in self._served for t in self._waiting)
                self._new_first = not others or ticket.guest.address in self._served
                self._remember(ticket.guest)
                self._call()
                self.waited.add(ticket.seen - ticket.joined)
                WAITED.set(ticket.seen - ticket.joined)
            return come

    def leave(self, ticket: Ticket) -> None:
        """The work is done, or not wanted any more."""
        with self._lock:
            if ticket.began is not None:
                spent = time.monotonic() - ticket.began
                self._usual += 0.2 * (spent - self._usual)
            for line in (self._waiting, self._working):
                if ticket in line:
                    line.remove(ticket)
            self._call()

    def ahead(self, ticket: Ticket) -> int:
        """How many pieces of work come before: those in progress, and those that are next."""
        with self._lock:
            order = sorted(self._waiting, key=self._rank)
            return len(self._working) + (order.index(ticket) if ticket in order else 0)

    def is_waited_for(self) -> bool:
        """Whether anybody waits for a place."""
        return bool(self._waiting)

    def is_full(self) -> bool:
        """Whether nobody at all is let in."""
        return sum(self.count()) >= WAITING_AT_MOST

    def count(self) -> tuple[int, int]:
        """How many wait, and how many are at work."""
        return len(self._waiting), len(self._working)

    @contextmanager
    def place(self, guest: Guest) -> Generator[None]:
        """A place at work, for what is done in a moment.

        Raises:
            BusyError: see ``join``.
        """
        ticket = self.join(guest)
        try:
            self.enter(ticket)
            yield
        finally:
            self.leave(ticket)

    def _call(self) -> None:
        """Wake who is next and nobody else: with hundreds in line, all would look."""
        ticket = self._next()
        if ticket is not None:
            ticket.called.notify()

    def _next(self) -> Ticket | None:
        if len(self._working) >= self.places:
            return None
        busy = {ticket.guest for ticket in self._working if ticket.guest.session}
        now = time.monotonic()
        ready = [t for t in self._waiting if t.guest not in busy and t.seen > now - AWAY]
        return min(ready, key=self._rank, default=None)

    def _rank(self, ticket: Ticket) -> tuple[bool, int, int, int]:
        address, tab = ticket.guest.address, ticket.guest
        served, new = self._served.get(address, 0), address not in self._served
        return new != self._new_first, served, self._served.get(tab, ticket.number), ticket.number

    def _remember(self, guest: Guest) -> None:
        for name in (guest.address, guest):
            self._served.pop(name, None)
            self._served[name] = next(self._numbers)
        while len(self._served) > MOST_REMEMBERED:
            del self._served[next(iter(self._served))]

    def _wait(self, count: int) -> int:
        return math.ceil(max(1.0, count * self._usual / self.places))
