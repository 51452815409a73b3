"""The judges of edited photos, on what is known."""

import cv2
import numpy as np
import pytest
import torch
from torchvision.models import squeezenet1_0

from benchmarks import edit_judges as judges
from benchmarks.face_drags import PULLS, face_drags
from benchmarks.meant import meant_by
from benchmarks.real.photo_edits import Row, summary
from editor.session import FittedPhoto
from photo.crop import box_quad
from photo.mesh import NOSE_TIP, Mesh, canonical, eye_distance
from training.generator.losses import SqueezeFeatures
from transfer.flow import pixels
from transfer.warp import Warp, render

SIDE = 256


@pytest.fixture
def mesh() -> Mesh:
    """The mean face in the middle of a picture."""
    face = canonical()
    return np.asarray(8 * (face - face.mean(0)) + [128, 128, 0])


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> SqueezeFeatures:
    file = tmp_path_factory.mktemp("features") / "squeezenet.pth"
    torch.manual_seed(0)
    torch.save(squeezenet1_0().state_dict(), file)
    return SqueezeFeatures(file)


def smooth_noise(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.clip(128 + 6 * (soft - 128), 0, 255).astype(np.uint8)


def test_drags_go_where_their_names_say(mesh: Mesh) -> None:
    drags, eyes = face_drags(mesh), eye_distance(mesh)
    assert set(drags) == set(PULLS)
    assert drags["nose left"].ways / eyes == pytest.approx(np.array([[-0.4, 0]]), abs=1e-6)
    assert drags["mouth"].ways / eyes == pytest.approx(np.array([[0, 0.35]]), abs=1e-6)
    smile, jaw = drags["smile"], drags["jaw"]
    width, wider = np.ptp(smile.starts[:, 0]), np.ptp((smile.starts + smile.ways)[:, 0])
    assert wider - width == pytest.approx(0.3 * eyes)
    assert (smile.ways[:, 1] < 0).all()
    assert np.ptp((jaw.starts + jaw.ways)[:, 0]) < np.ptp(jaw.starts[:, 0])


def test_drags_turn_and_grow_with_the_face(mesh: Mesh) -> None:
    turn = 2 * np.array([[0.0, 1], [-1, 0]])
    turned = np.c_[mesh[:, :2] @ turn.T, 2 * mesh[:, 2]]
    for name, drag in face_drags(turned).items():
        assert drag.ways == pytest.approx(face_drags(mesh)[name].ways @ turn.T)


def test_seen_is_the_share_of_the_way(mesh: Mesh) -> None:
    drag, after = face_drags(mesh)["smile"], mesh.copy()
    assert judges.seen(mesh, mesh, drag) == 0
    after[drag.rows, :2] += drag.ways * [[0.5], [1.2]]
    assert judges.seen(mesh, after, drag) == pytest.approx(0.85)
    after[drag.rows, :2] = mesh[drag.rows, :2] + drag.ways[:, ::-1] * [1, -1]
    assert judges.seen(mesh, after, drag) == pytest.approx(0)


def test_the_mesh_error_is_in_distances_between_the_eyes(mesh: Mesh) -> None:
    off = mesh + eye_distance(mesh) * np.array([0.06, 0.08, 5])
    assert judges.mesh_error(mesh, off, mesh) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("x", "y", "share"), [(1, 1, 0), (0.2, 1, 0), (2.5, 3, 0), (3, 3, 1), (-1, 1, 1), (0, 1, 1)]
)
def test_a_map_is_folded_where_it_turns_over_or_shrinks_a_lot(
    x: float, y: float, share: float
) -> None:
    places, drawn = pixels(20, 30) * np.array([x, y]), np.ones((20, 30), bool)
    assert judges.folded(places, drawn) == share
    drawn[:, 15:] = False
    places[:, 15:] *= -1
    assert judges.folded(places, drawn) == share


def test_a_fold_is_a_share_of_what_was_drawn() -> None:
    places, layers = pixels(21, 41).copy(), np.ones((21, 41), int)
    places[:, 20:, 0] = 40 - places[:, 20:, 0]
    assert judges.folded(places, layers) == pytest.approx(0.5)
    assert judges.folded(places, 0 * layers) == 0


def test_layers_may_jump_where_they_meet() -> None:
    places, layers = pixels(20, 40).copy(), np.ones((20, 40), int)
    places[:, 20:, 0] -= 15
    assert judges.folded(places, layers) > 0
    layers[:, 20:] = 2
    assert judges.folded(places, layers) == 0


def test_what_differs_where_nothing_was_drawn_is_outside() -> None:
    before = smooth_noise(0)
    after, drawn = before.copy(), np.zeros((SIDE, SIDE), bool)
    after[:4, :5] += 1
    drawn[:3] = True
    assert judges.outside(before, after, drawn) == 5
    assert judges.outside(before, after, 2 * drawn.astype(int)) == 5


def test_identity_sees_how_a_face_looks_and_not_where_it_went(
    mesh: Mesh, features: SqueezeFeatures
) -> None:
    before, quad = smooth_noise(0), box_quad(-0.5, -0.5, float(SIDE))
    there = (before, np.roll(before, (10, 20), (0, 1))), (mesh, mesh + np.array([20, 10, 0]))
    blurred = (before, cv2.GaussianBlur(before, (0, 0), 2).astype(np.uint8)), (mesh, mesh)
    other = (before, smooth_noise(1)), (mesh, mesh)
    same, soft, another = (
        judges.identity(*pair, quad, features) for pair in (there, blurred, other)
    )
    assert judges.identity((before, before), (mesh, mesh), quad, features) < 1e-4
    assert same < 0.1 * soft < soft < another


def test_a_flow_means_to_move_the_mesh_where_the_photo_goes(mesh: Mesh) -> None:
    y, x = mesh[NOSE_TIP, 1], mesh[NOSE_TIP, 0]
    far = np.linalg.norm(pixels(SIDE, SIDE) - [x, y], axis=2)
    flow = np.exp(-((far / 40) ** 2))[..., None] * np.array([12.0, -7])
    change = Warp(flow.astype(np.float32), np.zeros((SIDE, SIDE, 4), np.float32))
    photo = np.zeros((2 * SIDE, 2 * SIDE, 3), np.uint8)
    at = np.round(2 * mesh[NOSE_TIP, :2] + 0.5).astype(int)
    cv2.circle(photo, (int(at[0]), int(at[1])), 3, (255, 255, 255), -1)
    subject = FittedPhoto(photo, box_quad(-0.5, -0.5, 2.0 * SIDE), torch.zeros(1, 1), {})
    meant = meant_by(subject, change, 2 * mesh + np.array([0.5, 0.5, 0]))
    after, edited = render(photo, subject.quad, change)
    bright = np.argwhere(after[..., 0] > 128).mean(0)[::-1]
    assert meant.mesh[NOSE_TIP] == pytest.approx(bright, abs=0.7)
    assert np.linalg.norm(meant.mesh[NOSE_TIP] - at) > 15
    assert judges.outside(photo, after, meant.layers) == 0
    assert not (edited & ~np.asarray(meant.layers)).any()


def test_a_face_that_is_lost_counts_as_not_seen() -> None:
    found = Row("a", "smile", "arrived", 1.0, 1.2, 0.02, 0.0, 0, None)
    lost = Row("b", "smile", "stuck", 3.0, 0.0, None, 0.0, 7, None)
    line = summary("smile", [found, lost])
    assert line["arrived"] == "1 of 2"
    assert (line["seen"], line["seen, at most 1"]) == pytest.approx((0.6, 0.5))
    assert (line["mesh_error"], line["outside"]) == pytest.approx((0.02, 7))
    assert np.isnan(line["identity"])
