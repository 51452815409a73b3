"""One piece of work at a time: two at once would both take twice as long."""

from collections.abc import Generator
from threading import Lock

from drag import EditError

from .screen import Screen, said, working
from .visit import Visit

MODEL = Lock()
PATIENCE = 0.5  # s between two looks at whether Stop was pressed while waiting
WAITING = "Waiting: another photo is being worked on ..."
NOT_BEGUN = "Stopped before it began."


def alone(visit: Visit, work: Generator[Screen, None, str]) -> Generator[Screen, None, str]:
    """The screens of the work once its turn has come, and its closing words."""
    visit.busy, held = True, False
    visit.stop.clear()
    try:
        yield working(visit, WAITING if MODEL.locked() else "")
        while not (held := MODEL.acquire(timeout=PATIENCE)):
            if visit.stop.is_set():
                return NOT_BEGUN
            yield {"status": said(WAITING, 0.0)}
        return (yield from work)
    finally:
        visit.busy = False
        if held:
            MODEL.release()


def idle_only(visit: Visit) -> None:
    """Nothing else while work is in progress.

    Raises:
        EditError: it is.
    """
    if visit.busy:
        raise EditError("Work is in progress: wait for it, or press Stop.")
