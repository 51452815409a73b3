"""What a drag is made of, against slow twins: sampling, motion supervision, mask, tracking."""

from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from worlds import Blobs, free, free_latent, near

from drag import Options
from drag.draggan import motion_supervision
from drag.mask_loss import MaskLoss, SampledMaskLoss
from drag.patches import gather, offsets
from drag.track import distances, track

SIZE = 24, 32
WEIGHT_ONE = Options(mask_weight=1.0)
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
    points = torch.stack([x, y], 2).float()
    seen = near(features, points[:1, 0], (tall, wide), float(max(tall, wide)))
    read = seen.at(points.flatten(0, 1)[None])[0].unflatten(0, (tall, wide))
    torch.testing.assert_close(read, large.permute(1, 2, 0), rtol=1e-5, atol=1e-5)


def test_sample_has_true_gradients() -> None:
    features, points = dice(2, 4, 5).requires_grad_(), dice(3, 2).abs() * 4 + 5.123

    def read(maps: Tensor) -> Tensor:
        return near(maps, points, SIZE, 2.0).at(points[:, None] + offsets(1.0, disc=False))

    assert torch.autograd.gradcheck(read, features)


@given(
    st.lists(st.tuples(st.floats(-3, 35), st.floats(-3, 27)), min_size=1, max_size=4),
    st.integers(1, 9),
)
def test_squares_read_what_the_map_does(points: list[tuple[float, float]], reach: int) -> None:
    features, places = dice(2, 6, 8), torch.tensor(points).double()
    disc = places[:, None] + offsets(float(reach), disc=True)
    small = near(features, places, SIZE, float(reach))
    whole = near(features, places, SIZE, 64.0)
    assert small.cells.shape[2] < whole.cells.shape[2]
    torch.testing.assert_close(small.at(disc), whole.at(disc))
    rows, columns = small.rows_and_columns(places, reach)
    grid = rows[:, None] @ small.cells @ columns[:, None].transpose(2, 3)
    square = places[:, None] + offsets(float(reach), disc=False)
    torch.testing.assert_close(grid.flatten(2).transpose(1, 2), whole.at(square))


def test_what_is_cut_beyond_the_map_is_0() -> None:
    features = dice(2, 4, 5)
    corners = torch.tensor([[-2, 1], [3, 2], [9, -9]])
    found = gather(features, corners, 3)
    assert torch.equal(found[0, :, :, 2], features[:, 1:4, 0])
    assert torch.equal(found[1, :, :2, :2], features[:, 2:, 3:])
    assert found[0, :, :, :2].abs().sum() == found[1, :, 2].abs().sum() == found[2].abs().sum() == 0


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
    seen, templates = near(features, handles, SIZE, 4.0), dice(2, 13, 3)
    value = motion_supervision(seen, handles, targets, templates, Options(radius=2.0, anchor=0.0))
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


def test_what_is_held_counts_the_first_looks_by_the_anchor() -> None:
    features, handles = dice(3, 6, 8), torch.tensor([[8.2, 9.1]]).double()
    seen, templates = near(features, handles, SIZE, 4.0), dice(1, 13, 3)
    disc = handles[:, None] + offsets(2.0, disc=True)
    for anchor in (0.0, 0.3, 1.0):
        options = Options(radius=2.0, anchor=anchor)
        value = motion_supervision(seen, handles, handles + 7, templates, options)
        held = (1 - anchor) * seen.at(disc) + anchor * templates
        expected = (seen.at(disc + 0.5**0.5) - held).abs().mean((1, 2)).sum()
        torch.testing.assert_close(value, expected)


def held_still(options: Options = WEIGHT_ONE) -> MaskLoss:
    mask = torch.ones(SIZE, dtype=torch.bool)
    mask[:8, :8] = False  # the first cell
    mask[:8, 8:12] = False  # and half of the second
    still = MaskLoss.of(mask, dice(2, 3, 4, seed=1), options)
    assert still is not None
    return still


def test_the_mask_term_is_the_mean_change_of_the_fixed_cells() -> None:
    features, still = dice(2, 3, 4), held_still()
    assert still.fixed[0].tolist() == [1, 0.5, 0, 0]
    assert still.fixed[1:].sum() == 0
    change = (features - still.reference).abs().mean(0)[0]
    expected = (change[0] + 0.5 * change[1]) / 1.5
    torch.testing.assert_close(still.term(features), expected)


@pytest.mark.parametrize("weight", [1.0, 20.0])
def test_the_mask_term_is_what_paper_and_released_code_say(weight: float) -> None:
    features, names = dice(2, 3, 4), ("mean", "released", "paper")
    terms = {
        name: float(
            held_still(Options(mask_weight=weight, radius=2.0, mask_form=name)).term(features)
        )
        for name in names
    }
    height, width = SIZE
    large = F.interpolate((features - dice(2, 3, 4, seed=1))[None], SIZE, mode="nearest")[0].abs()
    large[:, 8:] = large[:, :8, 12:] = 0  # what may move
    assert terms["released"] == pytest.approx(weight * float(large.mean()))
    # A sum over px and channels, where motion is a sum over the channels of the disc's 13 px.
    paper = weight * float(large.sum()) / (13 * len(features))
    assert terms["paper"] == pytest.approx(paper)
    assert terms["mean"] == pytest.approx(terms["released"] * height * width / (8 * 12))


def test_the_mask_term_has_true_gradients_and_is_none_where_all_may_move() -> None:
    features, still = (
        dice(2, 3, 4).requires_grad_(),
        MaskLoss(dice(2, 3, 4, seed=1), dice(3, 4).abs()),
    )
    assert torch.autograd.gradcheck(still.term, features)
    assert MaskLoss.of(torch.ones(SIZE, dtype=torch.bool), still.reference, Options()) is None


def tiled(side: int, count: int) -> tuple[MaskLoss, SampledMaskLoss, Tensor]:
    """A fixed part of all shades, its tiles, and a map that has changed."""
    fixed = dice(9, 11, seed=2).clamp(min=0)
    fixed[:4, :4] = 0
    still = MaskLoss(dice(3, 9, 11, seed=1), fixed)
    return still, SampledMaskLoss.of(still, side, count), dice(3, 9, 11)


@pytest.mark.parametrize("side", [1, 2, 3, 4, 20])
def test_tiles_hold_the_fixed_part_once(side: int) -> None:
    still, tiles, features = tiled(side, 2)
    assert tiles.fixed.sum() == pytest.approx(float(still.fixed.sum()))
    each = [
        tiles.term(torch.tensor([k]), gather(features, tiles.corners[k : k + 1], side))
        for k in range(len(tiles.corners))
    ]  # weighted by how often each is drawn it is the whole term: no bias
    share = (tiles.share / tiles.share.sum()).double()
    torch.testing.assert_close((share * torch.stack(each)).sum(), still.term(features))


def test_tiles_are_drawn_by_what_they_hold_and_always_the_same() -> None:
    _, tiles, _ = tiled(3, 4000)
    drawn, again = tiles.draw(), tiled(3, 4000)[1].draw()
    assert torch.equal(drawn, again)
    often = torch.bincount(drawn, minlength=len(tiles.share)) / 4000
    share = tiles.share / tiles.share.sum()
    torch.testing.assert_close(often.double(), share, rtol=0, atol=0.03)
    assert not torch.equal(tiles.draw(), drawn)  # others in the next step


def template(features: Tensor, handles: Tensor) -> Tensor:
    disc = handles[:, None] + offsets(1.0, disc=True)
    return near(features, handles, (64, 64), 3.0).at(disc)


@given(st.tuples(st.floats(0, 31), st.floats(0, 23)), st.integers(1, 5), st.integers(0, 3))
def test_distances_are_those_of_the_patches(
    place: tuple[float, float], search: int, radius: int
) -> None:
    features, handle = 3 + 0.1 * dice(5, 6, 8, dtype=torch.float32), torch.tensor([place])
    options = Options(search=float(search), radius=float(radius))
    disc = offsets(options.radius, disc=True)
    templates = 3 + 0.1 * dice(1, len(disc), 5, seed=1, dtype=torch.float32)
    seen = near(features, handle, SIZE, search + radius + 2.0)
    patches = seen.at(handle[:, None, None] + offsets(options.search, disc=False)[:, None] + disc)
    slow = (patches.double() - templates[:, None].double()).square().sum((2, 3)).sqrt()
    fast = distances(seen, handle, templates, options).double()
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)
    exact = distances(seen, handle, patches[:, 3], options)  # the template is there
    assert exact.argmin() == 3 or exact[0, 3] < 1e-3


@given(place, shift, st.sampled_from([32, 64]))
def test_tracking_finds_a_shifted_blob_below_a_pixel(
    start: tuple[float, float], way: tuple[float, float], cells: int
) -> None:
    render, handle = Blobs(free, cells=cells), torch.tensor([start])
    templates = template(render(free_latent(start, AWAY)), handle)
    goal = start[0] + way[0], start[1] + way[1]
    seen = near(render(free_latent(goal, AWAY)), handle, (64, 64), 8.0)
    found, confidence = track(seen, handle, templates, Options(search=6.0, radius=1.0))
    assert (found - torch.tensor([goal])).norm() < 0.05
    assert confidence > 0.85


def test_in_a_flat_place_the_penalty_keeps_the_point() -> None:
    handles = torch.tensor([[10.3, 12.6], [0.0, 31.0]])
    for level in (0.0, 1.0):
        features = torch.full((4, 16, 16), level)
        templates = features.new_full((2, 5, 4), level)
        options = Options(search=5.0, radius=1.0, track_penalty=1e-3)
        found, _ = track(near(features, handles, (32, 32), 7.0), handles, templates, options)
        torch.testing.assert_close(found, handles)


def test_tracking_stays_inside_the_picture() -> None:
    render, handle = Blobs(free), torch.tensor([[62.0, 1.0]])
    templates = template(render(free_latent((62.0, 1.0), AWAY)), handle)
    seen = near(render(free_latent((68.0, -5.0), AWAY)), handle, (64, 64), 10.0)
    found, _ = track(seen, handle, templates, Options(search=8.0, radius=1.0))
    assert found.min() >= 0
    assert found.max() <= 63
