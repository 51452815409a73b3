"""From a picture to the w of its face, for one mapping."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inversion.encoder import SIDE, Encoder, build
from stylegan import Config, Generator, Mapping, WStatistics, before_activation, w_statistics
from training.data import CPU, Faces, Layout
from training.nets.encoder_net import Course, new, whole
from training.nets.samples import sample
from training.nets.visible import visible
from weights.aux_nets import digest, load_small, save_small

CONFIG = Config(resolution=16, z_dim=6, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2,
                mapping_features=8, lr_multiplier=1.0)  # fmt: skip


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(CONFIG).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def mapping(generator: Generator) -> Mapping:
    return generator.mapping


@pytest.fixture(scope="module")
def statistics(mapping: Mapping) -> WStatistics:
    return w_statistics(mapping)


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Pictures whose halves show the first numbers of z as brightness."""
    z = torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
    tones = (128 + 60 * z.clamp(-2, 2)).numpy().astype(np.uint8)
    images = np.zeros((64, 256, 256, 3), np.uint8)
    images[:, :128], images[:, 128:] = tones[:, None, None, :3], tones[:, None, None, 3:]
    coordinates = np.ones((64, 128, 128, 4), np.uint16)
    box = torch.tensor([[-1.0] * 3, [1.0] * 3])
    layout = Layout(6, 256, box, torch.ones(6), torch.arange(1), (0, 3))
    return Faces(layout, np.arange(64), images, coordinates, z, torch.zeros(64, 1, 2), CPU)


def test_a_new_encoder_answers_with_the_mean_face(
    mapping: Mapping, statistics: WStatistics
) -> None:
    encoder = new(mapping, statistics).eval()
    w = encoder(torch.rand(2, 3, SIDE, SIDE) * 2 - 1)
    assert w.shape == (2, 8)
    torch.testing.assert_close(before_activation(w), encoder.centre.expand(2, -1))
    assert encoder.mapping == digest(mapping.state_dict())


def test_coordinates_are_those_of_the_statistics(mapping: Mapping, statistics: WStatistics) -> None:
    encoder = new(mapping, statistics).eval()
    torch.nn.init.normal_(encoder.head.bias)
    image = torch.rand(2, 3, SIDE, SIDE)
    v = encoder.coordinates(image)
    torch.testing.assert_close(statistics.to_v(encoder(image)), v, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("side", [64, 256])
def test_pictures_of_any_size_are_taken(
    mapping: Mapping, statistics: WStatistics, side: int
) -> None:
    assert new(mapping, statistics).eval()(torch.zeros(1, 3, side, side)).shape == (1, 8)


def test_an_encoder_survives_its_file(
    mapping: Mapping, statistics: WStatistics, tmp_path: Path
) -> None:
    encoder = new(mapping, statistics).eval()
    torch.nn.init.normal_(encoder.head.weight, std=0.1)
    save_small(encoder.state_dict(), {"mapping": encoder.mapping}, tmp_path / "encoder")
    again = build(*load_small(tmp_path / "encoder"))
    assert again.mapping == encoder.mapping
    image = torch.rand(1, 3, SIDE, SIDE)
    torch.testing.assert_close(again(image), encoder(image), rtol=0.02, atol=0.02)
    with pytest.raises(ValueError, match="not the weights of an encoder"):
        build({"x": torch.ones(1)}, {})


def test_it_is_small_enough_to_ship(tmp_path: Path) -> None:
    encoder = Encoder(torch.zeros(256), torch.zeros(192, 256))
    save_small(encoder.state_dict(), {}, tmp_path / "encoder")
    assert (tmp_path / "encoder").stat().st_size < 3_000_000


def test_the_whole_render_fills_the_crop(faces: Faces) -> None:
    matrix = whole(sample(faces, 0))
    np.testing.assert_allclose(matrix @ [-0.5, -0.5, 1], [-0.5, -0.5])
    np.testing.assert_allclose(matrix @ [255.5, 255.5, 1], [SIDE - 0.5, SIDE - 0.5])
    assert sample(faces, 0).resized(SIDE).shape == (SIDE, SIDE, 3)


def test_the_metric_is_the_change_of_the_picture(
    generator: Generator, statistics: WStatistics
) -> None:
    root = visible(generator, statistics)
    metric = root @ root.T
    assert float(metric.trace()) == pytest.approx(1, rel=1e-4)
    values, vectors = torch.linalg.eigh(metric)
    w = generator.mapping(torch.randn(64, 6, generator=torch.Generator().manual_seed(3)))
    v = statistics.to_v(w)

    def change(direction: torch.Tensor) -> float:
        pair = [statistics.to_w(part)[:, None] for part in (v, v + 0.1 * direction)]
        one, other = (generator(w.expand(-1, CONFIG.num_ws, -1)) for w in pair)
        return float((one - other).square().mean())

    assert change(vectors[:, -1]) > 2 * change(vectors[:, 0])
    assert values[0] > 0


def test_the_mean_face_has_loss_one_and_learning_lowers_it(
    faces: Faces, generator: Generator, mapping: Mapping, statistics: WStatistics
) -> None:
    torch.manual_seed(0)
    encoder = new(mapping, statistics)
    course = Course(faces, generator, statistics, visible(generator, statistics))
    assert 0.6 < course.errors(encoder.eval(), 64)["renders"] < 1.5
    batch = course.draw(8, np.random.default_rng(0))
    adam = torch.optim.Adam(encoder.train().parameters(), 3e-3)
    losses: list[float] = []
    for _ in range(10):
        loss = course.loss(encoder, batch)
        losses.append(float(loss.detach()))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert losses[-1] < 0.5 * losses[0]
