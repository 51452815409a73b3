"""Work of several visitors at once in one process, against one alone.

    python -m benchmarks.time.side_by_side --repeat 5

A drag on an example photo with its pictures, alone; the same drag by two visitors at once, and by
four; a drag that begins while a long fit goes on. Each as a multiple of the drag alone that was
timed just before, medians and most; with --workers N by processes instead of threads.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from threading import Event, Thread

from drag import Edit
from editor import models
from editor.backend.contract import Contract
from editor.backend.processes import Workers
from editor.backend.threads import Hands
from editor.engine import Engine
from editor.machine.cores import use_well
from editor.session import Session
from editor.view import VIEW_SIDE, closeup
from inversion import budget
from photo import read_photo
from ui.page.handlers import ASTRONAUT

from ..tables import table, write

NOSE = ((256.0, 280.0), (290.0, 285.0))  # px of the canvas
HEAD_START = 2.0  # s of the fit before the drag


class Work:
    """What visitors ask for, of the embedded model."""

    def __init__(self, contract: Contract) -> None:
        self.contract, self.model = contract, models.names()[0]
        engine = models.engine(self.model)
        assert isinstance(engine, Engine)
        photo = read_photo(ASTRONAUT)
        session = engine.open(photo)
        self.session = Session(closeup(session.subject), session.now)
        self.image, self.search = engine.crop(photo, session.subject.quad), engine.search()

    def drag(self) -> None:
        """From the press to the result."""
        edit = Edit.between((VIEW_SIDE, VIEW_SIDE), [NOSE])
        for _ in self.contract.drag(self.model, self.session, edit, self.search):
            pass

    def fit(self, enough: Event) -> None:
        """As closely as can be, until it is enough."""
        work = self.contract.fit(self.model, self.image, budget("best", 0), 10)
        with closing(work):
            for _ in work:
                if enough.is_set():
                    return


def seconds(work: Callable[[], None]) -> float:
    """By the clock."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def at_once(work: Callable[[], None], count: int) -> None:
    """By so many visitors."""
    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def during_fit(work: Work) -> float:
    """Seconds of a drag that begins while a fit goes on."""
    enough = Event()
    fit = Thread(target=work.fit, args=(enough,))
    fit.start()
    time.sleep(HEAD_START)
    taken = seconds(work.drag)
    assert fit.is_alive()
    enough.set()
    fit.join()
    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", type=Path, help="file for the figures")
    how = parser.parse_args()
    use_well()
    work = Work(Contract(Workers(how.workers) if how.workers else Hands()))
    at_once(work.drag, 2)  # everything is loaded
    times: dict[str, list[float]] = {}
    for _ in range(how.repeat):
        alone = seconds(work.drag)
        times.setdefault("alone, s", []).append(alone)
        for name, taken in (
            ("two at once", seconds(lambda: at_once(work.drag, 2))),
            ("four at once", seconds(lambda: at_once(work.drag, 4))),
            ("during a fit", during_fit(work)),
        ):
            times.setdefault(name, []).append(taken / alone)
    rows = [{"drag": n, "median": median(each), "most": max(each)} for n, each in times.items()]
    table(rows)
    write(how.json, {"rows": rows})


if __name__ == "__main__":
    main()
