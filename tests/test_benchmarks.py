"""The programs that measure the model, on networks that have learnt nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models import squeezenet1_0

from benchmarks import landmarks, model_quality, smoothness
from benchmarks.landmarks import POINTS, distance, mean
from benchmarks.model_quality import frechet, pooled, resized
from stylegan import Config, CoordinateHead, Generator
from training.losses import SqueezeFeatures
from weights import Model, save

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
    marks = torch.zeros(17, 89, 2)
    marks[-1] = 16 + 6 * torch.randn(89, 2)
    box = torch.tensor([[-1.0] * 3, [1.0] * 3])
    save(Model(generator, 16, torch.randn(4, 16), marks, head, box), file)
    return file


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
    assert mean(np.array([1, np.nan, 3])) == 2
    assert mean(np.array([np.nan])) is None


def test_the_landmark_protocol_writes_what_it_promises(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    words = ["landmarks", "--pairs", "3", "--json", str(out), "--model", str(model)]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(landmarks, "SURVEY", 4)
    monkeypatch.setattr(landmarks, "trusted", np.ones_like)  # a random head knows no landmark
    landmarks.main()
    written = json.loads(out.read_text())
    assert written["pairs"] == 3
    assert written["frechet"] >= -1e-3
    assert [row["points"] for row in written["rows"]] == list(POINTS)
    for row in written["rows"]:
        assert {"md_no_edit", "md", "seconds"} <= set(row)


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
