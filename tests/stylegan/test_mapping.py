"""z -> w as the twin does it; truncation; the whitened coordinates of w."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_synthesis import twin_of
from torch import Tensor
from worlds import SMALL, small_generator

from stylegan import Mapping, w_statistics


def random_z(count: int, seed: int = 3) -> Tensor:
    return torch.randn(count, 10, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("psi", [1.0, 0.7, 0.0])
@pytest.mark.parametrize("scale", [1.0, 1e-4])  # at 1e-4 the epsilon counts
def test_w_is_the_twins(psi: float, scale: float) -> None:
    generator = small_generator()
    z = random_z(3) * scale
    twin = twin_of(generator)
    expected = np.stack([twin.mapping(one.double().numpy(), psi) for one in z])
    np.testing.assert_allclose(generator.mapping(z, psi).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_truncation_0_is_the_mean_and_1_is_w() -> None:
    mapping, z = small_generator().mapping, random_z(4)
    torch.testing.assert_close(mapping(z, 0.0), mapping.w_avg.expand(4, -1))
    torch.testing.assert_close(mapping(z, 1.0), mapping(z))
    half = (mapping(z) + mapping.w_avg) / 2
    torch.testing.assert_close(mapping(z, 0.5), half)


@given(st.floats(0.1, 10.0))
def test_the_length_of_z_does_not_matter(scale: float) -> None:
    mapping, z = small_generator().mapping, random_z(4)
    torch.testing.assert_close(mapping(scale * z), mapping(z), rtol=1e-4, atol=1e-4)


def test_style_repeats_w_for_every_layer() -> None:
    generator, z = small_generator(), random_z(2)
    ws = generator.style(z, 0.7)
    assert ws.shape == (2, generator.config.num_ws, 12)
    for layer in ws.unbind(1):
        torch.testing.assert_close(layer, generator.mapping(z, 0.7))


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return small_generator().double().mapping


def test_whitened_coordinates_come_back(mapping: Mapping) -> None:
    statistics = w_statistics(mapping, samples=2000)
    v = torch.randn(5, len(statistics.axes), generator=torch.Generator().manual_seed(4)).double()
    torch.testing.assert_close(statistics.to_v(statistics.to_w(v)), v, rtol=1e-6, atol=1e-6)


def test_little_of_w_lies_off_the_kept_axes(mapping: Mapping) -> None:
    statistics = w_statistics(mapping, samples=2000)
    assert len(statistics.axes) < 12
    w = mapping(random_z(50, seed=5).double())
    lost = statistics.to_w(statistics.to_v(w)) - w
    assert lost.square().sum(1).mean().sqrt() < 0.05 * statistics.w_std


def test_whitened_w_of_random_faces_has_mean_0_and_variance_1(mapping: Mapping) -> None:
    statistics = w_statistics(mapping, samples=4000)
    v = statistics.to_v(mapping(random_z(4000, seed=6).double()))
    torch.testing.assert_close(v.mean(0), torch.zeros_like(v[0]), rtol=0, atol=0.1)
    torch.testing.assert_close(v.var(0), torch.ones_like(v[0]), rtol=0, atol=0.15)
    apart = torch.corrcoef(v.T) - torch.eye(v.shape[1]).double()
    assert apart.abs().max() < 0.1


def test_mean_and_spread_are_those_of_w(mapping: Mapping) -> None:
    statistics = w_statistics(mapping, samples=4000)
    w = mapping(random_z(4000, seed=7).double())
    spread = (w - w.mean(0)).square().sum(1).mean().sqrt()
    assert abs(statistics.w_std / float(spread) - 1) < 0.05
    assert (statistics.w_avg - w.mean(0)).norm() < 0.1 * spread


def test_statistics_are_the_same_for_the_same_seed(mapping: Mapping) -> None:
    first, again, other = (w_statistics(mapping, 200, seed) for seed in (1, 1, 2))
    assert torch.equal(first.axes, again.axes)
    assert torch.equal(first.centre, again.centre)
    assert not torch.equal(first.w_avg, other.w_avg)


@pytest.mark.parametrize("psi", [1.0, 0.6])
def test_a_label_steers_the_mapping_as_the_twin_says(psi: float):
    generator = small_generator(replace(SMALL, c_dim=4))
    twin = twin_of(generator)
    z, labels = random_z(3), torch.eye(4)[:3]
    pairs = zip(z.double().numpy(), labels.double().numpy(), strict=True)
    expected = np.stack([twin.mapping(one, psi, label) for one, label in pairs])
    w = generator.mapping(z, psi, labels)
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(generator.mapping(z), generator.mapping(z, label=torch.zeros(3, 4)))
    assert w_statistics(generator.mapping, samples=50).w_avg.shape == (SMALL.w_dim,)
