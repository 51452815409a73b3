"""FreeDrag's rules one by one: templates that adapt, aims that advance, wait and step back."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from worlds import Blobs, Waves, free, free_latent, near

from drag import Edit, Options, State, drag
from drag.freedrag import INNER_STEPS, FreeDrag, _update_rate
from drag.reference import begin
from drag.sampler import FeatureSampler

SIZE = 64, 64
AWAY = (200.0, 200.0)  # a second blob that nobody sees
OPTIONS = Options(algorithm="freedrag", steps=60, rate=0.1, radius=1.0, search=8.0)
REACH = 11.0  # px around a point that is read
STRIDE = 2.0  # px: a quarter of `search`


def still() -> Tensor:
    return Waves()(torch.zeros(2))


def moved(px: float) -> Tensor:
    """The picture, all of it further right."""
    return Waves()(torch.tensor([px / 6.4, 0.0]))


def freedrag(options: Options = OPTIONS, features: Tensor | None = None) -> FreeDrag:
    """20 px to the right, and 1 px to the right."""
    pairs = [((20.0, 30.0), (40.0, 30.0)), ((40.0, 44.0), (41.0, 44.0))]
    seen, edit = still() if features is None else features, Edit.between(SIZE, pairs)
    view = FeatureSampler.of(lambda _: seen, None, seen, edit, options)
    return FreeDrag.begin(begin(view, torch.zeros(2), seen, edit, options), options)


def track(before: FreeDrag, features: Tensor) -> FreeDrag:
    return before.track(near(features, before.places, SIZE, REACH))


def test_the_handles_start_where_they_are_and_the_aims_ahead_but_not_beyond() -> None:
    first = freedrag()
    assert torch.equal(first.handles, first.reference.handles)
    assert first.confidence.tolist() == [1, 1]
    assert 0 < first.positions[0] <= STRIDE
    assert 0 < first.positions[1] <= 1


def test_the_template_takes_over_a_half_and_a_tenth() -> None:
    shares = _update_rate(torch.tensor([0.2, 0.8]) * 3, torch.tensor(3.0).expand(2))
    assert shares.tolist() == pytest.approx([0.5, 0.1])


def test_an_aim_that_is_reached_gives_way_to_the_next() -> None:
    first = freedrag()
    then = track(first, moved(float(first.positions[0])))
    assert first.positions[0] < then.positions[0] <= first.positions[0] + STRIDE
    torch.testing.assert_close(
        then.handles[0, 0], 20 + first.positions[0], rtol=0, atol=0.3
    )  # seen where the picture is
    assert then.positions[1] <= 1


def test_an_aim_that_comes_no_nearer_is_kept_for_a_while_and_then_taken_back() -> None:
    behind = freedrag()
    ahead = float(behind.positions[0])
    for _ in range(INNER_STEPS - 1):
        behind = track(behind, moved(-1.5))
        assert behind.positions[0] == ahead
    assert track(behind, moved(-1.5)).positions[0] < ahead


def test_an_aim_that_comes_a_little_nearer_waits() -> None:
    waiting = freedrag()
    ahead = float(waiting.positions[0])
    for _ in range(INNER_STEPS):
        waiting = track(waiting, moved(0.05 * ahead))
        assert waiting.positions[0] == ahead
    assert waiting.count[0] == 0  # it has been judged


def test_a_template_does_not_take_over_what_is_quite_different() -> None:
    first, other = freedrag(), Waves()(torch.tensor([4.0, -3.0]))
    for _ in range(INNER_STEPS):
        first = track(first, other)
    torch.testing.assert_close(first.templates, first.reference.templates, rtol=0, atol=0.05)


def test_the_scale_of_the_features_does_not_matter() -> None:
    plain, large = freedrag(), freedrag(features=100 * still())
    for _ in range(INNER_STEPS):
        plain, large = track(plain, moved(1.0)), track(large, 100 * moved(1.0))
        torch.testing.assert_close(large.positions, plain.positions)
        torch.testing.assert_close(large.handles, plain.handles, rtol=0, atol=1e-2)


def test_the_pull_is_the_difference_at_the_aims_and_has_a_gradient_there() -> None:
    first, features = freedrag(), still().requires_grad_()
    loss = first.loss(near(features, first.places, SIZE, REACH))
    (gradient,) = torch.autograd.grad(loss, features)
    assert loss > 0
    there = gradient.abs().sum(0).nonzero().float() * 2 + 0.5  # px of the cells, (y, x)
    assert torch.cdist(there, first.places.flip(1)).amin(1).max() < 5
    anchored = freedrag(replace(OPTIONS, anchor=1.0))
    assert (
        anchored.loss(near(features, anchored.places, SIZE, REACH)) == loss
    )  # at the start the template is what was seen first


def test_a_long_way_is_gone_in_moves_and_the_blob_arrives() -> None:
    start, goal = (20.0, 20.0), (34.0, 28.0)
    edit = Edit.between(SIZE, [(start, goal)])
    options = replace(OPTIONS, anchor=0.5)
    states: list[State] = list(drag(Blobs(free), free_latent(start, AWAY), edit, options))
    assert states[-1].end == "arrived"
    assert (free(states[-1].latent)[0] - torch.tensor(goal)).norm() < 1.2
    assert len(states) < 50
