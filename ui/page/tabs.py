"""The tabs that are open: whose photo is kept, how long, and who goes when room is scarce."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import RLock

from editor.machine.shortage import BusyError

from ..connection import NEW_TAB, Tab
from ..door.guest import Guest
from ..door.limits import ALONE_SECONDS, CLOSED_SECONDS, IDLE_SECONDS, VISIT_MEGABYTES, VISITS
from ..work_lock import is_waited_for
from .tab_state import TabState

MEMORY = "DRAGPHOTO_MEMORY"
"""The environment variable: megabytes for the photos of all tabs."""
IDLE = "Your photo was forgotten because nothing happened for 30 minutes: choose it again."
CLOSED = "Your photo was forgotten because this tab was closed: choose it again."
ROOM = "Your photo was forgotten because others needed the room: choose it again."
ANEW = "The app was started anew and has forgotten your photo: choose it again."
ELSEWHERE = "Your photo is open in another tab now: go on there, or choose a photo here."
FULL = "There is no room for another photo now: try again in {} s."
RETRY = 30  # s
MOST_GONE = 10_000  # tabs of which it is known why they are gone


class OpenTabs:
    """All visits by the session of their tab; those used last come last.

    A session is one load of a page; what stays when the page is loaded again is the tab's name.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        others_wait: Callable[[], bool] = is_waited_for,
    ) -> None:
        self.clock, self.others_wait = clock, others_wait
        self._here: OrderedDict[str, TabState] = OrderedDict()
        self._gone: OrderedDict[str, str] = OrderedDict()
        self._dropped: list[str] = []
        self._lock = RLock()

    def __contains__(self, session: str) -> bool:
        return session in self._here

    def find(self, session: str) -> TabState | None:
        """The visit of a tab, which is in use from now on."""
        with self._lock:
            visit = self._here.get(session)
            if visit is not None:
                self._here.move_to_end(session)
                visit.used, visit.left = self.clock(), None
            return visit

    def why(self, name: str) -> str:
        """Why the tab of this session, or of this name, has no visit any more."""
        return self._gone.get(name, ANEW)

    def back(self, guest: Guest, tab: Tab) -> TabState | None:
        """The visit that a page goes on with, now under the session of that page.

        A copied tab goes on with a copy; the photo, its fit and its versions are the same.

        Raises:
            BusyError: see ``add``.
        """
        with self._lock:
            named = ((s, v) for s, v in self._here.items() if tab.before and v.name == tab.before)
            session, visit = next(named, ("", None))
            if visit is None:
                return None
            if tab.name == tab.before:
                del self._here[session]
                self._forgotten(session, ELSEWHERE)
            else:
                visit = visit.copied()
            return self.add(guest, visit, tab)

    def add(self, guest: Guest, visit: TabState, tab: Tab = NEW_TAB) -> TabState:
        """The first visit of a tab, or its next one.

        Raises:
            BusyError: there are too many, and all of them work.
        """
        with self._lock:
            visit.guest, visit.used, visit.left = guest, self.clock(), None
            visit.name, visit.page = tab.name or visit.name, tab.page
            if len(self._here) >= VISITS and not self._make_room():
                raise BusyError(FULL.format(RETRY))
            self._here[guest.session] = visit
            self._gone.pop(guest.session, None)
            return visit

    def leave(self, tab: Tab) -> None:
        """A tab is closed, or loaded again: unless it is soon back, it is forgotten.

        One whose connection breaks says nothing; it has all the time of a tab that is idle.
        """
        with self._lock:
            for visit in self._here.values():
                if tab.name and (visit.name, visit.page) == (tab.name, tab.page):
                    visit.left = self.clock()

    def tidy(self) -> list[str]:
        """Forget who is gone or idle; all tabs that were forgotten since the last time."""
        now = self.clock()
        with self._lock:
            for session, visit in list(self._here.items()):
                self._hurry(visit, now)
                if visit.left is not None and now - visit.left >= CLOSED_SECONDS:
                    self._drop(session, CLOSED)
                elif now - visit.used >= IDLE_SECONDS and not (visit.busy or visit.fetching):
                    self._drop(session, IDLE)
            self.trim()
            dropped, self._dropped = self._dropped, []
            return dropped

    def _hurry(self, visit: TabState, now: float) -> None:
        """Work that no page follows goes on, but does not keep others waiting for long."""
        if not visit.busy or visit.job is None or visit.job.followed:
            visit.alone = None
        elif visit.alone is None:
            visit.alone = now
        elif now - visit.alone >= ALONE_SECONDS and self.others_wait():
            visit.stop.set()

    def trim(self) -> None:
        """Forget photos until the rest takes no more memory than it may."""
        with self._lock:
            while self._size() > most_bytes() and self._make_room():
                pass

    def count(self) -> tuple[int, int]:
        """How many there are, and bytes of their photos."""
        with self._lock:
            return len(self._here), self._size()

    def _size(self) -> int:
        return sum(visit.size for visit in self._here.values())

    def _make_room(self) -> bool:
        """Forget the tab that has done nothing for longest; those without an own photo first."""
        idle = [(v.size > 0, s) for s, v in self._here.items() if not v.busy]
        if not idle:
            return False
        over = self._size() > most_bytes()
        mine = [session for own, session in idle if own == over] or [s for _, s in idle]
        self._drop(mine[0], ROOM)
        return True

    def _drop(self, session: str, why: str) -> None:
        visit = self._here.pop(session)
        visit.close()
        self._forgotten(session, why)
        if visit.name:
            self._gone[visit.name] = "" if visit.untouched else why

    def _forgotten(self, session: str, why: str) -> None:
        self._dropped.append(session)
        self._gone[session] = why
        while len(self._gone) > MOST_GONE:
            self._gone.popitem(last=False)


def most_bytes() -> int:
    """How much memory the photos of all tabs may take."""
    named = os.environ.get(MEMORY, "")
    return (int(named) if named.isdecimal() else VISIT_MEGABYTES) * 1_000_000


OPEN_TABS = OpenTabs()
