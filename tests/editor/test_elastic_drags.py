"""Photos without a face, and without a model: opened, pulled often, saved, opened again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from drag import Edit, EditError
from editor.elastic import NONE, SIDE, Elastic
from editor.engine import Engine
from editor.session import Session, SessionError
from editor.session_file import save_session
from editor.view import closeup, original, show
from photo import Photo, PhotoError
from photo.crop import box_quad
from transfer.warp import Warp

ELASTIC = Elastic()
TIP, ASIDE = (321.0, 145.0), (350.0, 130.0)


@pytest.fixture(scope="module")
def rocket() -> Photo:
    return skimage.data.rocket()


@pytest.fixture(scope="module")
def pulled(rocket: Photo) -> Session:
    session = ELASTIC.open(rocket)
    *_, last = ELASTIC.drag(session, [(TIP, ASIDE)])
    assert last.version is not None
    return session.moved(last.version)


def test_a_photo_is_ready_at_once_and_as_it_was(rocket: Photo):
    session = ELASTIC.open(rocket)
    ELASTIC.check(session)
    assert np.array_equal(show(session.subject, session.now), rocket)
    assert session.subject.model == NONE


def test_the_handle_arrives_and_the_rest_stays(rocket: Photo):
    session = ELASTIC.open(rocket)
    steps = list(ELASTIC.drag(session, [(TIP, ASIDE)]))
    last = steps[-1]
    assert [step.state.end for step in steps[:-1]] == [""] * (len(steps) - 1)
    assert last.state.end == "arrived"
    assert float(last.state.distances.max()) < 1
    assert last.version is not None
    after = show(session.subject, last.version)
    x, y = (int(v) for v in ASIDE)
    was, now = rocket[140:151, 316:327].astype(int), after[y - 5 : y + 6, x - 5 : x + 6].astype(int)
    assert np.abs(now - was).mean() < 15
    assert np.abs(now - rocket[y - 5 : y + 6, x - 5 : x + 6].astype(int)).mean() > 28
    assert np.array_equal(after[:, :160], rocket[:, :160])
    assert np.array_equal(after[:, 510:], rocket[:, 510:])


def test_several_drags_add_up_and_lead_back(rocket: Photo, pulled: Session):
    *_, last = ELASTIC.drag(pulled, [(ASIDE, TIP)])
    assert last.version is not None
    back = show(pulled.subject, last.version).astype(int)
    moved = show(pulled.subject, pulled.now).astype(int)
    part = np.s_[110:180, 300:370]
    assert np.abs(back - rocket)[part].mean() < 0.4 * np.abs(moved - rocket)[part].mean()
    assert np.array_equal(show(pulled.subject, original(pulled)), rocket)


def test_what_the_screen_has_is_enough(rocket: Photo, pulled: Session):
    """A drag of the close-up is that of the photo."""
    session = ELASTIC.open(rocket)
    small = Session(closeup(session.subject), session.now)
    scale = SIDE / 640
    pairs = [
        tuple(
            ((p[0] + 0.5) * scale - 0.5, (p[1] + 106.5 + 0.5) * scale - 0.5) for p in (TIP, ASIDE)
        )
    ]
    *_, last = ELASTIC.drag(small, pairs)  # pyright: ignore[reportArgumentType]
    assert last.version is not None
    one, other = last.version.change, pulled.now.change
    assert isinstance(one, Warp)
    assert isinstance(other, Warp)
    assert np.abs(one.flow - other.flow).mean() < 0.1


def test_a_mask_says_what_moves(rocket: Photo):
    session, mask = ELASTIC.open(rocket), torch.zeros(rocket.shape[:2], dtype=torch.bool)
    mask[120:300, 305:340] = True
    edit = Edit.between(rocket.shape[:2], [(TIP, ASIDE)], mask)
    *_, last = ELASTIC.drag(session, edit)
    assert last.version is not None
    after = show(session.subject, last.version)
    assert np.array_equal(after[310:], rocket[310:])
    assert (after != rocket).any()


def test_a_square_of_the_photo_can_be_opened(rocket: Photo):
    session = ELASTIC.open(rocket, box_quad(250.0, 80.0, 150.0))
    *_, last = ELASTIC.drag(session, [(TIP, ASIDE)])
    assert last.version is not None
    after = show(session.subject, last.version)
    assert np.array_equal(after[:, :249], rocket[:, :249])
    with pytest.raises(EditError, match="outside the fitted part"):
        list(ELASTIC.drag(session, [((10.0, 10.0), TIP)]))
    with pytest.raises(PhotoError):
        ELASTIC.open(rocket, box_quad(-900.0, 80.0, 150.0))


def test_beyond_what_holds_a_drag_is_stuck(rocket: Photo):
    session, mask = ELASTIC.open(rocket), torch.zeros(rocket.shape[:2], dtype=torch.bool)
    mask[20:60, 300:340] = True  # sky in the sky
    edit = Edit.between(rocket.shape[:2], [((320.0, 40.0), (320.0, 200.0))], mask)
    *_, last = ELASTIC.drag(session, edit)
    assert last.state.end == "stuck"
    assert float(last.state.distances.max()) > 50


def test_a_session_is_saved_and_opened_again(pulled: Session, tmp_path: Path):
    file = tmp_path / "pulled.safetensors"
    save_session(pulled, {"fit": NONE}, file)
    again, facts = ELASTIC.reopen(file)
    assert facts == {"fit": NONE}
    assert np.array_equal(show(again.subject, again.now), show(pulled.subject, pulled.now))
    *_, last = ELASTIC.drag(again, [(ASIDE, TIP)])
    assert last.state.end == "arrived"


def test_sessions_of_models_are_refused(pulled: Session):
    with pytest.raises(SessionError, match="with a model"):
        ELASTIC.check(replace(pulled, subject=replace(pulled.subject, model="faces")))
    small = Warp(np.zeros((64, 64, 2), np.float32), np.zeros((64, 64, 4), np.float32))
    with pytest.raises(SessionError):
        ELASTIC.check(replace(pulled, now=replace(pulled.now, change=small)))


def test_models_refuse_its_sessions(pulled: Session):
    with pytest.raises(SessionError, match="another model"):
        Engine().check(pulled)
