"""Windows of a generator's maps are the crops of the whole maps, to the border and beyond it."""

from dataclasses import replace

import pytest
import torch
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from worlds import SMALL, random_ws, small_generator

from drag import Edit, Options, State, drag
from editor.motion.features import FeatureRenderer
from stylegan import (
    Config,
    CoordinateHead,
    Generator,
    Squares,
    WindowPlan,
    plan_windows,
    premodulated,
)
from stylegan.regions import Gather

# Small channels, so that the twin of 20 windows at each resolution is quick.
CONFIGS = {side: replace(SMALL, resolution=side, channel_base=8 * side) for side in (32, 64, 256)}
CLAMPED = replace(CONFIGS[64], conv_clamp=0.75)


def whole_maps(generator: Generator, ws: Tensor, side: int) -> dict[int, Tensor]:
    return dict(generator.maps(ws, resolution=side))


sides = st.sampled_from([8, 16, 32, 64, 128])
shares = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20)
sizes = st.integers(1, 14)


def anywhere(side: int, size: int, places: list[tuple[float, float]]) -> Squares:
    """Squares that may lie anywhere in a map, across its border, and outside."""
    corners = (
        (round(x * (side + size)) - size, round(y * (side + size)) - size) for x, y in places
    )
    return Squares(tuple(corners), size)


@given(sides, sizes, shares)
@examples(150)
def test_windows_are_the_crop_of_the_whole_map(
    side: int, size: int, places: list[tuple[float, float]]
) -> None:
    squares = anywhere(side, size, places)
    generator = small_generator(CONFIGS[256])
    head, ws = CoordinateHead(CONFIGS[256]).requires_grad_(False), random_ws(generator)
    whole, planned = whole_maps(generator, ws, side), plan_windows(CONFIGS[256], side, squares)
    expected = Gather.from_map(squares, side)(torch.cat([whole[side], head(whole, ws)], 1))
    maps = dict(generator.maps(ws, resolution=side, plan=planned))
    assert planned.squares is not None
    found = planned.squares(torch.cat([maps[side], head(maps, ws, planned)], 1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("config", [*CONFIGS.values(), CLAMPED], ids=lambda c: str(c.resolution))
@given(sizes, shares, st.sampled_from([4, 6, None]))
@examples(25)
def test_gradients_of_windows_are_those_of_the_whole_map(
    config: Config, size: int, places: list[tuple[float, float]], moving: int | None
) -> None:
    side = min(128, config.resolution)
    squares = anywhere(side, size, places)
    layers = moving or config.num_ws
    generator = small_generator(config)
    ws, planned = random_ws(generator), plan_windows(config, side, squares)
    fixed = premodulated(generator, ws[0], layers)
    goal = torch.randn(1, 1, squares.size, squares.size, generator=torch.Generator().manual_seed(0))

    def slope(made: Generator, planned: WindowPlan, gather: Gather) -> Tensor:
        moving = ws[:, :layers].clone().requires_grad_()
        *_, (_, last) = made.maps(torch.cat([moving, ws[:, layers:]], 1), "const", side, planned)
        (gather(last) - goal).abs().mean().backward()
        assert moving.grad is not None
        return moving.grad.flatten()

    assert planned.squares is not None
    whole = slope(generator, WindowPlan(), Gather.from_map(squares, side))
    windows = slope(fixed, planned, planned.squares)
    if whole.norm() > 1e-6:  # squares outside the picture have none
        assert torch.cosine_similarity(whole, windows, dim=0) > 0.9999
        assert windows.norm() / whole.norm() == pytest.approx(1, abs=0.01)


def test_what_lies_outside_the_picture_is_0() -> None:
    generator = small_generator(CONFIGS[256])
    outside = Squares(((-30, 5), (128, 0)), 4)
    planned = plan_windows(CONFIGS[256], 128, outside)
    *_, (_, last) = generator.maps(random_ws(generator), "const", 128, planned)
    assert planned.squares is not None
    assert not planned.squares(last).any()


def test_the_noise_is_that_of_the_place() -> None:
    generator, squares = small_generator(CONFIGS[64]), Squares(((11, 40),), 6)
    planned, ws = plan_windows(CONFIGS[64], 64, squares), random_ws(generator)
    assert planned.regions
    assert planned.squares is not None
    for noise in ("const", "none"):
        *_, (_, last) = generator.maps(ws, noise, 64, planned)
        expected = Gather.from_map(squares, 64)(generator.features(ws, 64, noise))
        torch.testing.assert_close(planned.squares(last), expected, rtol=1e-4, atol=1e-4)


# Plans


def work(config: Config, side: int, planned: WindowPlan) -> int:
    """Multiplications, counted by torch."""
    generator = small_generator(config)
    with FlopCounterMode(display=False) as counter:
        list(generator.maps(random_ws(generator), "const", side, planned))
    return counter.get_total_flops()


BIG = replace(SMALL, resolution=256, channel_base=4096, channel_max=32)


def test_one_window_is_a_small_part_of_the_work() -> None:
    one = work(BIG, 128, plan_windows(BIG, 128, Squares(((60, 70),), 10)))
    assert one < 0.05 * work(BIG, 128, WindowPlan())


@given(st.lists(st.tuples(st.integers(0, 118), st.integers(0, 118)), min_size=1, max_size=20))
@examples(20)
def test_a_plan_is_never_more_work_than_the_whole_map_or_a_window_each(
    corners: list[tuple[int, int]],
) -> None:
    found = work(BIG, 128, plan_windows(BIG, 128, Squares(tuple(corners), 10)))
    assert found <= 1.01 * work(BIG, 128, WindowPlan())
    apart = sum(
        work(BIG, 128, plan_windows(BIG, 128, Squares((corner,), 10))) for corner in corners
    )
    assert found <= 1.3 * apart


def test_many_squares_make_the_lower_maps_whole() -> None:
    few = plan_windows(BIG, 128, Squares(((60, 60),), 10))
    spread = tuple((x, y) for x in range(0, 120, 30) for y in range(0, 120, 30))
    many, all_over = (plan_windows(BIG, 128, Squares(spread, size)) for size in (10, 30))
    assert min(few.regions) < min(many.regions)
    assert set(many.regions) == {side for side in (8, 16, 32, 64, 128) if side >= min(many.regions)}
    assert not all_over.regions


def test_squares_that_overlap_share_a_window() -> None:
    near = plan_windows(BIG, 128, Squares(tuple((50 + k, 60 - k) for k in range(5)), 10))
    assert len(near.regions[128].inner.places) == 1
    apart = plan_windows(BIG, 128, Squares(((20, 20), (100, 90)), 10))
    assert len(apart.regions[128].inner.places) == 2


def test_whole_maps_take_no_plan_and_make_no_copies() -> None:
    planned = plan_windows(SMALL, 8, Squares(((0, 0),), 8))
    assert not planned.regions
    assert planned.squares == Gather(((0, 0, 0),), 8)


# A frozen generator


@pytest.mark.parametrize("moving", [0, 1, 6, 8])
def test_a_frozen_generator_shows_the_same_and_follows_its_leading_ws(moving: int) -> None:
    generator = small_generator()
    ws = random_ws(generator)
    fixed = premodulated(generator, ws[0], moving)
    other = ws.clone()
    other[:, :moving] += 0.5
    for now in (ws, other):
        torch.testing.assert_close(fixed(now), generator(now), rtol=1e-4, atol=1e-4)
    assert all(a is b for a, b in zip(fixed.parameters(), generator.parameters(), strict=True))
    assert all(layer.ready is None for layer in generator.layers())


# Drags


def trajectory(side: int, edit: Edit, windows: bool, options: Options) -> list[State]:
    generator = small_generator(CONFIGS[side])
    ws, layers = random_ws(generator)[0], min(6, generator.config.num_ws)
    looks = FeatureRenderer(premodulated(generator, ws, layers), None, min(side, 128))

    def moved(latent: Tensor) -> Tensor:
        return torch.cat([latent, ws[layers:]])

    def parts(latent: Tensor, corners: Tensor, size: int) -> Tensor:
        return looks.windows(moved(latent), corners, size)

    render = lambda latent: looks(moved(latent))  # noqa: E731
    return list(drag(render, ws[:layers], edit, options, parts if windows else None))


@pytest.mark.parametrize("algorithm", ["draggan", "freedrag"])
@pytest.mark.parametrize("side", CONFIGS)
def test_twenty_steps_are_those_of_the_whole_map(side: int, algorithm: str) -> None:
    options = Options(algorithm, steps=20, rate=0.02, patience=40).scaled(side / 512)  # pyright: ignore[reportArgumentType]
    places = torch.tensor([[0.5, 0.5], [0.2, 0.3], [0.8, 0.75], [0.02, 0.9], [0.6, 0.97]]) * side
    for count in (1, 5):
        handles = places[:count].clamp(max=side - 1.0)
        edit = Edit((side, side), handles, (handles + side / 10).clamp(max=side - 1.0))
        whole, windows = (trajectory(side, edit, w, options) for w in (False, True))
        assert len(windows) == len(whole) > 5
        for a, b in zip(whole, windows, strict=True):
            off = (a.handles - b.handles).norm(dim=1).max()
            assert off < (0.01 if count == 1 else 1.0)
