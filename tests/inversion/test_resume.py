"""A fit that was stopped goes on from its checkpoint and ends with the same bits."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor
from worlds import by_step, random_ws, slow, small_generator, until

from inversion import (
    CheckpointStore,
    Helpers,
    Inversion,
    InvertOptions,
    MotionAugmentation,
    ProjectionTarget,
    ProjectOptions,
    TuneOptions,
    invert,
)
from inversion.checkpoint import NullStore, Tensors, adam_tensors, restore_adam
from inversion.distance import pixel_distance
from stylegan import w_statistics
from transfer.flow import Motion

GENERATOR = small_generator()
STATISTICS = w_statistics(GENERATOR.mapping, 500)
SIDE = GENERATOR.config.resolution
OPTIONS = InvertOptions(ProjectOptions(steps=12), TuneOptions(steps=18, coarse=8, moves=3))
EVERY = 5
GUESS = STATISTICS.to_w(torch.full((len(STATISTICS.axes),), 0.3))


class Memory:
    """Keeps copies, as a file would."""

    def __init__(self) -> None:
        self.kept: dict[str, Tensors] = {}

    def load(self, stage: str) -> Tensors | None:
        return self.kept.get(stage)

    def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
        if step and step % EVERY == 0:
            self.kept[stage] = {name: tensor.clone() for name, tensor in tensors().items()}


def fit(keeper: CheckpointStore, guess: Tensor | None = None) -> Iterator[Inversion]:
    """The fit of a picture that is no face of the model, with moves."""
    image = GENERATOR(random_ws(GENERATOR, seed=4))[0].clamp(-1, 1)
    motion = Motion(np.full((SIDE, SIDE, 2), [1.0, 0.0]), np.full((SIDE, SIDE), 0.8))
    mover = MotionAugmentation(
        lambda *_: motion, lambda ws: GENERATOR(ws[None])[0], STATISTICS.axes
    )
    goal = ProjectionTarget(GENERATOR, STATISTICS, image, pixel_distance)
    return invert(goal, OPTIONS, Helpers(guess, mover, keeper))


def same(one: Inversion, other: Inversion) -> bool:
    """To the last bit."""
    return (
        torch.equal(one.ws, other.ws)
        and one.delta.keys() == other.delta.keys()
        and all(torch.equal(part, other.delta[name]) for name, part in one.delta.items())
        and (one.distance, one.pivot_distance) == (other.distance, other.pivot_distance)
        and (one.stage, one.step, one.steps) == (other.stage, other.step, other.steps)
    )


@pytest.fixture(scope="module", params=[None, GUESS], ids=["blind", "guessed"])
def whole(request: pytest.FixtureRequest) -> tuple[Tensor | None, list[Inversion]]:
    """(a guess or none, the fit that nobody stopped)."""
    return request.param, list(fit(NullStore(), request.param))


# In each stage, before its first checkpoint, right after one, and between the stages.
@pytest.mark.parametrize("stopped", [1, 6, 12, 13, 24, *(slow(n) for n in (7, 11, 19, 29))])
def test_a_fit_that_was_stopped_ends_with_the_same_bits(
    whole: tuple[Tensor | None, list[Inversion]], stopped: int
) -> None:
    (guess, expected), memory = whole, Memory()
    first = list(until(fit(memory, guess), stopped))
    assert all(same(a, b) for a, b in zip(first, expected, strict=False))
    rest = list(fit(memory, guess))
    assert same(rest[-1], expected[-1])
    redone = {item.step for item in rest if item.stage == first[-1].stage and item.step < stopped}
    assert len(redone) <= EVERY
    steps = by_step(expected)
    for item in by_step(rest)[1:]:  # the first shows what was kept
        assert item.stage != steps[item.step].stage or same(item, steps[item.step])


@examples(3)
@example([7, 13, 2, 16])
@given(stops=st.lists(st.integers(1, 16), min_size=2, max_size=4))
def test_a_fit_may_be_stopped_as_often_as_one_likes(
    whole: tuple[Tensor | None, list[Inversion]], stops: list[int]
) -> None:
    (guess, expected), memory = whole, Memory()
    for stop in stops:
        list(until(fit(memory, guess), stop))
    assert same(list(fit(memory, guess))[-1], expected[-1])


def test_what_goes_on_shows_at_once_the_best_so_far() -> None:
    memory = Memory()
    stopped = list(until(fit(memory), 11))
    first = next(fit(memory))
    assert first.distance <= by_step(stopped)[EVERY * 2 - 1].distance
    assert torch.equal(first.ws, by_step(stopped)[EVERY * 2 - 1].ws)
    assert 0 < first.done <= stopped[-1].done


def test_the_share_that_is_done_does_not_fall_when_it_goes_on() -> None:
    memory = Memory()
    list(until(fit(memory), 24))
    done = [item.done for item in fit(memory)]
    assert done == sorted(done)
    assert done[-1] == 1


def test_nothing_is_drawn_up_for_a_checkpoint_that_nobody_keeps() -> None:
    class Asked(NullStore):
        def keep(self, stage: str, step: int, tensors: Callable[[], Tensors]) -> None:
            asked.append((stage, step))

    asked: list[tuple[str, int]] = []
    list(fit(Asked()))
    assert asked == [*(("project", n) for n in range(13)), *(("tune", n) for n in range(18))]


def test_adam_goes_on_with_the_same_bits() -> None:
    def steps(adam: torch.optim.Adam, weights: list[Tensor], numbers: range) -> None:
        for number in numbers:
            adam.zero_grad()
            (weights[0] * weights[1] - number).square().sum().backward()
            adam.step()

    def begun() -> tuple[torch.optim.Adam, list[Tensor]]:
        weights = [torch.ones(3).requires_grad_(), torch.ones(3).requires_grad_(), torch.ones(2)]
        return torch.optim.Adam(weights, lr=0.1), weights

    (one, weights), (other, restored) = begun(), begun()
    steps(one, weights, range(5))
    kept = adam_tensors(one)
    steps(one, weights, range(5, 9))
    restore_adam(other, kept)
    steps(other, restored, range(5, 9))
    assert all(torch.equal(a, b) for a, b in zip(weights, restored, strict=True))
