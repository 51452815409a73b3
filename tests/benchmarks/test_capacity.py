"""The simulation of many visitors against what is known of queues, and what is learnt from runs."""

import math
from typing import Any

import numpy as np
import pytest

from benchmarks.time import capacity
from benchmarks.time.queue_model import Call, Outcome, Site, simulated
from benchmarks.time.visits import Visit, at_once, poisson

MEAN = 1.0  # s of work


def strangers(per_second: float, calls: int) -> list[Visit]:
    """Each of them asks once."""
    return poisson(60 * per_second, calls / per_second / 60, 0.0, 1, seed=1)


def exponential() -> Call:
    return Call(tuple(np.random.default_rng(2).exponential(MEAN, 50_000).tolist()))


def erlang_c(load: float, servers: int) -> float:
    """The chance to have to wait."""
    full = load**servers / math.factorial(servers) * servers / (servers - load)
    return full / (sum(load**k / math.factorial(k) for k in range(servers)) + full)


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (3, 0.7), (8, 0.7)])
def test_waits_are_those_of_erlang(servers: int, busy: float) -> None:
    load = servers * busy
    outcome = simulated(strangers(load / MEAN, 100_000), [exponential()], Site(servers))
    known = erlang_c(load, servers) * MEAN / (servers - load)
    assert outcome.waits.mean() == pytest.approx(known, rel=0.05)
    assert outcome.busy == pytest.approx(busy, rel=0.02)
    assert (outcome.waits > 0).mean() == pytest.approx(erlang_c(load, servers), rel=0.05)


def test_steady_work_waits_half_as_long() -> None:
    """Pollaczek and Khinchine: without variance the wait is half that of exponential work."""
    outcome = simulated(strangers(0.7 / MEAN, 100_000), [Call((MEAN,))], Site(1))
    assert outcome.waits.mean() == pytest.approx(0.7 * MEAN / 2 / 0.3, rel=0.05)


def same(one: Outcome, other: Outcome) -> bool:
    return np.array_equal(one.seconds, other.seconds)


def test_a_seed_tells_all() -> None:
    visits, calls = poisson(60, 2, 1.0, 3, seed=5), [exponential()]
    assert same(simulated(visits, calls, Site(2), 4), simulated(visits, calls, Site(2), 4))
    assert not same(simulated(visits, calls, Site(2), 4), simulated(visits, calls, Site(2), 5))
    assert visits == poisson(60, 2, 1.0, 3, seed=5)
    assert visits != poisson(60, 2, 1.0, 3, seed=6)


def test_who_comes_at_once_waits_for_each_other() -> None:
    outcome = simulated(at_once(3, 1), [Call((2.0,), delay=(0.5,))], Site(1))
    assert outcome.waits.tolist() == [0.0, 2.0, 4.0]
    assert outcome.seconds.tolist() == [2.5, 4.5, 6.5]
    assert outcome.busy == pytest.approx(6 / 6.5)
    assert outcome.there == pytest.approx((2.5 + 4.5 + 6.5) / 6.5)


def test_people_take_turns_and_new_ones_with_those_who_were_there() -> None:
    """Each is worked on for 2 s; the first two come again, the others are new when they come."""
    first, second = Visit(0.0, (0.0, 1.0)), Visit(1.0, (0.0, 0.5))
    new = [Visit(at, (0.0,)) for at in (3.5, 5.0, 9.0)]
    outcome = simulated([first, second, *new], [Call((2.0,))], Site(1))
    assert outcome.begun.tolist() == [0.0, 1.0, 3.5, 3.0, 5.0, 4.5, 9.0]
    assert (outcome.begun + outcome.seconds).tolist() == [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]


def test_replicas_do_not_help_where_the_front_is_full() -> None:
    calls = [Call((0.1,), front=(1.0,))]
    few, many = (simulated(at_once(20, 5), calls, Site(n)) for n in (1, 50))
    assert few.front > 0.98
    assert many.seconds.mean() == pytest.approx(few.seconds.mean(), rel=0.02)
    two = simulated(at_once(20, 5), calls, Site(50, front=2))
    assert two.seconds.mean() == pytest.approx(many.seconds.mean() / 2, rel=0.05)


def test_visitors_fit_once_then_drag_after_thinking() -> None:
    calls = [Call((1.0,)), Call((3.0,))]
    outcome = simulated([Visit(5.0, (0.0, 2.0, 4.0))], calls, Site(1))
    assert outcome.begun.tolist() == [5.0, 8.0, 15.0]
    assert outcome.seconds.tolist() == [1.0, 3.0, 3.0]


def test_people_come_and_think_as_they_are_asked_to() -> None:
    visits = poisson(30, 200, 4.0, 3)
    gaps = np.diff([visit.at for visit in visits])
    assert len(visits) == pytest.approx(6000, rel=0.03)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)
    assert np.mean([visit.thinks[1:] for visit in visits]) == pytest.approx(4.0, rel=0.03)
    assert {visit.thinks[0] for visit in visits} == {0.0}


def run(visits: list[Visit], call: Call, replicas: int, **how: Any) -> dict[str, Any]:
    """What load.py would write, had it met the simulation; all at once it is asked two times."""
    outcome = simulated(visits, [call], Site(replicas))
    pairs = zip(outcome.begun, outcome.seconds, strict=True)
    told = [
        {"how": "right", "begun": begun, "seconds": seconds, "visitor": number}
        for number, (begun, seconds) in enumerate(pairs)
    ]
    told *= 1 if how else 2
    seconds = float((outcome.begun + outcome.seconds).max())
    work = 0.05 * seconds + call.front[0] * len(told)
    busy = outcome.busy * 0.2 / call.replica[0]
    row = {"answers": told, "seconds": seconds, "idle": 0.05, "work": work, "busy": busy}
    return {"seconds": 0.2, "places": replicas, "arrivals": None, "each": [row]} | how


def test_costs_are_found_in_runs() -> None:
    call = Call((0.22,), (0.03,), (0.04,))
    few = run(strangers(0.2, 100), call, 1, arrivals=12.0)
    full = run(at_once(20, 20), call, 2)
    costs = capacity.calibrated([few, full])
    assert costs.front == pytest.approx(0.03)
    assert costs.place == pytest.approx(0.02, abs=1e-3)
    np.testing.assert_allclose(costs.delay, 0.04, atol=1e-3)
    again = costs.of([0.2])
    assert (again.replica[0], again.front[0]) == pytest.approx((0.22, 0.03), abs=1e-3)


def test_a_run_is_told_by_its_own_costs() -> None:
    call = Call((0.22,), (0.03,), (0.04,))
    few = run(strangers(0.2, 100), call, 1, arrivals=12.0)
    costs = capacity.calibrated([few, run(at_once(20, 20), call, 2)])
    how = {"arrivals": 480.0, "minutes": 1.0, "think": 0.0, "calls": 1}
    rows = capacity.compared(run(strangers(8.0, 480), call, 2, **how), costs)
    for row in rows:
        assert row["same visitors"] == pytest.approx(row["measured"], rel=0.03)


def test_only_calls_without_another_count_as_alone() -> None:
    told = [(0.0, 1.0), (2.0, 5.0), (3.0, 1.0), (8.0, 0.5), (9.0, 1.0), (9.5, 1.0)]
    answers = [{"how": "right", "begun": begun, "seconds": took} for begun, took in told]
    assert capacity.alone({"each": [{"answers": answers}]}) == pytest.approx([1.0, 0.5])


def test_a_run_tells_who_came_and_how_long_they_thought() -> None:
    told = [(0, 1.0, 0.5), (1, 1.2, 1.0), (0, 3.5, 0.5), (0, 4.0, 1.0)]
    answers = [{"visitor": who, "begun": begun, "seconds": took} for who, begun, took in told]
    visits = capacity.traced({"each": [{"answers": answers}]})
    assert visits == [Visit(1.0, (0.0, 2.0, 0.0)), Visit(1.2, (0.0,))]
