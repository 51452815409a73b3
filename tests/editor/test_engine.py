"""What a drag moves, what it shows, and whose face it follows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.data import astronaut
from torch import Tensor
from worlds import random_ws, small_generator, texture

from drag import Edit, EditError
from editor.dragger import DragStep, to_crop_edit
from editor.engine import Engine, default_crop
from editor.motion.estimators import CorrespondenceEstimator, FlowEstimator, MotionEstimator
from editor.search import GEOMETRY, LAYERS, OWN, PAPER, PRINCIPAL
from editor.session import Session
from editor.session_file import save_session
from editor.view import show, untouched
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from photo import PhotoError
from photo.crop import Crop, box_quad
from photo.domain import Domain
from photo.mesh import INNER_LIPS, POINTS
from stylegan import CoordinateHead, Delta, activation, before_activation
from transfer.flow import Motion
from weights.formats import Model, save

DRAG = GEOMETRY.changed(steps=6)
EDIT = Edit.between((512, 512), [((200.0, 200.0), (260.0, 220.0))])
BOX = torch.tensor([[-1.0, -2.0, 0.0], [1.0, 2.0, 3.0]])
SIDE, LATENT = 32, 12


def knowing(folder: Path) -> Path:
    """A model with axes, landmarks and a coordinate head."""
    source = torch.Generator().manual_seed(5)
    generator = small_generator()
    torch.manual_seed(3)
    head = CoordinateHead(generator.config)
    axes = torch.randn(5, LATENT, generator=source)
    landmarks = torch.zeros(LATENT + 1, POINTS, 2)
    landmarks[-1] = 16 + 8 * torch.rand(POINTS, 2, generator=source)
    model = Model(generator, 16, axes, landmarks, head.requires_grad_(False), BOX)
    save(model, folder / "knowing.safetensors")
    return folder / "knowing.safetensors"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    file = tmp_path_factory.mktemp("model") / "plain.safetensors"
    save(Model(small_generator(), 16), file)
    return Engine(file, "cpu")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(knowing(tmp_path_factory.mktemp("model")), "cpu")


@pytest.fixture(params=["plain", "full"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue(request.param)


def dragged(engine: Engine, session: Session, edit: Edit = EDIT) -> list[DragStep]:
    return list(engine.drag(session, edit, DRAG))


def bent(session: Session, engine: Engine) -> Session:
    """The same, its generator tuned to something."""
    weight = engine.generator.state_dict()["synthesis.b16.conv1.weight"]
    noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    delta = Delta({"synthesis.b16.conv1.weight": (0.5 * noise).half()})
    return replace(session, subject=replace(session.subject, delta=delta))


def test_the_untuned_face_is_dragged_and_the_tuned_one_is_shown(engine: Engine) -> None:
    session = engine.face(3)
    tuned = bent(session, engine)
    one, other = dragged(engine, session), dragged(engine, tuned)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a.state.latent, b.state.latent)
        assert torch.equal(a.state.handles, b.state.handles)
        if a.version is not None:
            assert torch.equal(a.version.ws, b.version.ws)
            assert (a.version.picture == engine.picture(a.version.ws)).all()
            shown = engine.picture(b.version.ws, tuned.subject.delta)
            assert (b.version.picture == shown).all()
            assert (a.version.picture != shown).any()


def test_the_first_row_moves_all_layers_and_the_others_one_each_a_little(engine: Engine) -> None:
    session = engine.face(3)
    last, layers = dragged(engine, session)[-1], moving(engine)
    latent, start = last.state.latent, before_activation(session.now.ws)
    assert latent.shape == (1 + layers, len(engine.dragger.axes))
    assert latent[0].any()
    assert latent[1:].any()
    own = OWN["principal" if engine.model.axes is None else "geometry"]
    move = latent[:1] + own * latent[1:]
    moved = torch.cat([start[:layers] + move @ engine.dragger.axes, start[layers:]])
    torch.testing.assert_close(last.version.ws, activation(moved), rtol=1e-4, atol=1e-4)


def test_axes_move_all_layers_without_them_only_the_first(plain: Engine, full: Engine) -> None:
    for engine in (plain, full):
        before = engine.face(3).now.ws
        after = dragged(engine, engine.face(3))[-1].version.ws
        same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert same == [False] * moving(engine) + [True] * (len(before) - moving(engine))


def moving(engine: Engine) -> int:
    return LAYERS if engine.model.axes is None else engine.generator.config.num_ws


def test_in_plain_w_the_first_ws_move_by_the_latent_alone(engine: Engine) -> None:
    session = engine.face(3)
    before = session.now.ws
    for space, rows in (("w+", LAYERS), ("w", 1)):
        *_, last = engine.drag(session, EDIT, PAPER.changed(steps=4, space=space))
        latent = last.state.latent
        assert latent.shape == (rows, before.shape[1])
        assert latent.any()
        torch.testing.assert_close(last.version.ws[:LAYERS], before[:LAYERS] + latent)
        assert torch.equal(last.version.ws[LAYERS:], before[LAYERS:])


def test_a_model_decides_how_it_is_dragged(plain: Engine, full: Engine) -> None:
    assert (plain.search(), full.search()) == (PRINCIPAL, GEOMETRY)
    for engine in (plain, full):
        assert engine.search("paper") == PAPER
        asked, own = list(engine.drag(engine.face(3), EDIT)), engine.search()
        again = list(engine.drag(engine.face(3), EDIT, own))
        assert torch.equal(asked[-1].state.latent, again[-1].state.latent)
    lengths = plain.dragger.axes.norm(dim=1), plain.statistics.axes.norm(dim=1)
    torch.testing.assert_close(lengths[0], lengths[1].sqrt())


def test_an_edit_stays_inside_its_mask(engine: Engine) -> None:
    mask = torch.zeros(512, 512, dtype=torch.bool)
    mask[100:300, 100:300] = True
    edit = Edit.between((512, 512), [((200.0, 200.0), (260.0, 220.0))], mask)
    session = engine.face(3)
    version = dragged(engine, session, edit)[-1].version
    assert np.isfinite(version.change.flow).all()
    changed = (show(session.subject, version) != session.subject.photo).any(2)
    changed[60:340, 60:340] = False  # 16 px of the photo are one of the model's picture
    assert not changed.any()


def test_a_second_drag_keeps_what_the_first_did(engine: Engine) -> None:
    session = engine.face(3)
    first = dragged(engine, session)[-1].version
    second = dragged(engine, session.moved(first))
    started = next(moved.version for moved in second if moved.version)  # nothing has moved since
    assert second[0].state.step == 0
    assert np.abs(started.change.flow - first.change.flow).max() < 0.5
    assert (started.picture == first.picture).all()


def test_show_takes_the_pixels_that_are_asked_for(plain: Engine) -> None:
    session = plain.face(3)
    version = dragged(plain, session)[-1].version
    own, made = (show(session.subject, version, pixels) for pixels in ("photo", "generated"))
    assert (own == show(session.subject, version)).all()
    assert (own != made).any()
    nothing = replace(version, picture=None)  # as in an untouched session
    assert (show(session.subject, nothing, "generated") == own).all()


def test_a_photo_is_opened_once_and_dragged_often(
    plain: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = InvertOptions(ProjectOptions(steps=2), TuneOptions(steps=0))
    monkeypatch.setitem(BUDGETS, "quick", few)
    photo = texture(512, 512)
    with pytest.raises(PhotoError, match="No face was found"):
        plain.open(photo)
    with pytest.raises(PhotoError, match="cannot be fitted"):
        plain.open(photo, box_quad(600.0, 0.0, 64.0), "quick")
    both = np.hstack([astronaut()[:300, :400], astronaut()[:300, 75:375]])
    for at in ((223.0, 125.0), (548.0, 125.0)):
        x, y = plain.open(both, budget="quick", at=at).subject.quad.mean(0)
        assert abs(x - at[0]) + abs(y - at[1]) < 50
    square = of("square", tmp_path)
    quad = default_crop(photo, "square")
    *_, fit = square.invert(photo, quad, few)
    for session in (square.open(photo, budget="quick"), square.open(photo, quad, "quick")):
        assert (session.subject.quad == quad).all()
        assert torch.equal(session.now.ws, fit.ws)
    pairs = [((200.0, 200.0), (260.0, 220.0)), ((100.0, 300.0), (110.0, 300.0))]
    steps = [
        list(square.drag(session, edit, DRAG.changed(steps=2)))[-1]
        for edit in (pairs, Edit.between((512, 512), pairs))
    ]
    assert torch.equal(steps[0].version.ws, steps[1].version.ws)


# What is seen of a drag


def followers() -> tuple[FlowEstimator, CorrespondenceEstimator]:
    generator = small_generator()
    torch.manual_seed(3)
    head = CoordinateHead(generator.config).requires_grad_(False)
    ws = random_ws(generator)[0]
    return FlowEstimator(generator, ws, SIDE), CorrespondenceEstimator(
        generator, head, BOX, ws, SIDE
    )


@pytest.mark.parametrize("number", [0, 1], ids=["by flow", "by points"])
def test_a_picture_that_stays_has_not_moved(number: int) -> None:
    follower = followers()[number]
    motion = follower.to(random_ws(small_generator())[0])
    assert motion.flow.shape == (SIDE, SIDE, 2)
    assert motion.confidence.shape == (SIDE, SIDE)
    assert motion.confidence.max() > 0.5
    assert np.abs(motion.flow[motion.confidence > 0.5]).max() < 0.05


def lips(ws: Tensor) -> np.ndarray:
    """A mouth in the middle that is open by 4 px."""
    points = np.full((POINTS, 2), 16.0)
    x = np.r_[np.linspace(10, 22, 11), np.linspace(22, 10, 11)[1:-1]]
    y = 16 + np.r_[0, [-2] * 9, 0, [2] * 9]
    points[list(INNER_LIPS)] = np.stack([x, y], 1)
    return points


def test_what_was_not_seen_is_known_but_not_between_the_lips(monkeypatch) -> None:
    start = random_ws(small_generator())[0]
    seen, known = followers()
    unseen = Motion(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE)))
    shifted = Motion(np.ones((SIDE, SIDE, 2)), np.ones((SIDE, SIDE)))
    monkeypatch.setattr(FlowEstimator, "to", lambda *_: unseen)
    monkeypatch.setattr(CorrespondenceEstimator, "to", lambda *_: shifted)
    for landmarks in (None, lips):
        sight = MotionEstimator(seen, known, landmarks).to(start)
        assert sight.motion.flow[2, 2].tolist() == [1, 1]
        assert sight.motion.confidence[2, 2] == 1
        if landmarks is None:
            assert sight.mouth is None
            assert sight.motion.confidence.min() == 1
        else:
            assert sight.mouth[16, 16] > 0.9
            assert sight.motion.confidence[16, 16] < 0.1


def test_a_model_that_knows_no_landmarks_knows_no_face() -> None:
    generator = small_generator()
    start = random_ws(generator)[0]
    assert MotionEstimator(FlowEstimator(generator, start, SIDE), None, None).face() is None
    away = MotionEstimator(FlowEstimator(generator, start, SIDE), None, lips).face()
    assert away[16, 16] == 0
    assert away[31, 31] > 0


def test_flow_is_added_up_over_small_steps(monkeypatch) -> None:
    pictures = iter(np.roll(texture(64), step, axis=1) for step in (0, 1, 2, 3))
    monkeypatch.setattr(FlowEstimator, "_picture", lambda self, ws: next(pictures))
    follower = FlowEstimator(small_generator(), torch.zeros(8, 12), 64)
    found = [np.median(follower.to(torch.zeros(8, 12)).flow[16:-16, 16:-16, 0]) for _ in range(3)]
    assert found == pytest.approx([-1, -2, -3], abs=0.25)


def test_a_large_picture_is_looked_at_in_previews_and_shown_whole_at_the_end(
    engine: Engine, monkeypatch
) -> None:
    monkeypatch.setattr("editor.dragger.SEEN_SIDE", SIDE // 2)
    session = engine.face(3)
    assert session.now.change.flow.shape == (SIDE // 2, SIDE // 2, 2)
    side = len(session.subject.photo)
    edit = Edit.between((side, side), [((side / 2, side / 2), (side / 2 + 60, side / 2))])
    *some, last = engine.drag(session, edit, GEOMETRY.changed(steps=5))
    shown = [moved.version for moved in some if moved.version is not None]
    assert {version.picture.shape for version in shown} == {(SIDE // 2, SIDE // 2, 3)}
    assert last.version.picture.shape == (SIDE, SIDE, 3)
    assert (last.version.picture == engine.picture(last.version.ws)).all()
    assert len(last.version.change.flow) == SIDE // 2
    for pixels in ("photo", "generated"):
        assert show(session.subject, last.version, pixels).shape == session.subject.photo.shape


def test_a_saved_session_holds_previews_and_whole_pictures(
    engine: Engine, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("editor.dragger.SEEN_SIDE", SIDE // 2)
    session = engine.face(3)
    small = np.full((SIDE // 2, SIDE // 2, 3), 90, np.uint8)
    large = np.full((SIDE, SIDE, 3), 120, np.uint8)
    for picture in (small, large):
        session = session.moved(replace(session.now, picture=picture))
    file = tmp_path / "two.safetensors"
    save_session(session, {}, file)
    back, _ = engine.reopen(file)
    first, stopped, whole = back.versions
    assert first.picture is None
    assert (stopped.picture == 90).all()
    assert stopped.picture.shape == whole.picture.shape == (SIDE, SIDE, 3)
    assert (whole.picture == 120).all()


def of(domain: Domain, folder: Path) -> Engine:
    """A model whose photos are cut in this way."""
    save(Model(small_generator(), 16, domain=domain), folder / "model.safetensors")
    return Engine(folder / "model.safetensors", "cpu")


def test_a_car_is_fitted_and_edited_between_its_bars(tmp_path: Path) -> None:
    engine, photo = of("car", tmp_path), texture(512, 512)
    quad = box_quad(-0.5, -0.5, 512.0)
    seen = engine.crop(photo, quad)
    assert (seen[:, :4] == -1).all()
    assert (seen[:, -4:] == -1).all()
    assert (seen[:, 4:-4] > -1).any()
    subject = replace(engine.face(3).subject, photo=photo)
    version = dragged(engine, untouched(subject, engine.dragger.seen_side))[-1].version
    changed = (show(subject, version) != photo).any(2)
    assert changed[64:-64].any()
    assert not changed[:40].any()  # 24 px are one and a half of the model's
    assert not changed[-40:].any()


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [(((200.0, 60.0), (200.0, 90.0)), "Drag 1 starts"), (((200.0, 90.0), (200.0, 452.0)), "ends")],
)
def test_the_bars_of_a_car_cannot_be_dragged(pair, sentence: str) -> None:
    edit, quad = Edit.between((512, 512), [pair]), box_quad(-0.5, -0.5, 512.0)
    with pytest.raises(EditError, match=f"{sentence} outside the fitted part"):
        to_crop_edit(edit, Crop(quad, 32), "car")
    assert to_crop_edit(edit, Crop(quad, 32), "square").mask is None


def test_a_mask_ends_at_the_bars_of_a_car() -> None:
    quad = box_quad(-0.5, -0.5, 512.0)
    painted = torch.zeros(512, 512, dtype=torch.bool)
    painted[:, 128:384] = True
    for mask, columns in ((None, slice(None)), (painted, slice(8, 24))):
        edit = Edit.between((512, 512), [((200.0, 200.0), (260.0, 220.0))], mask)
        free = torch.zeros(32, 32, dtype=torch.bool)
        free[4:28, columns] = True
        found = to_crop_edit(edit, Crop(quad, 32), "car").mask
        assert found is not None
        assert torch.equal(found, free)


@pytest.mark.parametrize("domain", ["animal", "square", "car", "face"])
def test_no_face_is_looked_for_in_what_has_no_landmarks(
    domain: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("faces were asked for")

    monkeypatch.setattr("photo.framing.find_faces", looked)
    engine, few = of(domain, tmp_path), InvertOptions(ProjectOptions(steps=2), TuneOptions(steps=0))
    quad = box_quad(100.0, 20.0, 200.0) if domain == "face" else default_crop(astronaut(), domain)
    assert quad is not None
    *_, found = engine.invert(astronaut(), quad, few)
    assert found.ws.isfinite().all()
    if domain == "face":
        with pytest.raises(AssertionError, match="were asked for"):
            default_crop(astronaut(), domain)
