"""Where the network of this app works: in this process, in others, or on GPUs that are lent.

``WORK`` says what can be asked of it; the functions are its own.
"""

import os
from dataclasses import dataclass

from editor import models
from editor.backend.contract import Contract
from editor.backend.contract import Fitted as Fitted
from editor.backend.figures import Figures, counted
from editor.backend.job import Backend, again
from editor.backend.processes import Workers
from editor.backend.threads import Hands
from editor.machine.device import best_device
from inversion import InvertOptions

from .lent import AT_ONCE, Lent, lent
from .line import Line
from .page import host

WORKERS = "DRAGPHOTO_WORKERS"
"""The environment variable: so many processes do the work; unset, threads of this one."""


@dataclass(frozen=True)
class Place:
    """A backend, and how much is done there at once: drags and the like, and fits."""

    backend: Backend
    short: int
    long: int


def chosen() -> Place:
    """As the machine and whoever hosts the app want it."""
    borrower, count = lent(), os.environ.get(WORKERS, "")
    if borrower is not None:
        return Place(borrower, AT_ONCE, AT_ONCE)
    if count.isdecimal() and int(count):
        workers = Workers(int(count))
        return Place(again(workers), workers.count, max(1, workers.count - 1))
    hands = Hands()
    fits = 1 if best_device().type == "cuda" else hands.hands  # each takes gigabytes of a GPU
    return Place(hands, 2 * hands.hands, fits)


def move_to(place: Place) -> None:
    """Work is done there from now on."""
    WORK.backend = counted(place.backend, FIGURES)
    SHORT.places, LONG.places = place.short, place.long


def line(options: InvertOptions) -> Line:
    """In which a fit waits: one without steps is short."""
    return LONG if options.steps else SHORT


_here, FIGURES = chosen(), Figures()
WORK = Contract(counted(_here.backend, FIGURES))
SHORT, LONG = Line(_here.short), Line(_here.long)
"""Before drags and all else that is short, and before fits, which they pass."""
fit, drag, control, refined = WORK.fit, WORK.drag, WORK.control, WORK.refined
face, picture = WORK.face, WORK.picture

if isinstance(_here.backend, Lent):  # models that are made now go along to each borrower
    if (fetching := host.prefetch()) is not None:
        fetching.join()
    models.load_first()
