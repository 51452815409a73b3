"""The programs that measure the model, on networks that have learnt nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from makehuman import expect_opengl, write
from PIL import Image
from skimage.data import astronaut, coffee
from skimage.metrics import structural_similarity
from torchvision.models import squeezenet1_0

from benchmarks import face_drags
from benchmarks.arrive import judges, landmarks
from benchmarks.arrive.judges import JUDGES, distance
from benchmarks.arrive.landmarks import POINTS as DRAGGED
from benchmarks.keep import inversion
from benchmarks.keep.fidelity import Drag, motion_off, ms_ssim, share
from benchmarks.keep.pti import Schedule, noise_likeness, pti
from benchmarks.real import photo_edits
from benchmarks.time import ready_time
from benchmarks.trust import smoothness
from benchmarks.truth import model_quality, transfer
from benchmarks.truth.model_quality import frechet, pooled, resized
from editor.dragger import Dragger
from editor.search import Search
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from photo.mesh import POINTS
from stylegan import Config, CoordinateHead, Generator
from training.generator.losses import SqueezeFeatures
from training.renderer.traits import Z_DIM
from transfer.flow import Motion
from weights.formats import Model, save

CONFIG = Config(
    resolution=32, z_dim=16, w_dim=16, channel_base=256, channel_max=16, mapping_layers=1,
    mapping_features=16,
)  # fmt: skip


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("features") / "squeezenet.pth"
    torch.manual_seed(0)
    torch.save(squeezenet1_0().state_dict(), file)
    return file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random pictures; the head says that all of each picture is face."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("model") / "random.safetensors"
    generator, head = Generator(CONFIG).eval(), CoordinateHead(CONFIG).eval()
    head.get_parameter("b16.bias").data[3] = 50
    marks = torch.zeros(17, POINTS, 2)
    marks[-1] = 16 + 6 * torch.randn(POINTS, 2)
    box = torch.tensor([[-1.0] * 3, [1.0] * 3])
    save(Model(generator, 16, torch.randn(4, 16), marks, head, box), file)
    return file


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drags and quick fits take a few steps."""
    whole = Dragger.drag_latent

    def few(self: Dragger, ws: Any, edit: Any, search: Search | None = None) -> Any:
        return whole(self, ws, edit, (search or self.search()).changed(steps=5))

    monkeypatch.setattr(Dragger, "drag_latent", few)
    fit = InvertOptions(ProjectOptions(steps=5), TuneOptions(steps=0))
    monkeypatch.setitem(BUDGETS, "quick", fit)


def test_the_frechet_distance_is_that_of_normal_distributions() -> None:
    source = torch.Generator().manual_seed(0)
    a = torch.randn(4000, 3, generator=source)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    shift = torch.tensor([1.0, 2.0, 0.0])
    assert frechet(a, a + shift) == pytest.approx(5, abs=1e-4)
    assert frechet(a, 3 * a - 3 * a.mean(0) + a.mean(0)) == pytest.approx(3 * 4, rel=0.05)


def test_pictures_are_pooled_at_any_size(features: Path) -> None:
    network = SqueezeFeatures(features)
    pictures = torch.rand(2, 3, 48, 48) * 2 - 1
    assert pooled(network, pictures).shape == (2, 512)
    assert resized(pictures, 32).shape == (2, 3, 32, 32)
    assert resized(pictures, 48) is pictures


def test_only_points_that_both_have_count() -> None:
    a = np.array([[0.0, 0], [1, 1], [np.nan, 0]])
    assert distance(a, a + np.array([3, 4])) == 5
    assert np.isnan(distance(a[2:], a[2:]))


@pytest.mark.usefixtures("short")
def test_the_landmark_protocol_writes_what_it_promises(
    model: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    words = ["landmarks", "--pairs", "3", "--json", str(out), "--model", str(model)]
    words += ["--features", str(features), "--targets", "head"]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(judges, "SURVEY", 4)
    monkeypatch.setattr(judges, "confidence_of", np.ones_like)  # a random head knows no landmark
    landmarks.main()
    written = json.loads(out.read_text())
    assert written["frechet"] >= -1e-3
    assert [row["points"] for row in written["rows"]] == list(DRAGGED)
    for row in written["rows"]:
        assert row["pairs"] == 3
        assert {"no edit", "MD", "seconds"} <= set(row)
        assert row["MD net"] == "none"  # there is no face in random pictures


@pytest.mark.usefixtures("short")
def test_a_few_steps_bring_a_face_nearer_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    words = ["landmarks", "--pairs", "2", "--points", "5", "--json", str(out)]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(judges, "SURVEY", 20)
    landmarks.main()
    written = json.loads(out.read_text())
    assert written["targets"] == "calibrated"
    for trial in written["each"]["5"]:
        assert {*trial} == {*JUDGES}
        assert all(after < before for before, after in trial.values())


def test_the_mean_face_of_a_walk_returns(features: Path) -> None:
    torch.manual_seed(0)
    generator = Generator(CONFIG).eval().requires_grad_(False)
    frames = smoothness.walk(generator)
    assert frames.shape == (smoothness.FRAMES, 3, 32, 32)
    jumps = smoothness.changes(frames, SqueezeFeatures(features))
    assert jumps["l1 largest"] < 5 * jumps["l1 median"]


def test_a_picture_that_never_changes_has_no_path(features: Path) -> None:
    generator = Generator(CONFIG).eval().requires_grad_(False)
    generator.get_parameter("mapping.fc0.weight").zero_()
    along = torch.eye(16)[:2]
    network = SqueezeFeatures(features)
    assert smoothness.path_lengths(generator, along, network).max() < 1e-6
    drawn = model_quality.drawn(generator, torch.arange(3))
    assert drawn.shape == (3, 16)


def test_structural_similarity_is_1_for_equal_pictures_and_falls_with_noise() -> None:
    source = torch.Generator().manual_seed(0)
    picture = resized(torch.rand(1, 3, 16, 16, generator=source) * 2 - 1, 256)[0]
    noise = torch.randn(picture.shape, generator=source)
    found = [ms_ssim(picture + amount * noise, picture) for amount in (0.0, 0.1, 0.3, 1.0)]
    assert found[0] == pytest.approx(1, abs=1e-6)
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.7


def test_structural_similarity_of_one_scale_is_the_usual_one() -> None:
    a, b = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    default_crop = structural_similarity(
        a.numpy(), b.numpy(), channel_axis=0, data_range=1.0, gaussian_weights=True,
        sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    assert ms_ssim(2 * a - 1, 2 * b - 1) == pytest.approx(max(0.0, float(default_crop)), abs=1e-4)


def test_pti_tunes_a_copy() -> None:
    torch.manual_seed(0)
    generator = Generator(CONFIG).eval().requires_grad_(False)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    image = torch.rand(3, 32, 32) * 2 - 1
    schedule = Schedule(search_steps=3, tune_steps=3)
    items = list(pti(generator, image, lambda a, b: (a - b).square().mean(), schedule))
    assert [(item.stage, item.step) for item in items] == [
        (stage, step) for stage in ("project", "tune") for step in range(3)
    ]
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert not any(weight.requires_grad for weight in generator.parameters())
    assert items[2].generator is generator
    assert torch.equal(items[2].ws, items[5].ws)
    made = [item.generator(item.ws[None])[0].detach() for item in (items[2], items[5])]
    pivot, tuned = ((picture - image).square().mean() for picture in made)
    assert tuned < pivot


def test_pti_ends_where_it_is_close_enough() -> None:
    generator = Generator(CONFIG).eval().requires_grad_(False)
    schedule = Schedule(search_steps=2, tune_steps=3, enough=1e9)
    items = pti(generator, torch.zeros(3, 32, 32), lambda a, b: (a - b).abs().mean(), schedule)
    assert [item.stage for item in items] == ["project", "project"]


def test_noise_is_unlike_itself_one_px_on() -> None:
    smooth = torch.linspace(-1, 1, 32).expand(32, 32)
    noise = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    assert noise_likeness([noise]) < 0.02 < noise_likeness([smooth])


def test_a_drag_is_judged_by_how_far_its_landmarks_went() -> None:
    still = Motion(np.zeros((8, 8, 2), np.float32), np.ones((8, 8), np.float32))
    drag = Drag([1], np.array([[0.0, 4.0]]), torch.zeros(1, 4), still)
    before = np.zeros((3, 2))
    assert share(before, before + np.array([9, 3]), drag) == 0.75
    assert share(before, before - np.array([0, 4]), drag) == -1
    assert share(before, None, drag) == 0


def test_a_picture_that_moves_as_it_should_is_not_off() -> None:
    before = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    motion, confidence = np.full((8, 8, 2), [1, 0], np.float32), np.ones((8, 8), np.float32)
    confidence[:, -1] = 0
    after = np.roll(before, -1, axis=1)
    assert motion_off(before, after, Motion(motion, confidence)) == pytest.approx(0, abs=1e-4)
    assert motion_off(before, after, Motion(0 * motion, confidence)) > 10


def test_a_fit_that_has_ended_stays_as_it_is_in_the_median(tmp_path: Path) -> None:
    curve = inversion.median([[(1, 10), (2, 20)], [(1, 10), (4, 10)]])
    assert curve[0] == pytest.approx((1, 10))
    assert curve[-1] == pytest.approx((4, 15))
    inversion.plot({"ours": curve, "theirs": [(0.5, 9), (9, 12)]}, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as drawn:
        assert drawn.size == inversion.PLOT


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("how", [[], ["--known"]])
def test_the_transfer_of_a_known_edit_is_measured(
    how: list[str], features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect_opengl()
    torch.manual_seed(0)
    generator = Generator(replace(CONFIG, z_dim=Z_DIM)).eval()
    save(Model(generator, 16, torch.randn(4, 16), torch.randn(17, 89, 2)), tmp_path / "model")
    words = f"--features {features} --model {tmp_path}/model --json {tmp_path}/json --fit quick"
    assets = write(tmp_path / "makehuman")
    words = ["transfer", "--assets", str(assets), *words.split(), "--pairs", "2", *how]
    monkeypatch.setattr("sys.argv", [*words, "--sheet", str(tmp_path / "sheet.png")])
    monkeypatch.setattr(transfer, "SIDE", 256)
    transfer.main()
    written = json.loads((tmp_path / "json").read_text())
    means = {row["figure"]: row["all"] for row in written["rows"]}
    assert written["pairs"] == 1  # the stand-in's landmarks turn with it, but do not smile
    assert means["error here, no edit"] > means["error whole, no edit"] > 0
    assert means["sharpness, no edit"] == 1
    assert (means["to go, px"] == 0) == bool(how)
    assert (tmp_path / "sheet.png").exists()


def test_a_ghost_is_an_edge_that_should_not_be_there() -> None:
    def step(at: int) -> np.ndarray:
        return np.broadcast_to((200 * (np.arange(64) >= at)[:, None]).astype(np.uint8), (64, 64, 3))

    true, near = step(20), step(20 + transfer.NEAR)
    double = true // 2 + step(44) // 2
    region = np.zeros((64, 64), bool)
    region[:, 10:54] = True
    assert transfer.ghosts(true, true, region) == 0
    assert transfer.ghosts(near, true, region) == 0
    assert transfer.ghosts(double, true, region) == pytest.approx(0.25, abs=0.01)
    assert transfer.sharpness(double, true, region) == pytest.approx(0.5, abs=0.01)
    reach = slice(20 - transfer.AROUND, 20 + transfer.NEAR + transfer.AROUND)
    assert transfer.box(transfer.edited(true, near)) == (slice(0, 64), reach)


@pytest.mark.usefixtures("short")
def test_edits_of_photos_are_judged(
    model: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("face", "nothing"):
        picture = Image.fromarray(astronaut()[:256, 96:352] if name == "face" else coffee()[:99])
        picture.save(tmp_path / "photos" / f"{name}.png")
    words = f"photo_edits --photos {tmp_path}/photos --model {model} --features {features}"
    outputs = f"--fit quick --json {tmp_path}/json --sheet {tmp_path}/sheet.png"
    monkeypatch.setattr("sys.argv", [*words.split(), *outputs.split()])
    monkeypatch.setattr(face_drags, "PULLS", {"jaw": face_drags.PULLS["jaw"]})
    photo_edits.main()
    written = json.loads((tmp_path / "json").read_text())
    (row,) = written["each"]
    assert [line["edit"] for line in written["rows"]] == ["jaw", "all"]
    assert (written["photos"], row["photo"], row["edit"], row["outside"]) == (1, "face", "jaw", 0)
    assert row["seen"] < 0.5  # by a model that has learnt nothing
    assert row["mesh_error"] < 0.1
    assert row["identity"] >= 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (2 * photo_edits.THUMB, 2 * photo_edits.THUMB)


@pytest.mark.usefixtures("short")
def test_the_time_until_a_photo_is_ready_is_measured(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(astronaut()).save(tmp_path / "photo.png")
    words = f"ready_time --photo {tmp_path}/photo.png --model {model} --fit quick --times 1"
    monkeypatch.setattr("sys.argv", [*words.split(), "--mpx", "0.2", "--json", f"{tmp_path}/json"])
    ready_time.main()
    (row,) = json.loads((tmp_path / "json").read_text())["rows"]
    assert row["ready"] == pytest.approx(row["read"] + row["find"] + row["fit"])
    assert {"Mpx", "preview", "result"} <= set(row)
