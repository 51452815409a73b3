"""A net finds points, says how sure it is, and learns from renders that look like photos."""

import json
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage.data import astronaut

from photo.align import NET_SHARE, face_points, face_quad, find_faces
from photo.crop import Crop
from photo.landmarks import SIDE, LandmarkNet, Located, build, eyes_and_mouth, locate
from training.data import load
from training.nets import augment
from training.nets.fitting import Schedule, fit
from training.nets.landmark_net import draw, errors, example, export, loss
from training.nets.samples import landmark_names, sample
from weights.aux_nets import digest, load_small, save_small
from weights.files import WeightsError

MIRROR = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
]  # fmt: skip
PLACES = {
    **dict.fromkeys(range(36, 42), (100, 110)), **dict.fromkeys(range(42, 48), (156, 110)),
    48: (108, 170), 54: (148, 170),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs with two eyes and a mouth, 12 to train on and 500 held out that are the same three."""
    folder, count = tmp_path_factory.mktemp("data"), 512
    source = np.random.default_rng(0)
    images = np.full((count, 256, 256, 3), 90, np.uint8)
    landmarks = np.full((count, 68, 2), (128.0, 140.0), np.float32)
    for k in range(count):
        shift = source.integers(-12, 13, 2)
        cv2.circle(images[k], (shift + np.array([128, 130])).tolist(), 80, (200, 160, 140), -1)
        for index, point in PLACES.items():
            landmarks[k, index] = point + shift
        for index in (36, 42):
            cv2.circle(images[k], landmarks[k, index].astype(int).tolist(), 9, (20, 20, 60), -1)
        ends = [landmarks[k, index].astype(int).tolist() for index in (48, 54)]
        cv2.line(images[k], ends[0], ends[1], (150, 30, 40), 6)
    coordinates = np.zeros((count, 128, 128, 4), np.uint16)
    coordinates[..., 3] = images[:, ::2, ::2, 0] != 90
    z = source.standard_normal((count, 16)).astype(np.float32)
    arrays = {"images": images, "coordinates": coordinates, "landmarks": landmarks, "z": z}
    for name, array in (arrays | {"done": np.ones(count, np.uint8)}).items():
        np.save(folder / f"{name}.npy", array)
    layout = {
        "z_dim": 16, "side": 256, "box": [[-1, -1, -1], [1, 1, 1]], "geometry": [0, 4],
        "mirror_z": [1] * 16, "mirror_landmarks": MIRROR,
        "landmarks": [f"ibug-{k}" for k in range(68)],
    }  # fmt: skip
    (folder / "layout.json").write_text(json.dumps(layout))
    return folder


@torch.no_grad()
def test_a_random_net_answers_inside_the_crop() -> None:
    net = LandmarkNet(("a", "b", "c")).eval()
    points, doubt = net(torch.randn(2, 3, SIDE, SIDE))
    assert points.shape == (2, 3, 2)
    assert doubt.shape == (2, 3)
    assert float(points.min()) >= 0
    assert float(points.max()) <= SIDE - 1
    assert float(doubt.min()) > 0


@torch.no_grad()
def test_a_peak_in_a_heat_map_is_a_point_there() -> None:
    net = LandmarkNet(("a",)).eval()
    maps = torch.zeros(1, 1, 28, 28)
    maps[0, 0, 5, 20] = 100.0  # row 5, column 20: the middle of px 80..83, 20..23
    net.maps.register_forward_hook(lambda *_: maps)
    points, _ = net(torch.zeros(1, 3, SIDE, SIDE))
    torch.testing.assert_close(points, torch.tensor([[[81.5, 21.5]]]))


def test_eyes_and_mouth_are_means_of_ibugs_points() -> None:
    points = np.zeros((68, 2))
    for index, place in PLACES.items():
        points[index] = place
    assert eyes_and_mouth(points).tolist() == [[100, 110], [156, 110], [128, 170]]


def test_a_net_survives_its_file(tmp_path: Path) -> None:
    net = LandmarkNet(tuple(f"p{k}" for k in range(68))).eval()
    export(net, tmp_path / "net.safetensors")
    again = build(*load_small(tmp_path / "net.safetensors"))
    assert again.names == net.names
    image = torch.rand(3, SIDE, SIDE) * 2 - 1
    assert np.abs(locate(again, image).points - locate(net, image).points).max() < 0.5
    assert (tmp_path / "net.safetensors").stat().st_size < 3_000_000


def test_other_files_are_refused(tmp_path: Path) -> None:
    save_small({"x": torch.ones(2)}, {}, tmp_path / "other")
    with pytest.raises(ValueError, match="not the weights of a landmark net"):
        build(*load_small(tmp_path / "other"))
    save_small({"x": torch.tensor([float("nan")])}, {}, tmp_path / "nan")
    with pytest.raises(WeightsError, match="not numbers"):
        load_small(tmp_path / "nan")
    with pytest.raises(WeightsError, match="There is no file"):
        load_small(tmp_path / "none")


def test_a_digest_tells_weights_apart() -> None:
    one = {"a": torch.ones(3), "b": torch.zeros(2)}
    assert digest(one) == digest(dict(reversed(one.items())))
    assert digest(one) != digest(one | {"a": torch.tensor([1.0, 1.0, 1.1])})
    assert digest(one) != digest({"a": torch.ones(3), "c": torch.zeros(2)})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Located]:
    """Replaces what the net sees by these answers; ``found`` is the next one."""
    answers: dict[str, Located] = {}
    module = import_module("photo.align")  # the package's name for it is the function
    monkeypatch.setattr(module, "locate", lambda net, image: answers["found"])
    return answers


def crop_points() -> np.ndarray:
    points = np.full((68, 2), 60.0)
    for index, place in PLACES.items():
        points[index] = np.array(place) / 2 - 10
    return points


def test_points_come_back_in_photo_px(told: dict[str, Located]) -> None:
    """A net that always says 'where a face's crop has them' keeps the face where it was."""
    guess = np.array([[203.0, 102.0], [248.0, 104.0], [223.0, 148.0]])
    net = LandmarkNet(tuple(f"p{k}" for k in range(68)))
    quad = Crop(face_quad(guess), SIDE).shrunk(NET_SHARE).quad
    told["found"] = Located(np.full((68, 2), (SIDE - 1) / 2), 1.0)
    assert face_points(astronaut(), guess, net) is None  # all points in one place: no face
    told["found"] = Located(crop_points(), 0.5)
    points = face_points(astronaut(), guess, net)
    assert points is not None
    assert np.linalg.norm(points.mean(0) - quad.mean(0)) < np.linalg.norm(quad[3] - quad[0])


def test_a_net_in_doubt_is_not_used(told: dict[str, Located]) -> None:
    net = LandmarkNet(tuple(f"p{k}" for k in range(68)))
    without = find_faces(astronaut())
    told["found"] = Located(crop_points(), 10.0)
    assert np.array_equal(find_faces(astronaut(), net), without)
    told["found"] = Located(crop_points(), 0.5)
    assert not np.allclose(find_faces(astronaut(), net), without)


def test_points_move_with_their_picture() -> None:
    """A dot is where its moved point is."""
    source = np.random.default_rng(3)
    for _ in range(10):
        matrix = augment.Jitter(0.3, 0.2, 0.05).draw(64, source)
        point = source.uniform(24, 40, (1, 2))
        picture = np.zeros((64, 64), np.float32)
        x, y = np.meshgrid(np.arange(64), np.arange(64))
        picture = np.exp(-((x - point[0, 0]) ** 2 + (y - point[0, 1]) ** 2) / 8).astype(np.float32)
        seen = augment.warp(picture, matrix, 64, cv2.BORDER_CONSTANT)
        centre = np.array([(seen * x).sum(), (seen * y).sum()]) / seen.sum()
        np.testing.assert_allclose(centre, augment.move(matrix, point)[0], atol=0.1)


def test_two_matrices_in_a_row_are_one() -> None:
    source = np.random.default_rng(4)
    first, second = (augment.Jitter(0.3, 0.2, 0.1).draw(64, source) for _ in range(2))
    points = source.uniform(0, 64, (5, 2))
    both = augment.move(augment.after(second, first), points)
    np.testing.assert_allclose(both, augment.move(second, augment.move(first, points)))


@pytest.mark.parametrize("change", [change for change, _ in augment.CHANGES])
def test_each_change_keeps_the_form_and_is_repeatable(change: augment.Change) -> None:
    picture = np.random.default_rng(0).random((48, 48, 3), dtype=np.float32)
    for seed in range(8):
        made = change(picture.copy(), np.random.default_rng(seed))
        assert made.shape == picture.shape
        assert -1e-3 <= made.min() <= made.max() <= 1 + 1e-3
        assert not np.array_equal(made, picture)
        assert np.array_equal(made, change(picture.copy(), np.random.default_rng(seed)))


def test_a_new_background_leaves_the_face(folder: Path) -> None:
    faces, _ = load(folder)
    render = sample(faces, 0)
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    behind = np.zeros((256, 256, 3), np.float32)
    made = augment.place(render.picture, render.face, still, 256, behind)
    assert np.abs(made[0, 0]).max() == 0
    x, y = render.landmarks[36].astype(int)
    np.testing.assert_allclose(made[y, x], render.picture[y, x] / 255, atol=0.02)
    kept = augment.place(render.picture, render.face, still, 256, None)
    np.testing.assert_allclose(kept, render.picture / 255, atol=1e-6)


def test_backgrounds_are_of_many_kinds() -> None:
    other = np.random.default_rng(1).random((48, 48, 3), dtype=np.float32)
    made = [augment.background(48, other, np.random.default_rng(seed)) for seed in range(20)]
    assert all(each.shape == (48, 48, 3) and each.dtype == np.float32 for each in made)
    assert all(0 <= each.min() <= each.max() <= 1 for each in made)


def test_mirrored_examples_have_mirrored_points(folder: Path) -> None:
    """Left stays left, whatever was done to the picture."""
    faces, _ = load(folder)
    for seed in range(20):
        _, points, shown = example(faces, 0, np.random.default_rng(seed))
        if shown:
            left, right, mouth = eyes_and_mouth(points)
            assert left[0] < right[0]
            assert mouth[1] > (left[1] + right[1]) / 2


def test_the_net_learns(folder: Path) -> None:
    torch.manual_seed(0)
    faces, held = load(folder)
    net = LandmarkNet(landmark_names(folder))
    batch = draw(faces, 8, np.random.default_rng(0))
    assert batch[0].shape == (8, 3, SIDE, SIDE)
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    losses: list[float] = []
    for _ in range(12):
        value = loss(net, batch)
        losses.append(float(value.detach()))
        adam.zero_grad()
        value.backward()
        adam.step()
    assert losses[-1] < 0.8 * losses[0]
    found = errors(net.eval(), held, 4)
    assert 0 < found["eyes and mouth"] < 300


def test_a_fit_stops_in_time_and_resumes(tmp_path: Path) -> None:
    """A line through points for a second; its checkpoint is where it was left."""
    x = torch.linspace(-1, 1, 32)[:, None]
    schedule = Schedule(1 / 60, 0.1, tmp_path / "checkpoint.pt")

    def fitted(net: torch.nn.Linear) -> list[tuple[float, int, float]]:
        draw = lambda source: (x, 2 * x + 1)  # noqa: E731
        return list(fit(net, draw, lambda batch: (net(batch[0]) - batch[1]).abs().mean(), schedule))

    line, again = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    ((seconds, steps, mean),) = fitted(line)
    assert seconds >= 1
    assert steps > 0
    assert np.isfinite(mean)
    assert fitted(again)[0][:2] == (seconds, steps)  # its time is over: nothing more is done
    torch.testing.assert_close(again.weight, line.weight)
