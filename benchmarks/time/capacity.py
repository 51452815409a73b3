"""How many replicas so many visitors need, by a simulation that measured runs have proved.

    python -m benchmarks.time.load --workers 1 --seconds 0.2 --arrivals 24 --minutes 2 \
        --think 2 --json low.json
    python -m benchmarks.time.load --workers 1 --seconds 0.2 --visitors 20 --calls 5 \
        --json full.json
    python -m benchmarks.time.load --workers 2 --seconds 0.2 --arrivals 130 --minutes 1.5 \
        --think 2 --json other.json
    OMP_NUM_THREADS=1 python -m benchmarks.time.edit_times --json times.json
    python -m benchmarks.time.capacity --calibrate low.json full.json --against other.json \
        --times times.json

The model is queue_model.py. From the first runs it takes what the front costs a call (its CPU
without what it uses while nobody is there), what a call holds a place at work beside its pause
(where all ask at once), and what passes besides (of calls that were alone). ``--against``: a run
that none of this was taken from. "Same visitors" come and think as those of that run did, so that
only the model is compared; "other visitors" are drawn from its rate: how much such a run differs by
chance.

What is assumed:

- Visitors come independently (Poisson) within the hour, fit a photo, then drag ``--calls`` - 1
  times, and think ``--think`` s before each drag (exponential). None gives up or is refused.
- A replica does one piece of work at a time, on one core, as edit_times.py found on this machine.
  It needs no time to start, and there is no scaling: so many are there the whole hour.
- ``--gpu``: a replica with a GPU that takes so many s for a fit or a drag. Nobody measured it.
- The front is one process, which Python's lock keeps to about one core. It takes what load.py found
  for the stub's calls and what edit_times.py found for an edit of a small photo. A page's many
  small requests (opening it, frames while a drag goes on) are not in it, larger photos take longer.
  Where one core would be busy more than 80 %, there are more: as many fronts, or work without lock.
- Each visitor has an address of their own. All was measured on one machine, which they share.
- Prices are examples: ``--price`` and ``--gpu-price``, $ an hour of a replica; the front is free.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..tables import table
from .queue_model import Call, Outcome, Site, simulated
from .visits import Visit, poisson

Run = Mapping[str, Any]
BAR = 5.0  # s: 95 % of all answers come within
HOUR, WARM = 60.0, 10.0  # minutes that count, and those before
SEEDS = 20
FRONT_BUSY = 0.8  # of its cores' time at most
ALONE = 10  # calls at least, to learn from
HOURS = (1_000, 10_000)  # visitors


@dataclass(frozen=True)
class Costs:
    """What a call takes beside the work itself, s: the front's CPU, a place at work, the rest."""

    front: float
    place: float
    delay: tuple[float, ...]

    def of(self, work: Sequence[float], front: Sequence[float] = (0.0,)) -> Call:
        """Calls with this work."""
        return Call(
            tuple(each + self.place for each in work),
            tuple(each + self.front for each in front),
            self.delay,
        )


def answers(run: Run) -> list[Mapping[str, Any]]:
    """Those of a run that were right."""
    return [answer for answer in run["each"][0]["answers"] if answer["how"] == "right"]


def calibrated(runs: Sequence[Run]) -> Costs:
    """The costs that runs show: some with few visitors, and perhaps some where all ask at once."""
    few = [run for run in runs if run["arrivals"]]
    held = [holding(run) - run["seconds"] for run in runs if not run["arrivals"]]
    place = max(0.0, float(np.mean(held))) if held else 0.0
    rows = [run["each"][0] for run in few]
    calls = sum(len(row["answers"]) for row in rows)
    front = sum(row["work"] - row["idle"] * row["seconds"] for row in rows) / calls
    delay = tuple(
        max(0.0, each - run["seconds"] - place - front) for run in few for each in alone(run)
    )
    assert len(delay) >= ALONE, "too few calls were alone: let fewer visitors come"
    return Costs(front, place, delay)


def holding(run: Run) -> float:
    """How long a call holds its place, where there is always another: from the first batch."""
    first = answers(run)[: len(answers(run)) // 2]
    ends = np.sort([answer["begun"] + answer["seconds"] for answer in first])
    steady = ends[len(ends) // 10 : -max(1, len(ends) // 5)]  # before some have all they want
    return float(steady[-1] - steady[0]) / (len(steady) - 1) * run["places"]


def alone(run: Run) -> list[float]:
    """The seconds of calls during which there was no other."""
    spans = sorted((a["begun"], a["begun"] + a["seconds"]) for a in answers(run))
    edges = [(-math.inf, -math.inf), *spans, (math.inf, math.inf)]
    last = np.maximum.accumulate([end for _, end in edges])
    return [
        end - begun
        for number, (begun, end) in enumerate(spans, 1)
        if last[number - 1] < begun and end < edges[number + 1][0]
    ]


def traced(run: Run) -> list[Visit]:
    """When the visitors of a run came, and how long they thought."""
    calls: dict[int, list[Mapping[str, Any]]] = {}
    for answer in run["each"][0]["answers"]:
        calls.setdefault(answer["visitor"], []).append(answer)
    visits: list[Visit] = []
    for mine in calls.values():
        mine.sort(key=lambda answer: answer["begun"])
        ends = [answer["begun"] + answer["seconds"] for answer in mine]
        pairs = zip(mine[1:], ends, strict=False)
        thinks = (max(0.0, answer["begun"] - end) for answer, end in pairs)
        visits.append(Visit(mine[0]["begun"], (0.0, *thinks)))
    return visits


def compared(run: Run, costs: Costs) -> list[dict[str, object]]:
    """What was measured, and what is simulated for the same visitors and for others."""
    calls, site = [costs.of([run["seconds"]])], Site(run["places"])
    rate = (run["arrivals"], run["minutes"], run["think"], run["calls"])
    same = [simulated(traced(run), calls, site, seed) for seed in range(SEEDS)]
    other = [simulated(poisson(*rate, seed), calls, site, seed) for seed in range(1, SEEDS + 1)]
    took = [answer["seconds"] for answer in answers(run)]
    rows: list[dict[str, object]] = []
    for share in (50, 95):
        real = float(np.percentile(took, share))
        told = float(np.mean([each.percentile(share) for each in same]))
        low, high = np.percentile([each.percentile(share) for each in other], (5, 95))
        rows.append(
            {
                "": f"p{share} s", "measured": real, "same visitors": told,
                "difference": f"{100 * (told / real - 1):+.0f} %",
                "90 % of runs of other visitors": f"{low:.2f} to {high:.2f}",
            }
        )  # fmt: skip
    busy = float(np.mean([each.busy for each in same])) * run["seconds"] / calls[0].replica[0]
    rows.append(
        {"": "busy", "measured": float(run["each"][0]["busy"]), "same visitors": busy,
         "difference": f"{100 * (busy / run['each'][0]['busy'] - 1):+.0f} %",
         "90 % of runs of other visitors": ""}
    )  # fmt: skip
    return rows


def mean(calls: Sequence[Call], count: int, part: Literal["front", "replica"]) -> float:
    """What so many calls of a visitor take there on average, s each."""
    each = [float(np.mean(getattr(call, part))) for call in calls]
    return float(np.mean([each[min(number, len(each) - 1)] for number in range(count)]))


def enough(visitors: int, calls: Sequence[Call], how: argparse.Namespace) -> tuple[Site, Outcome]:
    """The fewest replicas with which 95 % of the answers come in time."""
    rate = visitors * how.calls / 3600  # calls/s
    visits = poisson(visitors / 60, WARM + HOUR, how.think, how.calls, how.seed)
    front = math.ceil(rate * mean(calls, how.calls, "front") / FRONT_BUSY)
    for replicas in count(math.ceil(rate * mean(calls, how.calls, "replica"))):
        site = Site(replicas, front)
        outcome = simulated(visits, calls, site, how.seed)
        if outcome.percentile(95, 60 * WARM) <= BAR:
            return site, outcome
    raise AssertionError("count does not end")


def needed(
    kinds: Mapping[str, tuple[Sequence[Call], float]], how: argparse.Namespace
) -> list[dict[str, object]]:
    """A row for each kind of replica and number of visitors."""
    rows: list[dict[str, object]] = []
    for (kind, (calls, price)), visitors in product(kinds.items(), HOURS):
        site, outcome = enough(visitors, calls, how)
        p50, p95 = (outcome.percentile(share, 60 * WARM) for share in (50, 95))
        rows.append(
            {
                "replica": kind, "visitors an hour": visitors,
                "there at once": round(outcome.there), "replicas": site.replicas,
                "p50 s": p50, "p95 s": p95, "busy": f"{outcome.busy:.0%}",
                "front's cores": site.front, "busy there": f"{outcome.front:.0%}",
                "$ per 1000 edits": 1000 * site.replicas * price / (visitors * how.calls),
            }
        )  # fmt: skip
    return rows


def bottleneck(calls: Sequence[Call], how: argparse.Namespace) -> dict[str, object]:
    """Where one core of the front is what others wait for."""
    front, replica = (mean(calls, how.calls, part) for part in ("front", "replica"))
    return {
        "front ms a call": 1000 * front, "calls/s at most": 1 / front,
        "visitors an hour at most": round(3600 / front / how.calls),
        "as many replicas keep up": replica / front,
    }  # fmt: skip


def kinds_of(how: argparse.Namespace, costs: Costs) -> dict[str, tuple[Sequence[Call], float]]:
    """The calls of a visit and the price, for each kind of replica."""
    times = json.loads(how.times.read_text())["each"]
    core = [costs.of(times[kind]["replica"], times[kind]["front"]) for kind in ("fit", "drag")]
    gpu = [costs.of([how.gpu], times[kind]["front"]) for kind in ("fit", "drag")]
    return {"a core, as measured": (core, how.price), "a GPU, assumed": (gpu, how.gpu_price)}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calibrate", type=Path, nargs="+", required=True)
    parser.add_argument("--against", type=Path, nargs="*", default=[])
    parser.add_argument("--times", type=Path, help="of edit_times.py: extrapolate with them")
    parser.add_argument("--calls", type=int, default=6, help="of a visitor: a fit, then drags")
    parser.add_argument("--think", type=float, default=15.0, help="s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gpu", type=float, default=0.15, help="s of a fit or drag on one")
    parser.add_argument("--price", type=float, default=0.05, help="$ per core and hour")
    parser.add_argument("--gpu-price", type=float, default=1.0, help="$ per GPU and hour")
    how = parser.parse_args()
    costs = calibrated([json.loads(file.read_text()) for file in how.calibrate])
    print(
        f"A call: {1000 * costs.front:.0f} ms of the front, {1000 * costs.place:.0f} ms of a place "
        f"beside its work, {1000 * float(np.mean(costs.delay)):.0f} ms besides.\n"
    )
    for file in how.against:
        print(f"{file.name}\n")
        table(compared(json.loads(file.read_text()), costs))
        print()
    if how.times:
        kinds = kinds_of(how, costs)
        print(f"{how.calls} edits a visitor, {how.think:g} s of thinking; 95 % within {BAR:g} s\n")
        table(needed(kinds, how))
        print()
        stub = {"calls": "the stub's", **bottleneck([costs.of([1.0])], how)}
        table([stub, {"calls": "edits", **bottleneck(kinds["a core, as measured"][0], how)}])


if __name__ == "__main__":
    main()
