"""The photo moved as the generator moves its face, and what learning from that is good for."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from worlds import SHALLOW, texture

from editor.motion.estimators import FlowEstimator
from inversion import (
    Helpers,
    InvertOptions,
    MotionAugmentation,
    ProjectionTarget,
    ProjectOptions,
    TuneOptions,
    invert,
)
from inversion.distance import pixel_distance
from inversion.motion_augmentation import NEW_WEIGHT, TuningSample, matched_colours
from inversion.tune import tune, tuning_samples
from stylegan import Generator, activation, apply, before_activation, w_statistics
from transfer.flow import Motion

SIDE = 32
AXES = torch.randn(5, 12, generator=torch.Generator().manual_seed(2))
WS = torch.randn(8, 12, generator=torch.Generator().manual_seed(3))


def as_image(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1) / 127.5 - 1


PHOTO, OWN = as_image(texture(SIDE)), as_image(texture(SIDE, 7))


def shown(
    flow: tuple[float, float] = (0, 0), confidence: float | np.ndarray = 1.0, own: Tensor = OWN
) -> list[TuningSample]:
    """Three, of a generator whose picture always moves like this."""
    motion = Motion(np.full((SIDE, SIDE, 2), flow, np.float64), np.ones((SIDE, SIDE)) * confidence)
    return list(
        MotionAugmentation(lambda start, end: motion, lambda ws: own, AXES)(WS, PHOTO, 3, 0.4)
    )


def test_where_nothing_moves_the_photo_is_wanted_as_it_is() -> None:
    for example in shown():
        assert torch.equal(example.image, PHOTO)
        assert torch.equal(example.weight, torch.ones(1, SIDE, SIDE))


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_the_photo_is_moved_where_the_motion_is_trusted(dx: int, dy: int) -> None:
    for example in shown((dx, dy)):
        inner = slice(6, -6)
        there = torch.roll(PHOTO, (-dy, -dx), (1, 2))
        assert torch.equal(example.image[:, inner, inner], there[:, inner, inner])


def test_where_no_motion_is_trusted_the_generators_own_picture_is_wanted_but_less() -> None:
    for example in shown((3, 1), 0.0):
        torch.testing.assert_close(example.image, OWN, rtol=0, atol=1e-5)
        assert example.weight.unique().tolist() == pytest.approx([NEW_WEIGHT])


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_what_comes_to_light_has_the_colours_around_it(red: float, blue: float) -> None:
    confidence = np.ones((SIDE, SIDE))
    confidence[14:19, 12:20] = 0
    paler = PHOTO + torch.tensor([red, 0.0, blue])[:, None, None]  # the same face, another camera
    for example in shown((0, 0), confidence, paler):
        torch.testing.assert_close(example.image, PHOTO, rtol=0, atol=0.02)
        hole = torch.from_numpy(confidence == 0)
        assert (example.weight[0][hole] < 0.5).all()
        assert (example.weight[0][~hole] == 1).all()


def test_colours_are_taken_from_nearby_not_from_afar() -> None:
    own, wanted = (np.zeros((64, 64, 3), np.float32) for _ in range(2))
    wanted[:, 32:] = 1
    confidence = np.ones((64, 64, 1), np.float32)
    confidence[28:36, 8:12] = confidence[28:36, 52:56] = 0
    found = matched_colours(own, wanted, confidence)
    assert np.abs(found[30:34, 9:11]).max() < 0.02
    assert np.abs(found[30:34, 53:55] - 1).max() < 0.02


def still(*_: Tensor) -> Motion:
    """Nothing moves."""
    return Motion(np.zeros((SIDE, SIDE, 2)), np.ones((SIDE, SIDE)))


def test_the_moves_are_random_steps_along_the_axes() -> None:
    mover, start = MotionAugmentation(still, lambda ws: OWN, AXES), before_activation(WS)
    near, far = (list(mover(WS, PHOTO, 9, reach)) for reach in (0.1, 0.4))
    moves = torch.stack([before_activation(example.ws) - start for example in far])
    torch.testing.assert_close(moves, moves[:, :1].expand_as(moves), rtol=1e-3, atol=1e-4)
    for less, move in zip(near, moves, strict=True):
        torch.testing.assert_close(less.ws, activation(start + move / 4), rtol=1e-3, atol=1e-4)
    steps = moves[:, 0] @ torch.linalg.pinv(AXES)
    torch.testing.assert_close(steps @ AXES, moves[:, 0], rtol=0, atol=1e-4)
    assert 0.25 < float(steps.std()) < 0.55
    assert torch.equal(next(mover(WS, PHOTO, 1, 0.4)).ws, far[0].ws)  # the same seed


@pytest.fixture(scope="module")
def goal() -> ProjectionTarget:
    """A photo that is similar to the mean face, but no face of the model."""
    torch.manual_seed(0)
    generator = Generator(SHALLOW).eval().requires_grad_(False)
    statistics = w_statistics(generator.mapping, 500)
    face = generator(mean_face(generator)[None])[0].clamp(-1, 1)
    return ProjectionTarget(generator, statistics, 0.5 * (face + PHOTO), pixel_distance)


def mean_face(generator: Generator) -> Tensor:
    return generator.mapping.w_avg.expand(SHALLOW.num_ws, -1)


def mover(goal: ProjectionTarget, seed: int = 0) -> MotionAugmentation:
    """What optical flow sees of the generator's moves."""
    generator = goal.generator

    def draw(ws: Tensor) -> Tensor:
        return generator(ws[None])[0]

    return MotionAugmentation(
        lambda a, b: FlowEstimator(generator, a, generator.config.resolution).to(b),
        draw,
        goal.statistics.axes,
        seed,
    )


def test_who_is_shown_how_the_photo_moves_moves_it_better(goal: ProjectionTarget) -> None:
    ws, options = mean_face(goal.generator), TuneOptions(steps=80, coarse=20, moves=8, every=2)
    others = list(mover(goal, seed=1)(ws, goal.image, 8, options.reach))  # never shown
    wanted, weight = (torch.stack([getattr(o, n) for o in others]) for n in ("image", "weight"))
    seen = weight > 0.9  # where motion leads

    def off(how: MotionAugmentation | None) -> float:
        *_, last = tune(goal, ws, options, list(tuning_samples(goal, ws, options, how)))
        made = apply(goal.generator, last.delta)(torch.stack([other.ws for other in others]))
        return float((seen * (made - wanted).square()).sum() / seen.sum())

    assert off(mover(goal)) < 0.9 * off(None)


def test_photo_and_moves_take_turns_and_the_last_step_is_on_the_photo(
    goal: ProjectionTarget,
) -> None:
    ws, seen = mean_face(goal.generator), list[Tensor]()

    def spy(made: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
        seen.append(wanted[0])
        return pixel_distance(made, wanted, weight)

    spied = ProjectionTarget(goal.generator, goal.statistics, goal.image, spy)
    shown = [example.image for example in mover(goal)(ws, goal.image, 2, 0.4)]
    options = TuneOptions(steps=9, coarse=0, moves=2, every=3)
    found = list(tune(spied, ws, options, list(tuning_samples(goal, ws, options, mover(goal)))))
    on_photo = [torch.equal(wanted, goal.image) for wanted in seen]
    assert on_photo == [True, True, False, True, True, False, True, True, True]
    moves = [wanted for wanted, photo in zip(seen, on_photo, strict=True) if not photo]
    assert all(any(torch.equal(move, one) for one in shown) for move in moves)
    assert not torch.equal(*moves)
    assert found[2].distance == found[1].distance  # the best is that of the photo


def test_without_moves_there_are_no_examples(goal: ProjectionTarget) -> None:
    ws, none = mean_face(goal.generator), TuneOptions(steps=6, coarse=0, moves=0)
    for how in (mover(goal), None):
        assert list(tuning_samples(goal, ws, none, how)) == []
    assert list(tuning_samples(goal, ws, replace(none, steps=0, moves=2), mover(goal))) == []


def test_what_is_no_number_is_no_example(goal: ProjectionTarget) -> None:
    ws, options, flow = mean_face(goal.generator), TuneOptions(moves=4), np.zeros((SIDE, SIDE, 2))
    trusts = iter([np.ones((SIDE, SIDE)) * confidence for confidence in (1, np.nan, 1, np.nan)])
    broken = MotionAugmentation(lambda *_: Motion(flow, next(trusts)), lambda ws: OWN, AXES)
    assert len(list(tuning_samples(goal, ws, options, broken))) == 2


def test_the_best_so_far_is_shown_while_the_moves_are_looked_at(goal: ProjectionTarget) -> None:
    options = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=4, coarse=2, moves=5))
    fits = list(invert(goal, options, Helpers(augmentation=mover(goal))))
    again = [fit for fit in fits if fit.step == 2]
    assert len(again) == 1 + 5
    assert {fit.distance for fit in again} == {again[0].distance}
    assert all(less.done < more.done for less, more in pairwise(fits[-9:]))
    assert fits[-1].done == 1
