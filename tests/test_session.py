"""What a session does with clicks, drags, undo and redo."""

from functools import reduce

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drag import EditError
from editor.session import MOST_VERSIONS, Session, Subject, Version
from inversion.transfer import Change
from stylegan import Delta

HEIGHT, WIDTH = 60, 80
SUBJECT = Subject(
    np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    np.array([[0, 0], [0, 50], [50, 50], [50, 0]], dtype=np.float64),
    torch.zeros(2, 3),
    Delta(),
)
point = st.tuples(st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1))
points = st.lists(point, max_size=6)


def version(number: int = 0) -> Version:
    change = Change(np.zeros((4, 4, 2)), np.zeros((4, 4, 3)))
    return Version(torch.full((2, 3), float(number)), change)


def start() -> Session:
    return Session(SUBJECT, version())


def placed(clicks: list[tuple[float, float]]) -> Session:
    return reduce(Session.place, [(float(x), float(y)) for x, y in clicks], start())


# Events as functions of a session, so that any life of it can be written as a list of them.
moves = st.integers(1, 9).map(lambda number: lambda session: session.moved(version(number)))
clicks = point.map(lambda place: lambda session: session.place(place))
event = st.one_of(
    moves,
    clicks,
    st.sampled_from([Session.undo, Session.redo, Session.unplace, Session.clear]),
)
lives = st.lists(event, max_size=40)


def lived(events: list) -> Session:
    return reduce(lambda session, event: event(session), events, start())


@given(lives, point)
def test_unplace_takes_a_click_back(events: list, place: tuple[float, float]) -> None:
    session = lived(events)
    assert session.place(place).unplace() == session


@given(points)
def test_clear_takes_all_clicks_back(clicks: list[tuple[float, float]]) -> None:
    session = placed(clicks)
    assert session.clear() == Session(session.subject, session.now)


def test_there_may_be_nothing_to_take_back() -> None:
    session = start()
    assert session.unplace() == session.clear() == session.undo() == session.redo() == session


@given(points)
def test_pairs_are_the_finished_arrows(clicks: list[tuple[float, float]]) -> None:
    pairs = placed(clicks).pairs
    assert [place for pair in pairs for place in pair] == clicks[: len(clicks) // 2 * 2]


@given(lives)
def test_undo_after_a_drag_restores_the_picture(events: list) -> None:
    session = lived(events)
    back = session.moved(version(99)).undo()
    assert back.now is session.now
    assert back.past == session.past[-(MOST_VERSIONS - 1) :]


@given(lives)
def test_redo_after_undo_is_as_before(events: list) -> None:
    session = lived(events)
    if session.past:
        assert session.undo().redo() == session


@given(lives)
def test_undo_after_redo_is_as_before(events: list) -> None:
    session = lived(events)
    if session.future:
        assert session.redo().undo() == session


@given(lives)
def test_a_drag_uses_the_points_up_and_ends_redo(events: list) -> None:
    session = lived(events)
    after = session.moved(version(5))
    assert after.clicks == ()
    assert after.future == ()
    assert after.past[-1] is session.now


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


@given(st.lists(st.tuples(point, point), min_size=1, max_size=4))
def test_an_edit_has_the_pairs(
    pairs: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    session = placed([place for pair in pairs for place in pair])
    if any(np.hypot(h[0] - t[0], h[1] - t[1]) < 0.6 for h, t in pairs):
        return
    edit = session.edit()
    assert edit.size == (HEIGHT, WIDTH)
    assert np.allclose(edit.handles, [handle for handle, _ in pairs], atol=1e-4)
    assert np.allclose(edit.targets, [target for _, target in pairs], atol=1e-4)


def test_a_mask_goes_into_the_edit() -> None:
    mask = np.ones((HEIGHT, WIDTH), bool)
    edit = placed([(1, 1), (9, 9)]).paint(mask).edit()
    assert edit.mask is not None
    assert bool(edit.mask.all())
    assert placed([(1, 1), (9, 9)]).paint(mask).paint(None).edit().mask is None


@pytest.mark.parametrize(
    ("session", "sentence"),
    [
        (placed([]), "There is nothing to drag yet"),
        (placed([(5, 5)]), "The last point has no target yet: press where it should go."),
        (placed([(5, 5), (5, 5)]), "Drag 1 goes nowhere"),
        (placed([(5, 5), (9, 9), (-4, 5), (9, 9)]), "Drag 2 starts outside the picture"),
        (placed([(5, 5), (90, 9)]), "Drag 1 ends outside the picture"),
        (placed([(1, 1), (9, 9)] * 33), "66 points are too many|33 points are too many"),
        (placed([(1, 1), (9, 9)]).paint(np.zeros((HEIGHT, WIDTH), bool)), "The mask is empty"),
        (placed([(1, 1), (9, 9)]).paint(np.ones((5, 6), bool)), "The mask has 6 x 5 px"),
    ],
)
def test_an_edit_that_cannot_be_done_says_why(session: Session, sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        session.edit()
