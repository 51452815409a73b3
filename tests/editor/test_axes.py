"""The directions of a drag: a unit along each costs the same."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from editor.motion.features import STILL, alike

SIDE = 100


@given(st.integers(0, 1000))
def test_a_unit_along_each_axis_costs_the_same(seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    axes = torch.randn(4, 9, generator=source, dtype=torch.float64)
    from_w = torch.randn(10, 5, 2, generator=source, dtype=torch.float64)
    mixed = alike(axes, from_w, SIDE)
    shares = torch.linalg.lstsq(axes.T, mixed.T).solution.T  # of the axes in the mixed ones
    torch.testing.assert_close(shares @ axes, mixed)
    moves = torch.einsum("kw,wpc->kpc", mixed, from_w[:-1]) / SIDE
    cost = shares @ shares.T + STILL * torch.einsum("kpc,lpc->kl", moves, moves) / 5
    torch.testing.assert_close(cost, torch.eye(4, dtype=torch.float64))


def test_axes_that_move_nothing_stay_as_they_are() -> None:
    axes = torch.eye(3, 6)
    torch.testing.assert_close(alike(axes, torch.zeros(7, 2, 2), SIDE), axes)


def test_an_axis_that_moves_the_whole_face_becomes_shorter() -> None:
    axes, from_w = torch.eye(2, 3), torch.zeros(4, 10, 2)
    from_w[0] = 5.0  # px of all points
    from_w[1, 0] = 5.0  # of one point alone
    lengths = alike(axes, from_w, SIDE).norm(dim=1)
    assert lengths[0] < 0.5 * lengths[1] < 0.5
