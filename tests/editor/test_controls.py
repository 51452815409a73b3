"""Named controls: each moves what it names, the rest stays, and all go along with drags."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag import EditError
from editor import models
from editor.controls import CONTROLS, checked
from editor.engine import Engine
from editor.motion.poses import mesh_in
from editor.motion.wanted import mean, turned, wanted
from editor.session import Session
from editor.session_file import load_session, save_session
from editor.view import show
from photo.crop import Crop
from photo.mesh import (
    CHIN,
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    LOWER_LIDS,
    LOWER_LIP,
    MOUTH_CORNERS,
    NOSE_TIP,
    RIGHT_EYE,
    STABLE,
    UPPER_LIDS,
    UPPER_LIP,
)
from transfer.rig import RIG_SIDE, Pose, Rig, head_motion
from ui.page import handlers

ZERO = dict.fromkeys(CONTROLS, 0)
values = st.fixed_dictionaries(
    {}, optional={name: st.floats(c.least, c.most) for name, c in CONTROLS.items()}
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return models.engine(models.names()[0])


@pytest.fixture(scope="module")
def session() -> Session:
    """The face that the page opens with."""
    return handlers.fresh().session


def posed(session: Session) -> tuple[Rig, Pose]:
    rig, pose = session.subject.rig, session.now.change
    assert rig is not None
    assert isinstance(pose, Pose)
    return rig, pose


def seen(session: Session) -> np.ndarray:
    """The face net's mesh of the edited photo, in the frame of its head, distances of eyes."""
    found = mesh_in(show(session.subject, session.now), Crop(session.subject.quad, RIG_SIDE))
    assert found is not None
    return head_motion(mean(), found).undone(found)


def height(mesh: np.ndarray, upper: int, lower: int) -> float:
    return float(mesh[lower, 1] - mesh[upper, 1])


@pytest.mark.parametrize(
    ("values", "figure", "least"),
    [
        ({"smile": 1}, lambda m: np.ptp(m[list(MOUTH_CORNERS), 0]), 0.06),
        ({"smile": 1}, lambda m: -m[list(MOUTH_CORNERS), 1].mean(), 0.05),
        ({"mouth": 1}, lambda m: height(m, UPPER_LIP, LOWER_LIP), 0.1),
        ({"mouth": 1}, lambda m: m[CHIN, 1], 0.08),
        ({"blink_left": 1}, lambda m: -height(m, UPPER_LIDS[0], LOWER_LIDS[0]), 0.005),
        ({"blink_right": 1}, lambda m: -height(m, UPPER_LIDS[1], LOWER_LIDS[1]), 0.005),
        ({"brows": 1}, lambda m: -m[list(LEFT_BROW), 1].mean(), 0.03),
        ({"slim": 1}, lambda m: -np.ptp(m[list(JAW), 0]), 0.05),
        ({"eyes": 1}, lambda m: height(m, UPPER_LIDS[0], LOWER_LIDS[0]), 0.005),
    ],
)
def test_the_face_net_sees_in_the_photo_what_is_asked(
    engine: Engine, session: Session, values: dict, figure, least: float
) -> None:
    before, after = (figure(seen(s)) for s in (session, engine.set(session, values)))
    assert after - before > least


@pytest.mark.parametrize("name", ["turn", "nod", "tilt"])
def test_a_head_turns_rigidly_by_so_many_degrees(
    engine: Engine, session: Session, name: str
) -> None:
    rig, start = posed(session)
    _, pose = posed(engine.set(session, {name: 10}))
    head = head_motion(start.vertices[:468], pose.vertices[:468])
    assert np.rad2deg(np.arccos((np.trace(head.turn) - 1) / 2)) == pytest.approx(10, abs=1e-3)
    np.testing.assert_allclose(head(start.vertices[:468]), pose.vertices[:468], atol=1e-6)
    still = rig.follow == 0
    assert np.array_equal(pose.vertices[still], start.vertices[still])
    way = (pose.vertices - start.vertices)[NOSE_TIP]
    assert way[int(name == "nod")] > 3


@pytest.mark.parametrize("name", [n for n, c in CONTROLS.items() if c.most <= 1])
def test_what_a_control_does_not_name_stays(engine: Engine, session: Session, name: str) -> None:
    """The skull never moves; eyes and mouth leave each other alone."""
    rig, start = posed(session)
    _, pose = posed(engine.set(session, {name: CONTROLS[name].most}))
    way = np.linalg.norm(pose.vertices - start.vertices, axis=1)[:468] / rig.eyes
    apart = {"smile": (*LEFT_EYE, *RIGHT_EYE), "mouth": (*LEFT_EYE, *RIGHT_EYE)}
    stays = apart.get(name, MOUTH_CORNERS if name != "slim" else (NOSE_TIP, *LEFT_EYE))
    assert way[list(stays)].max() < 0.01
    assert np.median(way[list(STABLE)]) < 0.02
    if name in ("blink_left", "blink_right"):
        other = RIGHT_EYE if name == "blink_left" else LEFT_EYE
        assert way[list(other)].max() < 1e-6
    gazes = name in ("gaze_x", "gaze_y")
    assert pose.gaze.any() == gazes


def test_irises_move_where_they_are_sent(engine: Engine, session: Session) -> None:
    rig, _ = posed(session)
    for name, part, sign in (("gaze_x", 0, 1), ("gaze_y", 1, -1)):
        _, pose = posed(engine.set(session, {name: 0.5}))
        assert (sign * pose.gaze[:, part] > 0.02 * rig.eyes).all()


def test_lips_that_close_do_not_cross(engine: Engine, session: Session) -> None:
    _, start = posed(session)
    _, pose = posed(engine.set(session, {"mouth": -1}))
    before, after = (height(p.vertices, UPPER_LIP, LOWER_LIP) for p in (start, pose))
    assert -1 < after < max(1, 0.5 * before)


def test_a_control_that_is_put_back_leaves_no_trace(engine: Engine, session: Session) -> None:
    there = engine.set(session, {"turn": 15, "smile": 0.5})
    calm = engine.set(there, {"smile": 0})
    assert calm.now.controls == {"turn": 15.0}, "the others stay"
    back = engine.set(calm, {"turn": 0})
    assert len(back.past) == 3
    assert posed(back)[1].rests(posed(back)[0])
    assert engine.set(back, ZERO) is back
    assert there.at(0).now.controls == {}


def test_controls_and_drags_go_together(engine: Engine, session: Session) -> None:
    """A drag keeps what controls did, and the other way round; undo has both values and pose."""
    smiling = engine.set(session, {"smile": 1})
    view = replace(smiling, subject=smiling.subject)
    corner = posed(smiling)[1].vertices[LEFT_BROW[2], :2]
    at = Crop(session.subject.quad, RIG_SIDE).to_photo(corner[None])[0]
    up = ((float(at[0]), float(at[1])), (float(at[0]), float(at[1]) - 8))
    how = engine.search().changed(steps=8)
    *_, last = engine.drag(view, [up], how)
    assert last.version is not None
    both = smiling.moved(last.version)
    assert both.now.controls == {"smile": 1.0}
    turned_too = engine.set(both, {"tilt": 5})
    calm = engine.set(turned_too, ZERO)
    way = posed(calm)[1].vertices[:468, :2] - posed(session)[1].vertices[:468, :2]
    length = np.linalg.norm(way, axis=1)
    assert length[list(MOUTH_CORNERS)].max() < 0.5 * length[LEFT_BROW[2]]
    assert calm.at(2).now.controls == {"smile": 1.0}
    assert calm.at(3).now.controls == {"smile": 1.0, "tilt": 5.0}


def test_the_model_follows_and_stays_a_face(engine: Engine, session: Session) -> None:
    turned_head = engine.set(session, {"turn": 20, "mouth": 1})
    assert not np.allclose(turned_head.now.ws, session.now.ws)
    picture = turned_head.now.picture
    assert picture is not None
    assert picture.shape == (engine.side, engine.side, 3)
    side = float(engine.side)
    whole = np.array([[0, 0], [0, side], [side, side], [side, 0]]) - 0.5
    assert mesh_in(picture, Crop(whole, RIG_SIDE)) is not None


def test_a_session_s_file_keeps_the_values(engine: Engine, session: Session, tmp_path) -> None:
    moved = engine.set(engine.set(session, {"smile": 0.5}), {"gaze_x": -1, "nod": 3})
    save_session(moved, {}, tmp_path / "a.safetensors")
    found, _ = load_session(tmp_path / "a.safetensors")
    assert [v.controls for v in found.versions] == [v.controls for v in moved.versions]
    assert engine.set(found, ZERO).now.controls == {}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"smlie": 1}, "There is no control smlie: use smile, mouth"),
        ({"smile": 1.5}, "smile is a number from -1 to 1"),
        ({"blink_left": -0.1}, "blink_left is a number from 0 to 1"),
        ({"turn": "far"}, "turn is a number from -20 to 20"),
        ({"nod": float("nan")}, "nod is a number"),
        ({"tilt": True}, "tilt is a number"),
    ],
)
def test_what_is_no_value_gets_a_sentence(values: dict, sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        checked(values)


def test_without_a_head_controls_say_so(engine: Engine, session: Session) -> None:
    flat = replace(session, subject=replace(session.subject, rig=None))
    with pytest.raises(EditError, match="no face here"):
        engine.set(flat, {"smile": 1})


@given(values)
def test_what_is_wanted_is_moderate_and_symmetric_turns_are_turns(asked: dict) -> None:
    shift, turn = wanted(asked, mean()), turned(asked)
    assert np.isfinite(shift).all()
    assert np.linalg.norm(shift, axis=1).max() < 1
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
