"""Where the fit of a photo starts: at the encoder's guess, unless another face is more similar."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from elsewhere import ELSEWHERE, elsewhere
from torch import Tensor
from worlds import by_step, small_generator

from editor import fitter as networks
from editor.engine import Engine
from editor.fitter import landmark_loss
from inversion import Inversion, InvertOptions, ProjectionTarget, ProjectOptions, TuneOptions
from inversion.distance import pixel_distance
from inversion.encoder import Encoder
from inversion.landmark_loss import LandmarkLoss, regressed
from inversion.project import SEARCH_SIDE, project
from inversion.start import START_SAMPLES, starts
from stylegan import Generator, WStatistics, from_uint8, w_statistics
from weights.aux_nets import digest, save_small
from weights.files import WeightsError
from weights.formats import Model, save

MORE = ProjectOptions(steps=40)
FEW = InvertOptions(ProjectOptions(steps=4), TuneOptions(steps=0))


@pytest.fixture(scope="module")
def generator() -> Generator:
    return small_generator()


@pytest.fixture(scope="module")
def statistics(generator: Generator) -> WStatistics:
    return w_statistics(generator.mapping)


@pytest.fixture(scope="module")
def v(statistics: WStatistics) -> Tensor:
    """A face that no random one is near."""
    return 2 * torch.randn(len(statistics.axes), generator=torch.Generator().manual_seed(4))


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where the encoder is looked for; there is none."""
    monkeypatch.setattr(networks, "ENCODER", tmp_path / "encoder.safetensors")
    networks.encoder.cache_clear()
    yield networks.ENCODER
    networks.encoder.cache_clear()


@pytest.fixture
def engine(generator: Generator, tmp_path: Path) -> Engine:
    save(Model(generator, 16), tmp_path / "small.safetensors")
    return Engine(tmp_path / "small.safetensors", "cpu")


def shown(generator: Generator, w: Tensor) -> Tensor:
    """The picture of a w."""
    return generator(w.expand(1, generator.config.num_ws, -1))[0]


def write_encoder(file: Path, statistics: WStatistics, mapping: str, v: Tensor) -> None:
    """An encoder that sees the same face in all pictures."""
    encoder = Encoder(statistics.centre, statistics.axes, mapping)
    torch.nn.init.zeros_(encoder.head.weight)
    encoder.head.bias.data.copy_(v)
    save_small(encoder.state_dict(), {"mapping": mapping}, file)


def fits(engine: Engine, v: Tensor) -> list[Inversion]:
    """The fit of the picture of a face."""
    return list(engine.fit(shown(engine.generator, engine.statistics.to_w(v)), FEW))


def same(one: list[Inversion], other: list[Inversion]) -> bool:
    return all(torch.equal(a.ws, b.ws) for a, b in zip(one, other, strict=True))


def test_the_first_item_is_the_guess_of_the_encoder(file: Path, engine: Engine, v: Tensor) -> None:
    blind = fits(engine, v)
    write_encoder(file, engine.statistics, digest(engine.generator.mapping.state_dict()), v)
    networks.encoder.cache_clear()
    first = fits(engine, v)[0]
    w = engine.statistics.to_w(v)
    torch.testing.assert_close(first.ws, w.expand_as(first.ws), rtol=0.02, atol=0.02)
    assert first.step == 0
    assert first.distance < 0.1 * blind[0].distance


def test_the_guess_goes_where_the_generator_is(
    file: Path, engine: Engine, v: Tensor, tmp_path: Path
) -> None:
    image = shown(engine.generator, engine.statistics.to_w(v))
    write_encoder(file, engine.statistics, digest(engine.generator.mapping.state_dict()), v)
    with elsewhere():
        there = list(Engine(tmp_path / "small.safetensors", ELSEWHERE).fit(image, FEW))
    assert same(there, list(engine.fit(image, FEW)))


def test_the_encoder_of_another_mapping_is_ignored(file: Path, engine: Engine, v: Tensor) -> None:
    blind = fits(engine, v)
    write_encoder(file, engine.statistics, "another", v)
    networks.encoder.cache_clear()
    assert same(fits(engine, v), blind)


def test_after_a_guess_that_is_far_off_the_search_is_as_without(
    file: Path, engine: Engine, v: Tensor
) -> None:
    blind = fits(engine, v)
    write_encoder(file, engine.statistics, digest(engine.generator.mapping.state_dict()), -v)
    networks.encoder.cache_clear()
    assert same(by_step(fits(engine, v))[1:], by_step(blind)[:-1])


@pytest.mark.parametrize("damage", ["cut off", "of something else"])
def test_a_damaged_encoder_is_named_where_it_is_needed(
    file: Path, engine: Engine, v: Tensor, damage: str
) -> None:
    save_small({"x": torch.ones(9)}, {}, file)
    if damage == "cut off":
        file.write_bytes(file.read_bytes()[:-3])
    assert engine.face(3).subject.photo.any()
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"^encoder\.safetensors "):
            fits(engine, v)


@pytest.mark.parametrize("best", ["guess", "random", "mean"])
def test_the_search_starts_from_the_most_similar(
    generator: Generator, statistics: WStatistics, v: Tensor, best: str
) -> None:
    random = torch.randn(START_SAMPLES, len(v), generator=torch.Generator().manual_seed(1))[9] * 0.7
    wanted = {"guess": v, "random": random, "mean": 0 * v}[best]
    image = shown(generator, statistics.to_w(wanted))
    goal = ProjectionTarget(generator, statistics, image, pixel_distance).small(SEARCH_SIDE)
    parts = list(starts(goal, torch.Generator().manual_seed(1), statistics.to_w(v)))
    assert [share for share, _ in parts] == sorted(share for share, _ in parts)
    share, found = parts[-1]
    assert share == 1
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)
    pivots = project(goal, ProjectOptions(seed=1), statistics.to_w(v))
    second = next(pivot for pivot in pivots if pivot.step == 1)
    torch.testing.assert_close(second.w, statistics.to_w(wanted), rtol=1e-3, atol=1e-3)


def test_a_guess_that_is_no_number_is_not_taken(
    generator: Generator, statistics: WStatistics, v: Tensor
) -> None:
    goal = ProjectionTarget(
        generator, statistics, shown(generator, statistics.to_w(v)), pixel_distance
    )
    blind = list(project(goal, FEW.project))
    found = list(project(goal, FEW.project, torch.full((12,), torch.nan)))
    assert [pivot.distance for pivot in found] == [pivot.distance for pivot in blind]


def test_points_keep_the_face_in_its_place(generator: Generator) -> None:
    statistics, source = w_statistics(generator.mapping, 500), torch.Generator().manual_seed(5)
    side, count = generator.config.resolution, len(statistics.axes)
    there = statistics.to_w(torch.randn(8, count, generator=source))
    from_w = torch.randn(there.shape[1] + 1, 4, 2, generator=source)
    wanted, weights = regressed(from_w, there[:1])[0], torch.full((4,), 0.25)
    goal = LandmarkLoss(from_w, wanted, side, weights)
    assert float(goal.distances(there[:1])) == pytest.approx(0, abs=1e-5)
    assert float(goal.distances(there[1:]).min()) > 0
    grey = torch.zeros(3, side, side)
    ends = [
        list(project(ProjectionTarget(generator, statistics, grey, pixel_distance, points), MORE))[
            -1
        ]
        for points in (None, goal)
    ]
    blind, guided = (float(goal.distances(end.w[None])) for end in ends)
    assert guided < 0.5 * blind
    assert ends[1].distance == pytest.approx(
        float(
            ProjectionTarget(generator, statistics, grey, pixel_distance).distances(ends[1].w[None])
        ),
        rel=1e-4,
    )


def test_a_photo_without_a_face_has_no_points() -> None:
    engine = Engine(device="cpu")
    regressor = engine.model.landmark_regressor
    assert landmark_loss(torch.rand(3, 256, 256) * 2 - 1, regressor) is None
    assert landmark_loss(torch.full((3, 256, 256), torch.nan), regressor) is None
    assert landmark_loss(torch.zeros(3, 256, 256), None) is None
    ws = engine.latent(3, 0.7)
    face = from_uint8(engine.picture(ws))
    found = landmark_loss(face, regressor)
    assert found is not None
    others = torch.stack([engine.latent(seed, 0.7)[0] for seed in range(4, 24)])
    assert float(found.distances(ws[:1])) < 0.6 * float(found.distances(others).median())
