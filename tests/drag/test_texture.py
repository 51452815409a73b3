"""How well places can be told apart: flat ones, edges, corners."""

import pytest
import torch
from torch import Tensor
from worlds import Blobs, Waves, free, free_latent, near

from drag import PLAIN, Options
from drag.patches import offsets
from drag.reference import texture

SIZE = 64, 64


def look(features: Tensor, *points: tuple[float, float], search: float = 6.0) -> list[float]:
    handles = torch.tensor(points, dtype=torch.float32)
    seen = near(features, handles, SIZE, search + 3)
    templates = seen.at(handles[:, None] + offsets(1.0, disc=True))
    spread = (features - features.mean((1, 2), keepdim=True)).square().sum(0).mean()
    return texture(seen, handles, templates, spread, Options(radius=1.0, search=search)).tolist()


def test_a_blob_stands_out_and_nothing_does_not() -> None:
    blob, nothing = look(Blobs(free)(free_latent((20, 20), (200, 200))), (20, 20), (54, 54))
    assert 0.9 < blob <= 1
    assert nothing < 0.01


def test_a_rich_picture_has_texture_all_over() -> None:
    assert min(look(Waves()(torch.zeros(2)), (12, 12), (30, 40), (50, 22))) > 2 * PLAIN


def test_an_edge_looks_alike_all_the_way_and_a_corner_does_not() -> None:
    features = torch.zeros(1, 64, 64)
    features[:, 24:, 24:] = 1.0
    corner, edge, inside = look(features, (23.5, 23.5), (23.5, 46), (46, 46))
    assert corner > 2 * PLAIN
    assert edge == inside == 0


@pytest.mark.parametrize("search", [1.0, 4.0, 40.0])
def test_it_is_a_share_for_every_search(search: float) -> None:
    values = look(Waves(flat=30)(torch.zeros(2)), (0, 0), (12, 30), (63, 63), search=search)
    assert all(0 <= value <= 1 for value in values)


def test_brightness_and_scale_do_not_matter() -> None:
    features, places = Waves()(torch.zeros(2)), [(12.0, 30.0), (40.0, 20.0)]
    assert look(7 * features + 3, *places) == pytest.approx(look(features, *places), rel=1e-4)


def test_an_empty_picture_has_none() -> None:
    assert look(torch.zeros(3, 32, 32), (30, 30)) == [0]
