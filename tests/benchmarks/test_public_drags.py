"""Drags of models without axes: beside the published algorithm, plain, and beside the truth."""

from collections.abc import Iterator
from itertools import islice

import pytest
import torch
from torch import Tensor
from worlds import slow

from benchmarks.arrive.public_drags import STEPS, engine_of, handles, random_edit, to_go
from benchmarks.time.drag_speed import random_generator
from benchmarks.time.full_map import FullMap, full_map_drag
from drag import Edit
from editor.engine import Engine
from editor.search import LAYERS, OPTIONS_SIDE, PAPER
from stylegan import Config, Generator, w_statistics
from weights.formats import Model

CASES = [(64, 1), (64, 5), slow(256, 1), slow(256, 5)]
LEVEL = 1.15  # of what the published rule has left: our default may have so much


SMALL = Config(
    resolution=64, z_dim=64, w_dim=64, channel_base=2048, channel_max=64, mapping_layers=2
)


def world(side: int) -> tuple[Engine, FullMap]:
    """A generator with random weights; that of 256 px has the size of published ones."""
    torch.manual_seed(1)
    small = Generator(SMALL).eval().requires_grad_(False)
    generator = small if side == SMALL.resolution else random_generator(side)[0]
    known = w_statistics(generator.mapping, samples=1000)
    model = Model(generator, min(128, side), domain="square", statistics=known)
    return engine_of(model), FullMap.of(generator)


def published(model: FullMap, ws: Tensor, edit: Edit) -> Iterator[Tensor]:
    options = PAPER.options.scaled(edit.size[0] / OPTIONS_SIDE)
    return full_map_drag(model, ws, edit, options, LAYERS)


@pytest.mark.parametrize(("side", "points"), CASES)
@pytest.mark.parametrize("masked", [False, True])
def test_published_rule_is_what_the_preset_of_the_paper_follows(
    side: int, points: int, masked: bool
) -> None:
    engine, model = world(side)
    ws, edit = engine.latent(0, 0.7), random_edit(side, points, 0, masked)
    theirs = torch.stack(list(islice(published(model, ws, edit), STEPS + 1)))
    ours = torch.stack(list(handles(engine, ws, edit, "paper")))
    count, px = min(len(ours), len(theirs)), side / 64
    apart = (ours[:count] - theirs[:count]).norm(dim=2).mean(1) / px
    assert float(apart[: STEPS // 2].max()) < 1  # theirs are whole px
    assert float(apart.max()) < 3  # where one px more or less decides what is found next
    gone = (theirs[STEPS // 2] - theirs[0]).norm(dim=1).mean() / px
    assert masked or float(gone) > 0.5  # they do move


@pytest.mark.parametrize(("side", "points"), CASES)
def test_published_rule_does_not_arrive_before_our_default(side: int, points: int) -> None:
    engine, model = world(side)
    left: list[tuple[float, float]] = []
    for seed in range(2):
        ws, edit = engine.latent(seed, 0.7), random_edit(side, points, seed, masked=False)
        theirs, ours = published(model, ws, edit), handles(engine, ws, edit, "model")
        left.append((to_go(edit, ours), to_go(edit, theirs)))
    ours, theirs = torch.tensor(left).mean(0).tolist()
    assert ours <= LEVEL * theirs
