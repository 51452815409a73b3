"""Work that goes on while no page follows it: one that lost its connection finds it again."""

from collections.abc import Generator
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

Screen = dict[str, Any]
PATIENCE = 1.0  # s that work waits for a page to take what it shows


@dataclass(eq=False)
class _Follower:
    """A page, and what it has not taken yet; who is ``slow`` is not waited for."""

    shows: Screen | None = None
    slow: bool = False


class Job:
    """The screens of a handler, made by a thread of its own from when somebody follows them.

    ``over``: it has ended; then ``said`` is its last status line, and ``error`` why it failed.
    """

    def __init__(self, work: Generator[Screen]) -> None:
        self.said, self.error, self.over = "", None, False
        self._work, self._so_far = work, Screen()
        self._followers: list[_Follower] = []
        self._changed = Condition()
        run = copy_context().run  # Gradio keeps there whose event this is
        self._thread = Thread(target=run, args=(self._run,), daemon=True)

    @property
    def followed(self) -> bool:
        """Whether a page is there."""
        return bool(self._followers)

    def follow(self) -> Generator[Screen]:
        """What it has shown so far, as one screen; then what it shows until it ends.

        Raises:
            Exception: why it failed.
        """
        mine = _Follower()
        with self._changed:
            mine.shows = self._so_far or None
            self._followers.append(mine)
            if self._thread.ident is None:
                self._thread.start()
        try:
            while (screen := self._taken(mine)) is not None:
                yield screen
        finally:
            with self._changed:
                self._followers.remove(mine)
                self._changed.notify_all()
        if self.error is not None:
            raise self.error

    def _taken(self, mine: _Follower) -> Screen | None:
        with self._changed:
            self._changed.wait_for(lambda: mine.shows is not None or self.over)
            screen, mine.shows, mine.slow = mine.shows, None, False
            self._changed.notify_all()
            return screen

    def _run(self) -> None:
        try:
            with closing(self._work) as screens:
                for screen in screens:
                    self._tell(screen)
        except Exception as error:
            self.error = error
        finally:
            with self._changed:
                self.over, self._so_far = True, {}
                self._changed.notify_all()

    def _tell(self, screen: Screen) -> None:
        """Show it to all who follow, each in its time; who is late gets several as one."""
        with self._changed:
            self.said = screen.get("status", self.said)
            self._so_far = merged(self._so_far, screen)
            for each in self._followers:
                each.shows = merged(each.shows or {}, screen)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._late(), PATIENCE)
            for each in self._late():
                each.slow = True

    def _late(self) -> list[_Follower]:
        return [each for each in self._followers if each.shows is not None and not each.slow]


def merged(old: Screen, new: Screen) -> Screen:
    """Both, one after the other; of a part that both update, all that either changes."""
    both = {
        name: old[name] | new[name]
        for name in old.keys() & new.keys()
        if isinstance(old[name], dict) and isinstance(new[name], dict)
    }
    return old | new | both
