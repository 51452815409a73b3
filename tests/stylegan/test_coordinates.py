"""The coordinate head: the shape of what it paints, and that the picture knows nothing of it."""

from pathlib import Path

import pytest
import torch
from worlds import SMALL, random_ws, small_generator

from stylegan import Config, CoordinateHead, to_points
from stylegan.layers import halo, upsample
from weights.formats import Model, load, save

BOX = torch.tensor([[-1.0, -2.0, 0.0], [1.0, 2.0, 3.0]])


def small_head(config: Config = SMALL) -> CoordinateHead:
    torch.manual_seed(3)
    return CoordinateHead(config).requires_grad_(False)


def test_it_paints_four_channels_at_half_the_side() -> None:
    generator, head = small_generator(), small_head()
    ws = random_ws(generator, count=2)
    assert head.sides == (8, 16)
    assert head(dict(generator.maps(ws)), ws).shape == (2, 4, 16, 16)


def test_its_shares_are_added_as_those_of_the_colours() -> None:
    generator, head = small_generator(), small_head()
    ws = random_ws(generator)
    maps = dict(generator.maps(ws))
    low = head({8: maps[8]}, ws)
    high = head.add(16, maps[16], ws, None)
    torch.testing.assert_close(head(maps, ws), upsample(halo(low)) + high)


def test_one_pass_gives_the_very_same_picture() -> None:
    generator, head = small_generator(), small_head()
    ws = random_ws(generator, count=2)
    maps = dict(generator.maps(ws))
    head(maps, ws)
    assert torch.equal(generator.picture(maps, ws), generator(ws))
    for side, features in maps.items():
        assert torch.equal(features, generator.features(ws, side))


def test_it_follows_the_w_of_its_block() -> None:
    generator, head = small_generator(), small_head()
    ws = random_ws(generator)
    maps = dict(generator.maps(ws))
    for layer in range(generator.config.num_ws):
        other = ws.clone()
        other[:, layer] += 1
        assert torch.equal(head(maps, other), head(maps, ws)) == (layer not in (3, 5)), layer


def test_a_tiny_generator_has_none() -> None:
    with pytest.raises(ValueError, match="at least 16 px"):
        CoordinateHead(Config(resolution=8))


def test_points_are_in_the_units_of_the_box() -> None:
    painted = torch.tensor([[-1.0, 0.0, 1.0, 0.0], [1.0, -1.0, -1.0, -50.0]])[:, :, None, None]
    points, covered = to_points(painted, BOX)
    torch.testing.assert_close(points[:, :, 0, 0], torch.tensor([[-1.0, 0, 3], [1, -2, 0]]))
    torch.testing.assert_close(covered[:, 0, 0], torch.tensor([0.5, 0.0]))


def test_head_and_box_come_back_from_disk(tmp_path: Path) -> None:
    generator, head, file = small_generator(), small_head(), tmp_path / "m.safetensors"
    save(Model(generator, 16, coordinates=head, box=BOX), file)
    back = load(file)
    assert back.coordinates is not None
    assert back.box is not None
    assert torch.equal(back.box, BOX)
    ws = random_ws(generator)
    for name, value in head.state_dict().items():
        assert torch.equal(back.coordinates.state_dict()[name], value.half().float())
    assert back.coordinates(dict(back.generator.maps(ws)), ws).isfinite().all()


def test_a_model_without_a_head_has_none(tmp_path: Path) -> None:
    save(Model(small_generator(), 16), tmp_path / "m.safetensors")
    back = load(tmp_path / "m.safetensors")
    assert back.coordinates is None
    assert back.box is None
