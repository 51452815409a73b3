"""What a session does with drags, undo, redo and jumps."""

from functools import reduce

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from editor.drawing import Drawing
from editor.session import BLANK, MOST_VERSIONS, FittedPhoto, Session, Version
from stylegan import Delta
from transfer.warp import Warp

SUBJECT = FittedPhoto(
    np.zeros((60, 80, 3), np.uint8),
    np.array([[0, 0], [0, 50], [50, 50], [50, 0]], dtype=np.float64),
    torch.zeros(2, 3),
    Delta(),
)


def version(number: int = 0) -> Version:
    change = Warp(np.zeros((4, 4, 2)), np.zeros((4, 4, 4)))
    return Version(torch.full((2, 3), float(number)), change)


def start() -> Session:
    return Session(SUBJECT, version())


def arrow(number: int) -> Drawing:
    return Drawing((((float(number), 1.0), (2.0, 3.0)),))


# Events as functions of a session, so that any life of it can be written as a list of them.
moves = st.integers(1, 9).map(lambda number: lambda session: session.moved(version(number)))
draws = st.integers(1, 9).map(lambda number: lambda session: session.drawn(arrow(number)))
jumps = st.integers(-2, 40).map(lambda number: lambda session: session.at(number))


def undo(session: Session) -> Session:
    """What the page's button does."""
    return session.at(len(session.past) - 1)


def redo(session: Session) -> Session:
    return session.at(len(session.past) + 1)


event = st.one_of(moves, draws, jumps, st.sampled_from([undo, redo]))
lives = st.lists(event, max_size=40)


def lived(events: list) -> Session:
    return reduce(lambda session, event: event(session), events, start())


def test_there_may_be_nothing_to_take_back() -> None:
    session = start()
    assert undo(session) == redo(session) == session


@given(lives)
def test_undo_after_a_drag_restores_the_picture_and_the_drawing(events: list) -> None:
    session = lived(events).drawn(arrow(7))
    back = undo(session.moved(version(99)))
    assert back.now is session.now
    assert back.now.drawing == arrow(7)
    assert back.past == session.past[-(MOST_VERSIONS - 1) :]


@given(lives)
def test_redo_after_undo_is_as_before(events: list) -> None:
    session = lived(events)
    if session.past:
        assert redo(undo(session)) == session


@given(lives)
def test_undo_after_redo_is_as_before(events: list) -> None:
    session = lived(events)
    if session.future:
        assert undo(redo(session)) == session


@given(lives)
def test_a_drag_ends_redo_and_begins_with_nothing_drawn(events: list) -> None:
    session = lived(events)
    after = session.moved(version(5))
    assert after.now.drawing == BLANK
    assert after.future == ()
    assert after.past[-1] is session.now


@given(lives, st.integers(0, 40))
def test_a_jump_loses_no_version(events: list, number: int) -> None:
    session = lived(events)
    there = session.at(number)
    assert there.versions == session.versions
    assert len(there.past) == min(number, len(session.versions) - 1)


@given(lives)
def test_no_more_versions_are_kept_than_allowed(events: list) -> None:
    session = lived(events)
    assert len(session.past) + len(session.future) <= MOST_VERSIONS


def test_the_oldest_versions_go_first() -> None:
    session = start()
    for number in range(1, MOST_VERSIONS + 6):
        session = session.moved(version(number))
    assert len(session.past) == MOST_VERSIONS
    assert float(session.past[0].ws[0, 0]) == 5


@given(lives)
def test_the_photo_never_changes(events: list) -> None:
    session = lived(events)
    assert session.subject is SUBJECT
