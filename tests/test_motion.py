"""What a drag is made of, against slow twins: sampling, motion supervision, mask, tracking."""

from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from worlds import Blobs, free, free_latent

from drag.motion import fixed_cells, mask_term, supervision
from drag.sample import offsets, sample
from drag.track import track

SIZE = 24, 32
AWAY = (200.0, 200.0)
place = st.tuples(st.floats(16, 48), st.floats(16, 48))
shift = st.tuples(st.floats(-5, 5), st.floats(-5, 5))


def dice(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(4, 20), st.integers(4, 20))
def test_sample_reads_the_map_resized_to_the_picture(h: int, w: int, tall: int, wide: int) -> None:
    features = dice(2, h, w, dtype=torch.float32)
    large = F.interpolate(features[None], (tall, wide), mode="bilinear", align_corners=False)[0]
    y, x = torch.meshgrid(torch.arange(tall), torch.arange(wide), indexing="ij")
    read = sample(features, torch.stack([x, y], 2).float(), (tall, wide))
    torch.testing.assert_close(read, large.permute(1, 2, 0), rtol=1e-5, atol=1e-5)


def test_sample_has_true_gradients() -> None:
    features, points = dice(2, 4, 5).requires_grad_(), dice(3, 2).abs() * 4 + 5.123
    assert torch.autograd.gradcheck(lambda maps: sample(maps, points, SIZE), features)


@pytest.mark.parametrize(("radius", "square", "disc"), [(0.0, 1, 1), (1.0, 9, 5), (2.5, 25, 21)])
def test_offsets_are_whole_steps_in_a_square_or_disc(radius: float, square: int, disc: int) -> None:
    assert len(offsets(radius, disc=False)) == square
    assert len(offsets(radius, disc=True)) == disc
    assert offsets(1.0, disc=False)[:2].tolist() == [[-1, -1], [0, -1]]  # (x, y), row by row


def bilinear(maps: np.ndarray, x: float, y: float) -> np.ndarray:
    """Features at (x, y) of a picture of SIZE; beyond the rim its cells repeat."""
    _, h, w = maps.shape
    x = min(max((x + 0.5) * w / SIZE[1] - 0.5, 0), w - 1)
    y = min(max((y + 0.5) * h / SIZE[0] - 0.5, 0), h - 1)
    left, top = min(floor(x), w - 2), min(floor(y), h - 2)
    a, b = x - left, y - top
    upper = (1 - a) * maps[:, top, left] + a * maps[:, top, left + 1]
    lower = (1 - a) * maps[:, top + 1, left] + a * maps[:, top + 1, left + 1]
    return (1 - b) * upper + b * lower


def slow_supervision(
    moved: np.ndarray, still: np.ndarray, handles: np.ndarray, targets: np.ndarray
) -> float:
    """Equation 1 with loops, radius 2; ``still`` is the map held fixed."""
    total = 0.0
    for p, t in zip(handles, targets, strict=True):
        d = (t - p) / max(np.linalg.norm(t - p), 1)
        disc = [(i, j) for i in range(-2, 3) for j in range(-2, 3) if i * i + j * j <= 4]
        for x, y in [p + q for q in disc]:
            change = bilinear(moved, x + d[0], y + d[1]) - bilinear(still, x, y)
            total += np.abs(change).mean() / len(disc)
    return total


def test_supervision_and_its_gradient_are_equation_1() -> None:
    features = dice(3, 6, 8).requires_grad_()
    handles = torch.tensor([[8.2, 9.1], [20.0, 3.7]]).double()
    targets = torch.tensor([[15.0, 3.0], [20.4, 4.0]]).double()  # the second is less than 1 px away
    value = supervision(features, handles, targets, SIZE, 2.0)
    value.backward()
    maps, points = features.detach().numpy(), (handles.numpy(), targets.numpy())
    np.testing.assert_allclose(value.item(), slow_supervision(maps, maps, *points), rtol=1e-9)
    assert features.grad is not None
    for entry in [(0, 2, 2), (1, 2, 3), (2, 1, 2), (0, 0, 5), (2, 1, 4), (1, 5, 7)]:
        step = np.zeros_like(maps)
        step[entry] = 1e-6
        above = slow_supervision(maps + step, maps, *points)
        slope = (above - slow_supervision(maps - step, maps, *points)) / 2e-6
        np.testing.assert_allclose(features.grad[entry].item(), slope, rtol=1e-6, atol=1e-9)


def test_the_mask_term_is_the_mean_change_of_the_fixed_cells() -> None:
    features, reference = dice(2, 3, 4), dice(2, 3, 4, seed=1)
    mask = torch.ones(SIZE, dtype=torch.bool)
    mask[:8, :8] = False  # the first cell
    mask[:8, 8:12] = False  # and half of the second
    fixed = fixed_cells(mask, features)
    assert fixed[0].tolist() == [1, 0.5, 0, 0]
    assert fixed[1:].sum() == 0
    change = (features - reference).abs().mean(0)[0]
    expected = (change[0] + 0.5 * change[1]) / 1.5
    torch.testing.assert_close(mask_term(features, reference, fixed), expected)


def test_the_mask_term_has_true_gradients_and_is_0_where_all_may_move() -> None:
    features, reference = dice(2, 3, 4).requires_grad_(), dice(2, 3, 4, seed=1)
    fixed = dice(3, 4, seed=2).abs()
    assert torch.autograd.gradcheck(lambda maps: mask_term(maps, reference, fixed), features)
    assert mask_term(features, reference, torch.zeros(3, 4).double()) == 0


@given(place, shift, st.sampled_from([32, 64]))
def test_tracking_finds_a_shifted_blob_below_a_pixel(
    start: tuple[float, float], way: tuple[float, float], cells: int
) -> None:
    render, handle = Blobs(free, cells=cells), torch.tensor([start])
    around = handle[:, None] + offsets(1.0, disc=True)
    templates = sample(render(free_latent(start, AWAY)), around, (64, 64))
    goal = start[0] + way[0], start[1] + way[1]
    features = render(free_latent(goal, AWAY))
    found, confidence = track(features, handle, templates, (64, 64), 6.0, 1.0, 0.0)
    assert (found - torch.tensor([goal])).norm() < 0.05
    assert confidence > 0.85


def test_in_a_flat_place_the_penalty_keeps_the_point() -> None:
    handles = torch.tensor([[10.3, 12.6], [0.0, 31.0]])
    for level in (0.0, 1.0):
        features = torch.full((4, 16, 16), level)
        templates = features.new_full((2, 5, 4), level)
        found, _ = track(features, handles, templates, (32, 32), 5.0, 1.0, 1e-3)
        torch.testing.assert_close(found, handles)


def test_tracking_stays_inside_the_picture() -> None:
    render, handle = Blobs(free), torch.tensor([[62.0, 1.0]])
    around = handle[:, None] + offsets(1.0, disc=True)
    templates = sample(render(free_latent((62.0, 1.0), AWAY)), around, (64, 64))
    features = render(free_latent((68.0, -5.0), AWAY))
    found, _ = track(features, handle, templates, (64, 64), 8.0, 1.0, 0.0)
    assert found.min() >= 0
    assert found.max() <= 63
