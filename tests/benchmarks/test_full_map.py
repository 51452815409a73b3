"""The slow twin of a drag step, which benchmarks compare with, does what the drag does."""

import pytest
import torch
from torch import Tensor
from worlds import SMALL, near, random_ws, small_generator

from benchmarks.time.drag_speed import Case, Row, line, measure, random_generator, seen, work
from benchmarks.time.full_map import FullMap, _nearest, _pull, full_map_drag
from drag import Edit, Options
from drag.draggan import motion_supervision
from drag.track import track
from stylegan import Generator

SIZE = 64, 64
POINTS = torch.tensor([[20.0, 30.0], [45.0, 41.0]])


@pytest.mark.parametrize("side", [8, 16, 32])
def test_it_shows_the_same_picture_and_features(side: int) -> None:
    generator = small_generator()
    ws = random_ws(generator)[0]
    picture, features = FullMap.of(generator).render(ws, side)
    torch.testing.assert_close(picture, generator(ws[None])[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        features, generator.features(ws[None], side)[0], rtol=1e-4, atol=1e-4
    )


def test_its_weights_want_gradients_and_the_generator_is_left_alone() -> None:
    generator = small_generator()
    model = FullMap.of(generator)
    picture, _ = model.render(random_ws(generator)[0], 16)
    picture.sum().backward()
    weights = [t for name, t in model.tensors.items() if name.endswith("conv1.weight")]
    assert len(weights) == 4
    assert all(weight.grad is not None for weight in weights)
    assert not any(p.requires_grad for p in generator.parameters())


def enlarged(features: Tensor) -> Tensor:
    return torch.nn.functional.interpolate(features[None], SIZE, mode="bilinear")[0]


def test_it_pulls_as_we_do() -> None:
    features = torch.randn(6, 32, 32, generator=torch.Generator().manual_seed(0))
    targets = POINTS + torch.tensor([[8.0, 0.0], [0.0, -6.0]])  # steps of whole px
    options = Options(radius=3.0)
    pairs = zip(POINTS, targets, strict=True)
    theirs = sum(float(_pull(enlarged(features), a, b, 3.0)) for a, b in pairs)
    seen = near(features, POINTS, SIZE, 5.0)
    ours = motion_supervision(seen, POINTS, targets, torch.zeros(2, 29, 6), options)
    assert float(ours) == pytest.approx(theirs, rel=1e-4)


def test_it_finds_the_handles_where_we_do() -> None:
    features = torch.randn(6, 32, 32, generator=torch.Generator().manual_seed(0))
    moved = torch.roll(features, (2, -1), dims=(1, 2))  # 4 px down, 2 px left
    first = enlarged(features)[:, POINTS[:, 1].long(), POINTS[:, 0].long()].T
    theirs = _nearest(enlarged(moved), POINTS, first, 6)
    options = Options(search=6.0, radius=0.0)
    ours, _ = track(near(moved, POINTS, SIZE, 8.0), POINTS, first[:, None], options)
    expected = POINTS + torch.tensor([-2.0, 4.0])
    torch.testing.assert_close(theirs, expected)
    torch.testing.assert_close(ours, expected, rtol=0, atol=0.5)


@pytest.mark.parametrize("masked", [False, True])
def test_its_handles_move_on(masked: bool) -> None:
    generator = small_generator()
    ws, side = random_ws(generator)[0], SMALL.resolution
    mask = torch.zeros(side, side, dtype=torch.bool)
    mask[8:24, 8:24] = True
    places = torch.tensor([[16.0, 16.0]])
    edit = Edit((side, side), places, places + 6, mask if masked else None)
    steps = full_map_drag(
        FullMap.of(generator), ws, edit, Options(rate=0.4, radius=2.0, search=3.0)
    )
    found = torch.stack([next(steps)[0] for _ in range(20)])
    assert torch.equal(found[0], places[0])
    assert len(found.unique(dim=0)) > 1


def test_a_row_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(side: int) -> tuple[Generator, Tensor]:
        generator = small_generator()
        return generator, random_ws(generator)[0]

    monkeypatch.setattr("benchmarks.time.drag_speed.random_generator", small)
    monkeypatch.setattr("benchmarks.time.drag_speed.ROUNDS", {32: 2})
    work_of: dict[str, float] = {}
    for mask in ("none", "exact", "fast"):
        case = Case(32, 2, mask)
        row = measure(case)
        assert (row.points, row.mask) == (2, mask)
        assert min(row.ms, row.baseline_ms, row.peak_mb) > 0
        assert row.ratio == pytest.approx(row.baseline_ms / row.ms, rel=0.3)
        generator, ws = small(32)
        work_of[mask] = work(case, seen(case, generator, ws))
    assert 0 < work_of["none"] < work_of["exact"]
    assert work_of["none"] < work_of["fast"]


def test_the_share_is_of_the_rate_of_the_machine() -> None:
    row = Row(1024, 1, "none", 50.0, 2500.0, 50.0, 5.0, 900.0, 7000.0)
    assert line(row, 200.0).split("|")[8] == " 0.50 "


def test_random_generators_are_always_the_same() -> None:
    (one, ws), (two, other) = random_generator(8), random_generator(8)
    assert torch.equal(ws, other)
    assert torch.equal(one(ws[None]), two(ws[None]))
    assert all(float(layer.noise_strength) > 0 for layer in one.layers())
