"""Projection and tuning: every item is usable, the given generator is never changed."""

import sys
import time
from itertools import count, pairwise
from math import isfinite

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from worlds import SHALLOW, by_step

from inversion import (
    BUDGETS,
    FitError,
    Helpers,
    InvertOptions,
    MotionAugmentation,
    ProjectionTarget,
    ProjectOptions,
    TuneOptions,
    budget,
    fit_psnr,
    invert,
    project,
)
from inversion.distance import pixel_distance
from inversion.invert import shares
from inversion.tune import Tuned, tunable, tune
from stylegan import Generator, apply, w_statistics
from transfer.flow import Motion


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(SHALLOW).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def image(generator: Generator) -> torch.Tensor:
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(5))
    return generator(generator.style(z))[0].clamp(-1, 1)


def fits(generator, image, project=40, tune=20, seed=0, above=0, start=None, coarse=10):
    options = InvertOptions(
        ProjectOptions(steps=project, seed=seed),
        TuneOptions(steps=tune, above=above, coarse=coarse),
    )
    return invert(goal(generator, image), options, Helpers(start))


def goal(generator, image, distance=pixel_distance):
    return ProjectionTarget(generator, w_statistics(generator.mapping, 500), image, distance)


def test_a_good_guess_is_where_the_search_starts(generator):
    w = generator.mapping(torch.randn(1, 8, generator=torch.Generator().manual_seed(5)))[0]
    image = generator(w.expand(1, SHALLOW.num_ws, -1))[0]
    blind = next(fits(generator, image, project=1, tune=0)).distance
    assert next(fits(generator, image, project=1, tune=0, start=w)).distance < 0.5 * blind


def test_a_guess_that_is_worse_than_a_random_face_is_shown_but_not_believed(generator, image):
    blind, w = by_step(fits(generator, image, project=9, tune=0)), torch.ones(12) * 9
    first, *rest = by_step(fits(generator, image, project=9, tune=0, start=w))
    assert torch.equal(first.ws, w.expand(SHALLOW.num_ws, -1))
    assert all(torch.equal(a.ws, b.ws) for a, b in zip(rest, blind, strict=False))
    assert [fit.step for fit in (first, *rest)] == [fit.step for fit in blind]


def test_each_item_is_at_least_as_good_as_the_one_before(generator, image):
    every = list(fits(generator, image))
    assert [fit.step for fit in every] == sorted(fit.step for fit in every)
    found = by_step(every)
    assert [fit.step for fit in found] == list(range(60))
    before = every[:-60]  # the start is looked for
    assert len(before) > 3
    assert {(fit.step, fit.distance) for fit in before} == {(0, before[0].distance)}
    assert before[0].distance >= found[0].distance
    for part in (found[:40], found[40:50], found[50:]):  # a pivot, in small pictures, in large ones
        distances = [fit.distance for fit in part]
        assert distances == sorted(distances, reverse=True)
    assert [fit.stage for fit in found] == ["project"] * 40 + ["tune"] * 20


def test_the_projection_finds_a_face_of_the_model(generator, image):
    first, *_, last = fits(generator, image, project=100, tune=0)
    assert last.distance < 0.9 * first.distance


def test_the_pivot_is_searched_in_previews_and_tuned_at_half_then_full_size(
    generator, image, monkeypatch
):
    monkeypatch.setattr(project, "SEARCH_SIDE", 8)
    seen: list[int] = []

    def spy(a, b, weight):
        assert a.shape[-1] == b.shape[-1] == weight.shape[-1]
        seen.append(a.shape[-1])
        return pixel_distance(a, b, weight)

    options = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=4, coarse=2))
    sides: dict[int, int] = {}
    for fit in invert(goal(generator, image, spy), options):
        assert set(seen) == {8} or fit.stage == "tune"
        sides[fit.step] = seen[-1]
    assert list(sides.values()) == [8, 8, 8, 16, 16, 32, 32]


def test_blocks_larger_than_the_pictures_that_are_compared_stay_as_they_are(generator, image):
    options = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=6, coarse=0, side=16))
    *_, fit = invert(goal(generator, image), options)
    assert any(name.startswith("synthesis.b16") for name in fit.delta)
    assert not any(name.startswith("synthesis.b32") for name in fit.delta)


def test_tuning_comes_closer_than_the_pivot(generator, image):
    found = list(fits(generator, 0.5 * image + 0.2))
    pivot = [fit for fit in found if fit.stage == "project"][-1]
    gain = fit_psnr(generator, found[-1], 0.5 * image + 0.2) - fit_psnr(
        generator, pivot, 0.5 * image + 0.2
    )
    assert gain > 1.0


def test_the_shared_generator_is_not_changed(generator, image):
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    list(fits(generator, image, project=3, tune=3))
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert not any(weight.requires_grad for weight in generator.parameters())


def test_the_same_seed_gives_the_same_fit(generator, image):
    one, two = (list(fits(generator, image, 10, 5, seed=3))[-1] for _ in range(2))
    assert torch.equal(one.ws, two.ws)
    assert all(torch.equal(one.delta[name], two.delta[name]) for name in one.delta)


def test_a_fit_that_is_stopped_early_can_be_rendered(generator, image):
    for steps, fit in enumerate(fits(generator, image)):
        if steps in (0, 7, 45):
            assert apply(generator, fit.delta)(fit.ws[None]).isfinite().all()


def test_tuning_above_a_block_leaves_its_features_alone(generator, image):
    *_, fit = fits(generator, image, project=5, tune=10, above=16)
    tuned = apply(generator, fit.delta)
    assert torch.equal(tuned.features(fit.ws[None], 16), generator.features(fit.ws[None], 16))
    assert not torch.equal(tuned(fit.ws[None]), generator(fit.ws[None]))


def test_style_and_mapping_layers_are_never_tuned():
    generator = Generator(SHALLOW)
    tunable(generator, 0)
    free = [name for name, weight in generator.named_parameters() if weight.requires_grad]
    assert not any("affine" in name for name in free if name.startswith("synthesis"))


def broken_after(calls: int):
    """A distance that is no number from some call on."""
    counted = count()

    def broken(made, wanted, weight):
        value = pixel_distance(made, wanted, weight)
        return value * torch.nan if next(counted) >= calls else value

    return broken


def test_a_loss_that_is_no_number_ends_the_stage(generator, image):
    options = InvertOptions(ProjectOptions(steps=5), TuneOptions(steps=5))
    with pytest.raises(FitError, match="could not be fitted"):
        next(invert(goal(generator, image, broken_after(0)), options))
    found = list(invert(goal(generator, image, broken_after(9)), options))  # at some step
    assert {fit.stage for fit in found} == {"project"}
    assert isfinite(found[-1].distance)


def tuned(generator, image, distance=pixel_distance, **how) -> list[Tuned]:
    """The tuning of the mean face to half of the picture."""
    ws = generator.mapping.w_avg.expand(SHALLOW.num_ws, -1)
    how = {"steps": 20, "coarse": 0} | how
    return list(tune(goal(generator, 0.5 * image, distance), ws, TuneOptions(**how)))


def test_a_loss_that_is_no_number_leaves_the_best_of_the_tuning(generator, image):
    whole, broken = (tuned(generator, image, broken_after(calls)) for calls in (999, 12))
    assert len(broken) == 12
    assert broken[-1].distance == whole[11].distance < whole[0].distance
    assert all(torch.equal(part, whole[11].delta[n]) for n, part in broken[-1].delta.items())
    assert all(part.isfinite().all() for part in broken[-1].delta.values())


def test_the_best_of_a_tuning_that_gets_worse_is_kept(generator, image):
    found = tuned(generator, image, rate=3.0)
    assert found[-1].distance <= found[0].distance
    assert found[-1].distance == min(item.distance for item in found)


@pytest.mark.parametrize("patience", [1, 4])
def test_tuning_ends_where_it_comes_no_further(generator, image, patience):
    assert len(tuned(generator, image, rate=0.0, patience=patience)) == 1 + patience
    both = tuned(generator, image, rate=0.0, patience=patience, coarse=3)  # a new size, a new try
    assert len(both) == (2 if patience == 1 else 3 + 1 + patience)


def test_tuning_ends_where_it_is_close_enough(generator, image):
    whole = tuned(generator, image)
    enough = whole[9].distance
    assert len(tuned(generator, image, enough=enough)) <= 10
    assert tuned(generator, image, enough=enough)[-1].distance <= enough


# How much work a fit may be


def test_each_budget_is_more_work_than_the_one_before():
    assert list(BUDGETS) == ["geometry", "quick", "balanced", "best"]
    for less, more in pairwise(BUDGETS.values()):
        assert less.steps < more.steps
        assert less.seconds < more.seconds
    assert BUDGETS["quick"].tune.steps == 0
    assert budget("best", 7).project.seed == 7
    assert budget("best", 7).tune == BUDGETS["best"].tune


class Clock:
    """Time that passes when something is computed: a picture of 32 px takes 4 s, one of 16 1 s."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def distance(self, made, wanted, weight):
        self.now += (made.shape[-1] / 16) ** 2
        return pixel_distance(made, wanted, weight)

    def read(self, start, end) -> Motion:
        self.now += 3.0
        return Motion(np.zeros((32, 32, 2), np.float32), np.ones((32, 32), np.float32))


@pytest.mark.parametrize(
    ("seconds", "stage"),
    [(15, "project"), (26, "project"), (32, "project"), (42, "tune"), (46, "tune"), (70, "tune")],
)
def test_a_fit_ends_in_time_with_what_there_is(generator, image, seconds, stage, monkeypatch):
    clock = Clock()
    for part in ("invert", "deadline"):
        monkeypatch.setattr(sys.modules[f"inversion.{part}"], "time", clock)
    monkeypatch.setattr(project, "SEARCH_SIDE", 16)
    axes = w_statistics(generator.mapping, 500).axes
    shown = MotionAugmentation(clock.read, lambda ws: generator(ws[None])[0], axes)
    options = InvertOptions(
        ProjectOptions(steps=20), TuneOptions(steps=20, coarse=10, moves=3), float(seconds)
    )
    found = list(invert(goal(generator, image, clock.distance), options, Helpers(None, shown)))
    slowest = 4.0
    assert seconds - 3 * slowest < clock.now - 100 <= seconds
    assert found[-1].stage == stage
    assert found[-1].cut_off
    assert [fit.done for fit in found] == sorted(fit.done for fit in found)
    assert found[-1].done == 1
    assert apply(generator, found[-1].delta)(found[-1].ws[None]).isfinite().all()


def test_the_first_fit_is_given_however_few_the_seconds(generator, image):
    options = InvertOptions(ProjectOptions(steps=9), TuneOptions(steps=9), seconds=1e-9)
    (only,) = invert(goal(generator, image), options)
    assert only.cut_off


def test_what_was_done_before_counts_too(generator, image):
    options = InvertOptions(ProjectOptions(steps=9), TuneOptions(steps=9), seconds=1000.0)
    begun = time.monotonic() - 999.999
    assert len(list(invert(goal(generator, image), options, begun=begun))) == 1


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3))
def test_the_share_that_is_done_rises_to_1(project: int, tune: int, coarse: int, moves: int):
    options = InvertOptions(
        ProjectOptions(steps=project), TuneOptions(steps=tune, coarse=coarse, moves=moves)
    )
    generator = Generator(SHALLOW).requires_grad_(False)
    work = shares(goal(generator, torch.zeros(3, 32, 32)), options)
    assert len(work) == project + tune
    assert all(0 < less < more for less, more in pairwise(work))
    assert not work or work[-1] == 1


def test_each_item_says_how_much_of_the_work_is_done(generator, image):
    every = list(fits(generator, image))
    assert [fit.done for fit in every] == sorted(fit.done for fit in every)
    assert every[0].done == 0
    done = [fit.done for fit in by_step(every)]
    assert done[-1] == 1
    project, coarse, fine = done[1] - done[0], done[45] - done[44], done[55] - done[54]
    assert coarse < project  # 16 px against 32
    assert fine == pytest.approx(1.5 * project)  # the weights' gradients too
