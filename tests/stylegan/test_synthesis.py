"""The generator agrees with its slow twin: features, pictures, previews and gradients."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from twin import Twin, correlate
from worlds import SMALL, random_ws, small_generator

from stylegan import Config, Generator, Noise
from stylegan.layers import Kernel, StyleConv, halo, modulated_conv, upsample

CLAMPED = replace(SMALL, conv_clamp=0.75)
CASES = [(SMALL, "const"), (SMALL, "none"), (CLAMPED, "const"), (CLAMPED, "none")]
EXACT = {"rtol": 1e-9, "atol": 1e-9}
SINGLE = {"rtol": 1e-4, "atol": 1e-4}


def twin_of(generator: Generator) -> Twin:
    tensors = {name: t.double().numpy() for name, t in generator.state_dict().items()}
    config = generator.config
    return Twin(tensors, config.resolution, config.lr_multiplier, config.conv_clamp)


@pytest.mark.parametrize(("config", "noise"), CASES)
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, SINGLE), (torch.float64, EXACT)])
def test_features_and_pictures_are_the_twins(
    config: Config, noise: Noise, dtype: torch.dtype, near: dict[str, float]
) -> None:
    generator = small_generator(config)
    twin, ws = twin_of(generator), random_ws(generator, count=2)
    generator.to(dtype)
    for k, one in enumerate(ws):
        maps = twin.features(one.double().numpy(), noise == "const")
        pictures = twin.pictures(one.double().numpy(), noise == "const")
        for side in config.blocks:
            features = generator.features(ws.to(dtype), side, noise)[k]
            np.testing.assert_allclose(features.numpy(), maps[side], **near)
            preview = generator(ws.to(dtype), noise, side)[k]
            np.testing.assert_allclose(preview.numpy(), pictures[side], **near)
        assert torch.equal(generator(ws.to(dtype), noise)[k], preview)


def test_the_clamp_and_the_noise_are_seen_in_these_cases() -> None:
    ws = random_ws(small_generator())
    clamped = small_generator(CLAMPED).features(ws, 32)
    assert clamped.abs().max() == CLAMPED.conv_clamp
    assert small_generator().features(ws, 32).abs().max() > CLAMPED.conv_clamp
    const, none = (small_generator().features(ws, 32, noise) for noise in ("const", "none"))
    assert (const - none).abs().max() > 0.1


def test_each_layer_has_a_w_of_its_own() -> None:
    generator = small_generator()
    ws = random_ws(generator)
    for layer in range(generator.config.num_ws):
        other = ws.clone()
        other[:, layer] += 1
        assert not torch.equal(generator(other), generator(ws)), layer


def test_features_depend_on_the_leading_ws_only() -> None:
    generator = small_generator()
    ws = random_ws(generator)
    other = ws.clone()
    other[:, 5:] += 1  # a 16 px map is made by layers 0 to 4
    assert torch.equal(generator.features(ws, 16), generator.features(other, 16))


@pytest.mark.parametrize("resolution", [2, 12, 64])
def test_a_block_that_is_not_there_is_refused(resolution: int) -> None:
    generator = small_generator()
    with pytest.raises(ValueError, match=f"no block of {resolution} px"):
        generator.features(random_ws(generator), resolution)


def test_the_gradient_for_ws_is_the_twins_slope() -> None:
    generator = small_generator()
    twin, ws = twin_of(generator), random_ws(generator).double()
    generator.double()
    dice = np.random.default_rng(0)
    on_map, on_picture = dice.standard_normal((16, 16, 16)), dice.standard_normal((3, 32, 32))

    def slow(point: np.ndarray) -> float:
        maps, pictures = twin.features(point), twin.pictures(point)
        return float(np.sum(maps[16] * on_map) + np.sum(pictures[32] * on_picture))

    ws.requires_grad_()
    features, picture = generator.features(ws, 16)[0], generator(ws)[0]
    pull = (features * torch.from_numpy(on_map)).sum()
    (pull + (picture * torch.from_numpy(on_picture)).sum()).backward()
    assert ws.grad is not None
    for entry in [(0, 3), (1, 0), (2, 7), (4, 11), (5, 5), (7, 2)]:
        step = np.zeros(ws.shape[1:])
        step[entry] = 1e-6
        here = ws[0].detach().numpy()
        slope = (slow(here + step) - slow(here - step)) / 2e-6
        np.testing.assert_allclose(ws.grad[0][entry].item(), slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("up", [False, True])
def test_modulated_conv_has_true_gradients(up: bool) -> None:
    source = torch.Generator().manual_seed(0)

    def dice(*shape: int) -> Tensor:
        return torch.randn(shape, generator=source, dtype=torch.float64, requires_grad=True)

    inputs = dice(1, 2, 5, 5), dice(3, 2, 3, 3), dice(1, 2)
    assert torch.autograd.gradcheck(lambda x, w, s: modulated_conv(x, Kernel.of(w, up), s), inputs)


def test_demodulation_keeps_its_epsilon_where_styles_vanish() -> None:
    source = torch.Generator().manual_seed(0)
    x, weight, style = (
        torch.randn(shape, generator=source, dtype=torch.float64)
        for shape in [(1, 2, 5, 5), (3, 2, 3, 3), (1, 2)]
    )
    style *= 2e-5
    kernels = (weight * style[0, :, None, None]).numpy()
    kernels /= np.sqrt(np.sum(kernels**2, (1, 2, 3), keepdims=True) + 1e-8)
    free = Kernel.of(weight, up=False)
    for kernel in (free, free.fixed(style)):
        made = modulated_conv(x, kernel, style)[0].numpy()
        np.testing.assert_allclose(made, correlate(x[0].numpy(), kernels), **EXACT)


@given(
    up=st.booleans(),
    size=st.integers(1, 6),
    corners=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=3),
)
def test_a_window_is_the_crop_of_the_full_map(
    up: bool, size: int, corners: list[tuple[int, int]]
) -> None:
    source = torch.Generator().manual_seed(size)
    gain = 2 if up else 1
    layer = StyleConv(3, 4, 5, 12 * gain, up=up).double().requires_grad_(False)
    layer.noise_strength.fill_(0.7)
    x = torch.randn(1, 3, 12, 12, generator=source, dtype=torch.float64)
    w = torch.randn(1, 5, generator=source, dtype=torch.float64)
    noise, wide = layer.noise_const[None], halo(x)
    full = layer(wide, w, noise, 1.5)
    torch.testing.assert_close(layer(x, w, noise, 1.5, pad=1), full, rtol=1e-12, atol=1e-12)
    windows = torch.cat([crop(wide, y, x, size + 2) for y, x in corners])
    places = [(gain * y, gain * x, gain * size) for y, x in corners]
    cut = layer(windows, w, torch.cat([crop(noise, *place) for place in places]), 1.5)
    expected = torch.cat([crop(full, *place) for place in places])
    torch.testing.assert_close(cut, expected, rtol=1e-12, atol=1e-12)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6))
def test_a_window_of_the_colours_is_the_crop_too(y: int, x: int, size: int) -> None:
    source = torch.Generator().manual_seed(size)
    wide = halo(torch.randn(1, 3, 12, 12, generator=source, dtype=torch.float64))
    cut, full = upsample(crop(wide, y, x, size + 2)), upsample(wide)
    torch.testing.assert_close(cut, crop(full, 2 * y, 2 * x, 2 * size), rtol=1e-12, atol=1e-12)


def crop(maps: Tensor, y: int, x: int, size: int) -> Tensor:
    return maps[..., y : y + size, x : x + size]


def test_channels_have_a_floor_and_a_ceiling() -> None:
    config = Config(resolution=256, channel_base=1024, channel_max=256, channel_min=16)
    assert [config.channels(r) for r in config.blocks] == [256, 128, 64, 32, 16, 16, 16]


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, resolution=64, channel_base=2048)])
def test_the_work_of_a_picture_is_about_what_torch_counts(config: Config) -> None:
    generator = small_generator(config)
    for side in config.blocks:
        with FlopCounterMode(display=False) as counter:
            generator(random_ws(generator), resolution=side)
        assert 0.8 < config.operations(side) / (counter.get_total_flops() / 2) < 1


@given(st.integers(7, 10), st.integers(1, 64))
def test_the_work_grows_with_the_area_where_the_channels_stay(power: int, channels: int) -> None:
    config = Config(2**power, channel_base=channels * 2**power, channel_max=channels)
    less, more, beyond = (config.operations(2**n) for n in (power - 1, power, power + 1))
    assert more / less == pytest.approx(4, rel=0.02)
    assert beyond == more  # there is no larger picture
