"""Dragging in worlds whose latent is a position: arrival, stillness, the best state, the ends."""

from collections.abc import Callable
from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from worlds import Blobs, Waves, coupled, free, free_latent

from drag import LOST, PLAIN, Edit, Options, State, drag
from drag.draggan import DragGAN
from drag.patches import gather
from drag.reference import begin
from drag.sampler import FeatureSampler
from drag.solve import Moments, step

SIZE = 64, 64
DRAGGAN = Options(steps=150, rate=0.1, radius=1.0, search=6.0)
FREEDRAG = replace(DRAGGAN, algorithm="freedrag", anchor=0.5)
BOTH = pytest.mark.parametrize("options", [DRAGGAN, FREEDRAG], ids=["draggan", "freedrag"])
AWAY = (200.0, 200.0)  # a second blob that nobody sees
START, GOAL = (20.0, 20.0), (30.0, 24.0)

Point = tuple[float, float]
place = st.tuples(st.floats(12, 52), st.floats(12, 52))


def run(
    render: Callable[[Tensor], Tensor], latent: Tensor, edit: Edit, options: Options
) -> list[State]:
    return list(drag(render, latent, edit, options))


def to_goal(start: Point = START, goal: Point = GOAL, mask: Tensor | None = None) -> Edit:
    return Edit.between(SIZE, [(start, goal)], mask)


def one_blob(options: Options) -> list[State]:
    return run(Blobs(free), free_latent(START, AWAY), to_goal(), options)


@BOTH
@given(place, place, st.sampled_from([32, 64]))
def test_the_blob_arrives(options: Options, start: Point, goal: Point, cells: int) -> None:
    if abs(start[0] - goal[0]) + abs(start[1] - goal[1]) < 1:
        goal = start[0], 64 - start[0]
    edit, fast = to_goal(start, goal), replace(options, rate=0.2)
    states = run(Blobs(free, cells=cells), free_latent(start, AWAY), edit, fast)
    assert states[-1].end == "arrived"
    there = free(states[-1].latent)[0]
    off = (there - states[-1].handles[0]).norm()
    assert off < (0.1 if options is DRAGGAN else 0.8)  # FreeDrag looks along the line only
    assert (there - torch.tensor(goal)).norm() < 1.01 + off  # `arrive` px


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("goal", [(40.0, 21.0), (12.0, 50.0), (17.0, 18.0)])
def test_steps_after_polyak_know_no_unit_of_the_latent(goal: Point, unit: float) -> None:
    options, world = replace(DRAGGAN, rate=1.0, sized="polyak", anchor=0.5), Blobs(free)
    states = run(
        lambda latent: world(unit * latent),
        free_latent(START, AWAY) / unit,
        to_goal(goal=goal),
        options,
    )
    assert states[-1].end == "arrived"
    assert (free(unit * states[-1].latent)[0] - torch.tensor(goal)).norm() < 1.5
    length = float((torch.tensor(goal) - torch.tensor(START)).norm())
    assert states[-1].step < 2 * length + 5  # a px a step is what is asked for


def test_a_step_after_polyak_is_at_most_twice_the_one_before() -> None:
    options, zero = Options(sized="polyak", rate=1.0), torch.zeros(1)
    gradients, loss = (torch.tensor([2.0]), torch.tensor([0.1]), torch.zeros(1)), torch.tensor(1.0)
    moments, changes = Moments(zero, zero), []
    for gradient in gradients:
        moments, change = step(moments, gradient, loss, options)
        changes.append(float(change))
    assert changes == pytest.approx([0.5, 0.05, 0.0])  # 1 / 4 * 2; not 1 / 0.01, but 2 / 4 * 0.1


def test_handles_that_stand_still_insist_less_on_their_first_looks() -> None:
    options = Options(anchor=0.8, arrive=1.0)
    world, edit = Blobs(free), to_goal()
    features = world(free_latent(START, AWAY))
    sampler = FeatureSampler.of(world, None, features, edit, options)
    method = DragGAN.begin(begin(sampler, torch.zeros(4), features, edit, options), options)
    anchors = [method.anchor]
    for at in (START, (20.9, 20.4), (20.9, 20.4), (20.0, 20.0), (24.0, 22.0)):
        patches = sampler.patches(method.places, world(free_latent(at, AWAY)))
        method = method.track(patches)
        anchors.append(method.anchor)
    assert anchors == pytest.approx([0.8, 0.8, 0.8, 0.4, 0.2, 0.2])


def test_lengths_grow_with_the_picture() -> None:
    options = Options(radius=2.0, search=4.0, arrive=1.0, track_penalty=0.5, rate=0.1)
    twice = options.scaled(2.0)
    assert (twice.radius, twice.search, twice.arrive, twice.track_penalty) == (4.0, 8.0, 2.0, 0.25)
    assert twice.scaled(0.5) == options


@BOTH
@pytest.mark.parametrize("goals", [((30.0, 12.0), (40.0, 52.0)), ((20.0, 9.0), (36.0, 44.0))])
def test_two_blobs_arrive_together(options: Options, goals: tuple[Point, Point]) -> None:
    starts = (14.0, 14.0), (50.0, 50.0)
    edit = Edit.between(SIZE, list(zip(starts, goals, strict=True)))
    states = run(Blobs(free), free_latent(*starts), edit, options)
    assert states[-1].end == "arrived"
    there = free(states[-1].latent)
    off = (there - torch.tensor(goals)).norm(dim=1).max()  # each sees a little of the other
    assert off < (1.5 if options is DRAGGAN else 2.0)


@BOTH
def test_the_mask_holds_the_rest_still(options: Options) -> None:
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[:34, :34] = True
    wander: list[float] = []
    for part in (None, mask):
        states = run(Blobs(coupled), torch.zeros(4), to_goal(mask=part), options)
        assert states[-1].end == "arrived"
        wander.append(max(float((coupled(s.latent)[1] - 44).norm()) for s in states))
    free_to_move, held = wander
    assert free_to_move > 3
    assert held < 1


def in_windows(
    render: Callable[[Tensor], Tensor], latent: Tensor, edit: Edit, options: Options
) -> list[State]:
    """The same drag, that is shown nothing but squares."""
    sizes: set[int] = set()

    def windows(code: Tensor, corners: Tensor, side: int) -> Tensor:
        sizes.add(side)
        return gather(render(code), corners, side)

    states = list(drag(render, latent, edit, options, windows))
    assert len(sizes) == 1
    assert sizes.pop() < 16  # of 32 cells
    return states


@BOTH
def test_windows_follow_a_handle_across_the_picture(options: Options) -> None:
    start, goal = (14.0, 20.0), (50.0, 40.0)  # far beyond the first window
    world = Blobs(free), free_latent(start, AWAY), to_goal(start, goal), options
    whole, windows = run(*world), in_windows(*world)
    assert windows[-1].end == "arrived"
    assert len(whole) == len(windows)
    for a, b in zip(whole, windows, strict=True):
        torch.testing.assert_close(a.handles, b.handles, rtol=0, atol=1e-2)


@BOTH
@pytest.mark.parametrize("count", [0, 2, 6])
def test_the_mask_holds_the_rest_still_in_windows(options: Options, count: int) -> None:
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[:34, :34] = True
    few = replace(options, mask_windows=count)
    world = Blobs(coupled), torch.zeros(4), to_goal(mask=mask), few
    states = in_windows(*world) if count else run(*world)
    assert states[-1].end == "arrived"
    assert max(float((coupled(s.latent)[1] - 44).norm()) for s in states) < 1


@BOTH
def test_the_prior_pulls_back_to_the_start(options: Options) -> None:
    loose, tied = (
        one_blob(replace(options, steps=8, prior_weight=weight))[-1].latent
        for weight in (0.0, 100.0)
    )
    start = free_latent(START, AWAY)
    assert (tied - start).norm() < 0.5 * (loose - start).norm()


@BOTH
def test_the_step_cap_ends_the_drag(options: Options) -> None:
    states = one_blob(replace(options, steps=3))
    assert [state.step for state in states] == [0, 1, 2, 3]
    assert [state.end for state in states] == ["", "", "", "steps"]


@BOTH
def test_a_picture_that_will_not_move_is_stuck(options: Options) -> None:
    picture = Blobs(free)(free_latent(START, AWAY))
    states = run(
        lambda latent: picture + 0 * latent.sum(),
        torch.zeros(4),
        to_goal(),
        replace(options, patience=7),
    )
    nearest = min(float(state.distances) for state in states[:-1])
    better = next(s for s in states if float(s.distances) < nearest + 0.01)  # px that count
    assert (states[-1].end, states[-1].step - better.step) == ("stuck", 7)
    assert better.step < 8
    assert {state.end for state in states[:-1]} == {""}


@BOTH
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_picture_of_nans_has_diverged_and_the_best_state_stays(
    options: Options, broken: float
) -> None:
    calls = 0

    def render(latent: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return Blobs(free)(latent) * (broken if calls > 6 else 1.0)

    states = run(render, free_latent(START, AWAY), to_goal(), options)
    assert states[-1].end == "diverged"
    assert states[-1].latent.isfinite().all()
    assert states[-1].distances.mean() == min(s.distances.mean() for s in states)


@BOTH
def test_the_last_state_is_the_best_seen(options: Options) -> None:
    calls = 0

    def render(latent: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        push = -6.0 if calls > 10 else 0.0  # then something throws the blob back
        return Blobs(lambda code: free(code) + push)(latent)

    states = run(render, free_latent(START, AWAY), to_goal(), replace(options, steps=12))
    best = min(states[:-1], key=lambda state: float(state.distances.mean()))
    assert (states[-1].end, states[-1].step) == ("steps", 12)
    assert best.step < 11
    assert torch.equal(states[-1].latent, best.latent)
    assert torch.equal(states[-1].handles, best.handles)


@BOTH
def test_each_state_says_how_far_and_how_sure(options: Options) -> None:
    for state in one_blob(options):
        assert state.distances == pytest.approx(float((torch.tensor(GOAL) - state.handles).norm()))
        assert 0.8 < state.confidence <= 1
        assert not state.latent.requires_grad


@BOTH
def test_a_vanished_handle_is_not_trusted(options: Options) -> None:
    def render(latent: Tensor) -> Tensor:
        seen = torch.is_grad_enabled()  # the picture before the drag is rendered without gradients
        return Blobs(free)(latent) * (0.0 if seen else 1.0)

    states = run(render, free_latent(START, AWAY), to_goal(), replace(options, steps=2))
    assert [float(state.confidence) for state in states[1:-1]] == [0.0]


@BOTH
def test_the_same_drag_twice_is_the_same(options: Options) -> None:
    first, again = one_blob(options), one_blob(options)
    assert len(first) == len(again)
    for a, b in zip(first, again, strict=True):
        for name in (field.name for field in fields(State) if field.name != "moments"):
            x, y = getattr(a, name), getattr(b, name)
            assert torch.equal(x, y) if isinstance(x, Tensor) else x == y, name


@BOTH
def test_the_given_latent_is_not_changed(options: Options) -> None:
    latent = free_latent(START, AWAY)
    before = latent.clone()
    states = run(Blobs(free), latent, to_goal(), options)
    assert torch.equal(latent, before)
    assert not latent.requires_grad
    assert torch.equal(states[0].latent, before)


@BOTH
def test_a_place_that_looks_like_no_other_has_texture(options: Options) -> None:
    first, *_ = one_blob(options)
    assert 0.9 < first.texture <= 1


@BOTH
def test_many_points_of_a_moving_picture_arrive(options: Options) -> None:
    line = torch.arange(12.0, 50.0, 12.0)
    handles = torch.cartesian_prod(line, line)
    edit = Edit(SIZE, handles, handles + torch.tensor([6.0, -4.0]))
    *_, last = run(Waves(), torch.zeros(2), edit, options)
    assert last.end == "arrived"
    assert last.distances.max() <= 2  # `arrive`, twice that with many points
    assert (6.4 * last.latent - torch.tensor([6.0, -4.0])).norm() < 2
    assert last.confidence.min() > LOST
    assert last.texture.min() > PLAIN


@BOTH
def test_a_place_that_shows_nothing_is_a_lost_cause_that_can_be_told(options: Options) -> None:
    edit = Edit.between(SIZE, [((12.0, 30.0), (12.0, 40.0)), ((48.0, 30.0), (48.0, 40.0))])
    states = run(Waves(flat=30.0), torch.zeros(2), edit, replace(options, steps=20))
    assert states[-1].end
    for state in states:
        plain, rich = state.texture
        assert plain == 0
        assert rich > PLAIN
        assert state.latent.isfinite().all()


@BOTH
def test_a_picture_without_anything_does_not_move(options: Options) -> None:
    states = run(
        lambda code: torch.zeros(3, 32, 32) * code.sum(), torch.ones(2), to_goal(), options
    )
    assert torch.equal(states[-1].latent, torch.ones(2))
    assert states[-1].texture == 0


def test_steps_of_one_size_take_the_shortest_way() -> None:
    def strong_and_weak(latent: Tensor) -> Tensor:
        across = 6.4 * (latent[0] + latent[1] / 20)
        return torch.stack([torch.stack([START[0] + across, across * 0 + START[1]])] * 2)

    ends: dict[str, Tensor] = {}
    for sized in ("each", "norm"):
        options = replace(DRAGGAN, sized=sized)
        *_, last = run(Blobs(strong_and_weak), torch.zeros(2), to_goal(goal=(28.0, 20.0)), options)
        assert last.end == "arrived"
        ends[sized] = last.latent.abs()
    assert ends["each"][1] > 0.9 * ends["each"][0]  # as far, for a twentieth of the motion
    assert ends["norm"][1] < 0.1 * ends["norm"][0]
