"""The rules and figures of the benchmark of drags without a model, on what is known."""

import numpy as np
import pytest
from worlds import texture

from benchmarks.real import elastic
from benchmarks.real.faceless import trials

SIDE = 128
HANDLES, TARGETS = np.array([[40.0, 64.0], [84.0, 64.0]]), np.array([[46.0, 60.0], [80.0, 70.0]])


def paint() -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[16:112, 16:112] = True
    return mask


@pytest.mark.parametrize("name", ["elastic", "nearest", "inpaint4drag"])
def test_every_rule_brings_the_handles_to_their_targets(name: str) -> None:
    made = elastic.RULES[name](texture(SIDE), HANDLES, TARGETS, paint())
    x, y = TARGETS.astype(int).T
    np.testing.assert_allclose(made.places[y, x], HANDLES, atol=0.3)


def test_of_one_handle_what_is_painted_goes_forward_as_one() -> None:
    made = elastic.inpaint4drag(texture(SIDE), HANDLES[:1], HANDLES[:1] + 5, paint())
    where = elastic.pixels(SIDE, SIDE)[made.there] - made.places[made.there]
    np.testing.assert_allclose(where, 5, atol=1e-3)
    assert made.jump == pytest.approx(50**0.5, abs=1e-3) or not made.moves.joined.any()


def test_a_mirrored_map_is_folded() -> None:
    made = elastic.nearest(texture(SIDE), HANDLES, TARGETS, paint())
    places, there = made.places.copy(), np.ones((SIDE, SIDE), bool)
    places[...] = elastic.pixels(SIDE, SIDE)
    assert elastic.Pulled(made.change, made.moves, places, there).folded == 0
    places[40:60, 40:60] = places[40:60, 59:39:-1]
    assert elastic.Pulled(made.change, made.moves, places, there).folded == 20 * 18


def test_what_has_moved_as_it_was_has_no_error() -> None:
    before = texture(SIDE)
    after = np.roll(before, (4, 7), (0, 1))
    drags = [((60.0, 60.0), (67.0, 64.0))]
    assert elastic.dai(before, after, drags, 10) == 0
    assert elastic.dai(before, before, drags, 10) > 0.001


def test_there_are_twelve_drags_on_six_pictures_that_start_in_the_paint() -> None:
    found = list(trials())
    assert len(found) == 12
    assert len({name.split(":")[0] for name, _ in found}) == 6
    for _, trial in found:
        for (x, y), _ in trial.drags:
            assert trial.mask[round(y), round(x)]
