"""Several faces of one photo, one after the other: each has its own edits, all are in the photo."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from editor.session import NO_PHOTO, Session
from editor.view import show
from photo import Sent

from ..canvas import read_drawn
from ..work_lock import by_hand, idle_only
from . import messages, work
from .handlers import seen, settled
from .screen import Screen, idle
from .tab_state import TabState


def another(visit: TabState) -> Generator[Screen]:
    """On with another face of the photo; what was done to this one stays."""
    idle_only(visit)
    others = (*visit.people, _light(visit.session))
    visit.choose(replace(seen(visit.result(), "face"), others=others))
    yield idle(visit, messages.what_next(visit))


def pick(visit: TabState, drawn: Any, *values: Any) -> Generator[Screen]:
    """A face was pressed on: go on with what was done to it, or fit it."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    pending = visit.unfitted
    known = None if pending is None else _at(np.mean(visit.drawn.marks, 0), pending.others)
    if pending is None or known is None:
        yield from work.fit_marked(visit, *values)
        return
    others = tuple(other for other in pending.others if other is not known)
    subject = known.subject.on(painted(visit.original, others))
    visit.open(replace(known, subject=subject), visit.facts)
    visit.people = others
    yield from by_hand(visit, settled(visit, messages.NEXT))


def painted(photo: Sent, sessions: Sequence[Session]) -> Sent:
    """The photo with what was done to each face."""
    for session in sessions:
        photo = show(session.subject.on(photo), session.now)
    return photo


def _at(place: np.ndarray, sessions: Sequence[Session]) -> Session | None:
    """The session of the face there, if there is one."""
    for session in sessions:
        quad = session.subject.quad
        if np.linalg.norm(place - quad.mean(0)) < np.linalg.norm(quad[3] - quad[0]) / 4:
            return session
    return None


def _light(session: Session) -> Session:
    return replace(session, subject=session.subject.on(NO_PHOTO))
