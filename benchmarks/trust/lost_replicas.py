"""A replica is killed in mid-drag, again and again: does the visitor's session go on?

    python -m benchmarks.trust.lost_replicas --runs 20

``python -m serve`` with two replicas that drag, on this machine; a visitor's tab drags the nose of
the face that the page opens with. After some steps the replica that works gets SIGKILL. Printed:
in how many runs the drag came to its end, and undo worked afterwards; the longest silence after
the kill, and seconds from the kill to the result, median and most.
"""

import argparse
import asyncio
import os
import re
import signal
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import monotonic, sleep

from ..tables import table, write
from ..visitors import Lost, Plan, Refused, Visitor, serving

REPLICA = re.compile(rb"ServeReplica:\w+:draggers", re.IGNORECASE)
NOSE = {"drags": [[256, 322, 300, 306]], "marks": [[9, 9], [19, 9], [14, 19]]}
AFTER = 8  # messages of a drag
ENDED = re.compile("Arrived|Done|as far as it goes|steps are done")
LOOK = 0.05  # s in which the replica that works shows itself


def replicas() -> dict[int, int]:
    """Those that drag by their process, and how long each has worked, in ticks of its clock."""
    found = dict[int, int]()
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and REPLICA.search((folder / "cmdline").read_bytes()):
                words = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(folder.name)] = int(words[11]) + int(words[12])
        except OSError:  # it is gone
            continue
    return found


def killed() -> None:
    """The one that works is no more."""
    before = replicas()
    sleep(LOOK)
    after = replicas()
    os.kill(
        max(before.keys() & after.keys(), key=lambda pid: after[pid] - before[pid]), signal.SIGKILL
    )


def killer(times: list[float]) -> Callable[[], None]:
    """Kills after some messages; ``times`` are that of the kill, and of each message after it."""
    count = 0

    def told() -> None:
        nonlocal count
        count += 1
        if count == AFTER:
            killed()
        if count >= AFTER:
            times.append(monotonic())

    return told


async def run(visitor: Visitor) -> tuple[bool, float, float]:
    """(whether the session went on, s of the longest silence, s until the result)."""
    times = list[float]()
    visitor.shown["canvas"] = {**visitor.shown["canvas"], **NOSE}
    try:
        await visitor.press("drag", told=killer(times))
        went = bool(ENDED.search(str(visitor.shown["status"])))
        await visitor.press("undo")
    except (Refused, Lost) as error:
        print(f"{type(error).__name__}: {error}")
        return False, float("inf"), float("inf")
    silence = max(after - before for before, after in pairwise(times))
    return went and len(times) > 1, silence, times[-1] - times[0]


async def visit(visitor: Visitor, runs: int) -> list[tuple[bool, float, float]]:
    """So many drags of one tab."""
    await visitor.press("begin")
    results = list[tuple[bool, float, float]]()
    for _ in range(runs):
        while len(replicas()) < 2:  # the next one is here soon
            await asyncio.sleep(0.5)
        results.append(await run(visitor))
        await asyncio.sleep(1)
    return results


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file for the figures")
    how = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(["-m", "serve"], Path(folder) / "t") as server,
    ):
        plan = Plan.of(server)
        visitor = Visitor(server, "127.0.0.1", plan)
        results = asyncio.run(visit(visitor, how.runs))
    went = sum(each for each, _, _ in results)
    rows: list[dict[str, object]] = [
        {"figure": "session went on", "median": f"{went} of {len(results)}", "most": ""}
    ]
    for name, values in (
        ("s of silence", [silence for _, silence, _ in results]),
        ("s until the result", [last for _, _, last in results]),
    ):
        rows.append({"figure": name, "median": median(values), "most": max(values)})
    table(rows)
    write(how.json, {"rows": rows})


if __name__ == "__main__":
    main()
