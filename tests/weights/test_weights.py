"""Models on disk: what is written is read; what is damaged is named."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from photo.mesh import POINTS
from stylegan import Config, Generator
from weights.aux_nets import digest, load_small, save_small
from weights.files import FACES, WeightsError
from weights.formats import Model, load, read, save, write

CONFIG = Config(resolution=16, z_dim=8, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2)


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return Model(Generator(CONFIG), 8, torch.randn(3, 8), torch.randn(9, POINTS, 2))


def test_a_model_comes_back(model: Model, tmp_path: Path):
    save(model, tmp_path / "m.safetensors")
    back = load(tmp_path / "m.safetensors")
    assert back.generator.config == CONFIG
    assert back.feature_side == 8
    for name, value in model.generator.state_dict().items():
        assert torch.equal(back.generator.state_dict()[name], value.half().float())
    assert back.axes is not None
    assert torch.equal(back.axes, model.axes.half().float())


def test_landmarks_of_older_files_are_other_points(model: Model, tmp_path: Path):
    for count in (89, POINTS):
        save(
            replace(model, landmark_regressor=torch.randn(9, count, 2)), tmp_path / "m.safetensors"
        )
        assert (load(tmp_path / "m.safetensors").landmark_regressor is None) == (count == 89)


def test_statistics_are_read_bit_for_bit_or_made(model: Model, tmp_path: Path):
    file, made = tmp_path / "m.safetensors", model.measured()
    for statistics in (None, made):
        save(replace(model, statistics=statistics), file)
        back = load(file).statistics
        assert (back is None) == (statistics is None)
    for name, value in vars(made).items():
        assert torch.equal(torch.as_tensor(getattr(back, name)), torch.as_tensor(value))


@pytest.mark.parametrize("name", ["w_avg", "centre", "axes"])
@pytest.mark.parametrize("damage", ["missing", "of another size"])
def test_statistics_of_another_generator_are_refused(
    model: Model, tmp_path: Path, name: str, damage: str
):
    file, name = tmp_path / "m.safetensors", f"statistics.{name}"
    save(replace(model, statistics=model.measured()), file)
    state, facts = read(file)
    part = state.pop(name)
    write(file, state if damage == "missing" else state | {name: part[..., 1:]}, facts)
    with pytest.raises(WeightsError, match=r"m\.safetensors is not a DragPhoto model"):
        load(file)


def test_the_embedded_model_holds_the_statistics_of_its_mapping():
    model = load()
    known, made = model.measured(), replace(model, statistics=None).measured()
    spread = [statistics.axes.T @ statistics.axes for statistics in (known, made)]  # of any sign
    torch.testing.assert_close(*spread, rtol=1e-3, atol=1e-3)
    for name in ("w_avg", "w_std", "centre"):
        torch.testing.assert_close(getattr(known, name), getattr(made, name), rtol=1e-3, atol=1e-3)


def test_what_the_pictures_show_is_kept(model: Model, tmp_path: Path):
    assert load().domain == "face"  # its file is older than this
    save(replace(model, domain="animal"), tmp_path / "m.safetensors")
    assert load(tmp_path / "m.safetensors").domain == "animal"


def test_photos_of_a_kind_that_nobody_knows_are_refused(model: Model, tmp_path: Path):
    file = tmp_path / "m.safetensors"
    save(model, file)
    state, facts = read(file)
    write(file, state, facts | {"domain": "planet"})
    with pytest.raises(
        WeightsError, match=r"m.safetensors is for photos of another kind, 'planet'"
    ):
        load(file)


def test_full_precision_is_kept_where_it_is_asked_for(model: Model, tmp_path: Path):
    save(model, tmp_path / "m.safetensors", torch.float32)
    back = load(tmp_path / "m.safetensors").generator.state_dict()
    for name, value in model.generator.state_dict().items():
        assert torch.equal(back[name], value)


def test_the_embedded_model_makes_pictures():
    model = load()
    generator = model.generator
    assert FACES.stat().st_size < 15.5e6
    picture = generator(generator.style(torch.zeros(1, generator.config.z_dim) + 0.1))
    side = generator.config.resolution
    assert side >= 128
    assert picture.shape == (1, 3, side, side)
    assert picture.isfinite().all()
    assert float(picture.std()) > 0.1


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(WeightsError, match="There is no file"):
        load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("damage", [b"", b"<html>404</html>", b"\xff" * 64])
def test_a_damaged_file_is_refused(damage: bytes, tmp_path: Path):
    file = tmp_path / "bad.safetensors"
    file.write_bytes(damage)
    with pytest.raises(WeightsError, match="damaged or not a safetensors"):
        load(file)


def test_a_truncated_model_is_refused(model: Model, tmp_path: Path):
    file = tmp_path / "m.safetensors"
    save(model, file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        load(file)


def test_weights_that_are_no_numbers_are_refused(model: Model, tmp_path: Path):
    model.generator.mapping.w_avg[0] = torch.nan
    save(model, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match="not numbers"):
        load(tmp_path / "m.safetensors")


def test_a_failed_write_leaves_nothing(model: Model, tmp_path: Path):
    with pytest.raises(WeightsError, match="cannot be written"):
        save(model, tmp_path / "no_folder" / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_small_net_that_is_damaged_or_missing_is_named(tmp_path: Path):
    save_small({"x": torch.tensor([float("nan")])}, {}, tmp_path / "nan")
    with pytest.raises(WeightsError, match="not numbers"):
        load_small(tmp_path / "nan")
    with pytest.raises(WeightsError, match="There is no file"):
        load_small(tmp_path / "none")


def test_a_digest_tells_weights_apart():
    one = {"a": torch.ones(3), "b": torch.zeros(2)}
    assert digest(one) == digest(dict(reversed(one.items())))
    assert digest(one) != digest(one | {"a": torch.tensor([1.0, 1.0, 1.1])})
    assert digest(one) != digest({"a": torch.ones(3), "c": torch.zeros(2)})
