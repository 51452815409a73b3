"""A simulation of the app: one front, one line before so many replicas, and visitors who think.

A call takes the front's processor for the first half of its time there, waits in the line, has a
replica to itself while it is worked on, takes the front for the other half, and then some time in
which nobody waits for it. The front serves who came first; in the line people take turns as in
ui/line.py, each with an address of its own. Each time is drawn from samples.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import simpy
from jaxtyping import Float

from .visits import Visit

Samples = Sequence[float]


@dataclass(frozen=True)
class Call:
    """What calls of a kind take, as samples in s.

    Args:
        replica: work.
        front: of a processor of the front.
        delay: what else passes until the answer is there.
    """

    replica: Samples
    front: Samples = (0.0,)
    delay: Samples = (0.0,)


@dataclass(frozen=True)
class Site:
    """How many calls are worked on at once, and how many the front takes care of at once."""

    replicas: int
    front: int = 1


@dataclass(frozen=True)
class Outcome:
    """What all calls got, in the order of their ends.

    Args:
        begun: when each asked, s.
        waits: in the line, s.
        seconds: from asking to the answer.
        busy: the share of the replicas' time in which they worked, until the last answer.
        front: likewise of the front's.
        there: visitors at once, on average.
    """

    begun: Float[np.ndarray, " n"]
    waits: Float[np.ndarray, " n"]
    seconds: Float[np.ndarray, " n"]
    busy: float
    front: float
    there: float

    def percentile(self, share: float, since: float = 0.0) -> float:
        """Of the seconds of all calls that began after ``since``."""
        return float(np.percentile(self.seconds[self.begun >= since], share))


class Turns:
    """The line: next is who was served longest ago; new ones take turns with those.

    What ui/line.py does beside this, limits and tabs of one address, is left out.
    """

    def __init__(self, world: simpy.Environment, places: int) -> None:
        self._world, self._free = world, places
        self._waiting: list[tuple[int, int, simpy.Event]] = []  # who, number, their call
        self._served: dict[int, int] = {}
        self._numbers, self._new_first = count(1), True

    def join(self, who: int) -> simpy.Event:
        """What happens when it is their turn."""
        called = self._world.event()
        self._waiting.append((who, next(self._numbers), called))
        self._call()
        return called

    def leave(self) -> None:
        """Somebody's work is done."""
        self._free += 1
        self._call()

    def _call(self) -> None:
        if self._waiting and self._free:
            ticket = min(self._waiting, key=self._rank)
            self._waiting.remove(ticket)
            self._free -= 1
            who, _, called = ticket
            others = any(each in self._served for each, *_ in self._waiting)
            self._new_first = not others or who in self._served
            self._served[who] = next(self._numbers)
            called.succeed()

    def _rank(self, ticket: tuple[int, int, simpy.Event]) -> tuple[bool, int, int]:
        who, number, _ = ticket
        return (who not in self._served) != self._new_first, self._served.get(who, 0), number


class _Simulation:
    """One run; times that were worked add up in ``worked`` and ``fronted``."""

    def __init__(self, calls: Sequence[Call], site: Site, seed: int) -> None:
        self.calls, self.dice = calls, np.random.default_rng(seed)
        self.world = simpy.Environment()
        self.front = simpy.Resource(self.world, site.front)
        self.line = Turns(self.world, site.replicas)
        self.worked, self.fronted, self.stayed = 0.0, 0.0, 0.0
        self.answers: list[tuple[float, float, float]] = []

    def visit(self, who: int, visit: Visit) -> Generator[Any, Any, None]:
        """Somebody comes, and calls again and again; the last kind of calls as often as it takes.

        A visit is as long as the calls and the thinking.
        """
        yield self.world.timeout(visit.at)
        for number, think in enumerate(visit.thinks):
            yield self.world.timeout(think)
            yield from self.call(who, self.calls[min(number, len(self.calls) - 1)])
        self.stayed += self.world.now - visit.at

    def call(self, who: int, call: Call) -> Generator[Any, Any, None]:
        """One answer."""
        begun, front = self.world.now, self.drawn(call.front) / 2
        yield from self.served(front)
        asked = self.world.now
        yield self.line.join(who)
        wait, work = self.world.now - asked, self.drawn(call.replica)
        self.worked += work
        yield self.world.timeout(work)
        self.line.leave()
        yield from self.served(front)
        yield self.world.timeout(self.drawn(call.delay))
        self.answers.append((begun, wait, self.world.now - begun))

    def served(self, seconds: float) -> Generator[Any, Any, None]:
        """By the front."""
        if seconds:
            with self.front.request() as place:
                yield place
                self.fronted += seconds
                yield self.world.timeout(seconds)

    def drawn(self, samples: Samples) -> float:
        """One of them."""
        return samples[int(self.dice.random() * len(samples))]


def simulated(visits: Sequence[Visit], calls: Sequence[Call], site: Site, seed: int = 0) -> Outcome:
    """What the visitors get. Their first call is of the first kind, and so on."""
    run = _Simulation(calls, site, seed)
    for who, visit in enumerate(visits):
        run.world.process(run.visit(who, visit))
    run.world.run()
    begun, waits, seconds = np.array(run.answers).T
    took = run.world.now
    shares = run.worked / took / site.replicas, run.fronted / took / site.front
    return Outcome(begun, waits, seconds, *shares, run.stayed / took)
