"""Models and fits on disk: what is written is read; what is damaged is named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stylegan import Config, Generator
from weights import FACES, Fit, Model, WeightsError, load, load_fit, save, save_fit

CONFIG = Config(resolution=16, z_dim=8, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2)


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return Model(Generator(CONFIG), 8, torch.randn(3, 8), torch.randn(9, 14, 2))


@pytest.fixture
def fit() -> Fit:
    photo = np.random.default_rng(0).integers(0, 255, (70, 80, 3), dtype=np.uint8)
    quad = np.array([[1.5, 2], [1.5, 42], [41.5, 42], [41.5, 2]])
    delta = {"synthesis.b4.const": torch.randn(8, 4, 4).half()}
    return Fit(photo, quad, torch.randn(6, 8), delta, {"seconds": 1.5, "distance": "pixels"})


def test_a_model_comes_back(model: Model, tmp_path: Path):
    save(model, tmp_path / "m.safetensors")
    back = load(tmp_path / "m.safetensors")
    assert back.generator.config == CONFIG
    assert back.feature_side == 8
    for name, value in model.generator.state_dict().items():
        assert torch.equal(back.generator.state_dict()[name], value.half().float())
    assert back.axes is not None
    assert torch.equal(back.axes, model.axes.half().float())


def test_the_embedded_model_makes_pictures():
    model = load()
    generator = model.generator
    assert FACES.stat().st_size < 15e6
    picture = generator(generator.style(torch.zeros(1, generator.config.z_dim) + 0.1))
    side = generator.config.resolution
    assert side >= 128
    assert picture.shape == (1, 3, side, side)
    assert picture.isfinite().all()
    assert float(picture.std()) > 0.1


def test_a_fit_comes_back(fit: Fit, tmp_path: Path):
    save_fit(fit, tmp_path / "f.safetensors")
    back = load_fit(tmp_path / "f.safetensors")
    assert np.array_equal(back.photo, fit.photo)
    assert np.array_equal(back.quad, fit.quad)
    assert torch.equal(back.ws, fit.ws)
    assert torch.equal(back.delta["synthesis.b4.const"], fit.delta["synthesis.b4.const"])
    assert back.facts == fit.facts


@pytest.mark.parametrize("reader", [load, load_fit])
def test_a_missing_file_is_named(reader, tmp_path: Path):
    with pytest.raises(WeightsError, match="There is no file"):
        reader(tmp_path / "none.safetensors")


@pytest.mark.parametrize("reader", [load, load_fit])
@pytest.mark.parametrize("damage", [b"", b"<html>404</html>", b"\xff" * 64])
def test_a_damaged_file_is_refused(reader, damage: bytes, tmp_path: Path):
    file = tmp_path / "bad.safetensors"
    file.write_bytes(damage)
    with pytest.raises(WeightsError, match="damaged or not a safetensors"):
        reader(file)


def test_a_truncated_model_is_refused(model: Model, tmp_path: Path):
    file = tmp_path / "m.safetensors"
    save(model, file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        load(file)


def test_a_fit_is_no_model_and_a_model_no_fit(model: Model, fit: Fit, tmp_path: Path):
    save(model, tmp_path / "m.safetensors")
    save_fit(fit, tmp_path / "f.safetensors")
    with pytest.raises(WeightsError, match="not a DragPhoto model"):
        load(tmp_path / "f.safetensors")
    with pytest.raises(WeightsError, match="not a fit"):
        load_fit(tmp_path / "m.safetensors")


def test_weights_that_are_no_numbers_are_refused(model: Model, tmp_path: Path):
    model.generator.mapping.w_avg[0] = torch.nan
    save(model, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match="not numbers"):
        load(tmp_path / "m.safetensors")


def test_a_failed_write_leaves_nothing(model: Model, tmp_path: Path):
    with pytest.raises(WeightsError, match="cannot be written"):
        save(model, tmp_path / "no_folder" / "m.safetensors")
    assert list(tmp_path.iterdir()) == []
