"""The edit of a session on another photo."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from editor.apply import applied, posed
from editor.engine import Engine, default_crop
from editor.motion.poses import rigged
from editor.session import FittedPhoto, Session, SessionError, Version
from editor.view import edited, show, untouched
from photo import Photo, PhotoError, read_photo
from photo.crop import Quad, box_quad
from stylegan import before_activation
from transfer.rig import Pose, Rig, rest

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"


def looked_at(photo: Photo) -> tuple[Quad, Rig]:
    quad = default_crop(photo, "face")
    assert quad is not None
    rig = rigged(photo, quad)
    assert rig is not None
    return quad, rig


@pytest.fixture(scope="module")
def edit() -> Session:
    """The head moved aside by 12 px, one eye looking up."""
    photo = read_photo(PHOTO)
    quad, rig = looked_at(photo)
    ws = torch.randn(14, 512, generator=torch.Generator().manual_seed(0))
    session = untouched(FittedPhoto(photo, quad, ws, {}, rig, "a model"), 0)
    pose = Pose(rig.vertices + rig.follow[:, None] * (12, 0, 0), np.array([[0, -2.0], [0, 0]]))
    return session.moved(Version(ws + 0.1, pose))


def test_the_same_photo_looks_the_same(edit: Session) -> None:
    subject = edit.subject
    again = applied(edit, subject.photo, subject.quad)
    assert isinstance(again.now.change, Pose)
    assert isinstance(edit.now.change, Pose)
    np.testing.assert_allclose(again.now.change.vertices, edit.now.change.vertices, atol=0.01)
    away = show(again.subject, again.now).astype(int) - show(subject, edit.now)
    assert np.abs(away).mean() < 0.01


def test_a_mirrored_photo_moves_and_is_kept_outside(edit: Session) -> None:
    photo = np.ascontiguousarray(edit.subject.photo[:, ::-1])
    quad, rig = looked_at(photo)
    session = applied(edit, photo, quad)
    result, differs = edited(session.subject, session.now.change)
    assert 0.01 < differs.mean() < 0.5
    np.testing.assert_array_equal(result[~differs], photo[~differs])
    assert isinstance(session.now.change, Pose)
    step = (session.now.change.vertices - rig.vertices)[:468].mean(0) / rig.eyes
    own = edit.subject.rig
    assert own is not None
    np.testing.assert_allclose(step, (12 / own.eyes, 0, 0), atol=0.03)
    assert session.at(0).now.change.rests(session.subject.rig)  # undo


def test_drags_go_on_from_there(edit: Session) -> None:
    engine = Engine(device="cpu")
    start = engine.open(edit.subject.photo, edit.subject.quad)
    assert start.subject.rig is not None
    ws, pose = engine.latent(3, 0.5), posed(edit, start.subject.rig)
    own = start.moved(Version(ws, pose))
    other = applied(own, edit.subject.photo, edit.subject.quad, engine)
    torch.testing.assert_close(
        before_activation(other.now.ws), before_activation(ws), atol=1e-3, rtol=0
    )
    assert other.now.picture is not None
    foreign = replace(own, subject=replace(own.subject, model="another"))
    other = applied(foreign, edit.subject.photo, edit.subject.quad, engine)
    torch.testing.assert_close(other.now.ws, other.subject.ws)


def test_what_is_no_edit_of_a_face_is_told(edit: Session) -> None:
    subject = edit.subject
    assert subject.rig is not None
    at_rest = edit.moved(Version(subject.ws, rest(subject.rig)))
    with pytest.raises(SessionError, match="Nothing is edited"):
        applied(at_rest, subject.photo, subject.quad)
    headless = untouched(replace(subject, rig=None), 8)
    with pytest.raises(SessionError, match="none of a face"):
        applied(headless, subject.photo, subject.quad)
    with pytest.raises(PhotoError, match="No face was found"):
        applied(edit, np.full((200, 200, 3), 99, np.uint8), box_quad(20.0, 20.0, 128.0))
