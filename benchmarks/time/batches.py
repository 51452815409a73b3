"""What a batch of calls got, and what it did to the server; a row of a table."""

import asyncio
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from .crowd import Answer, Scene

QUIET = 3  # s before they come
ENDS = ("right", "wrong", "refused", "lost")


@dataclass(frozen=True)
class Row:
    """What visitors got, and what it did to the server: s of work, MB and open files over time.

    ``busy``: the share of the places' time that was worked; ``idle``: of a processor, what the
    server takes while nobody is there.
    """

    what: str
    answers: tuple[Answer, ...]
    seconds: float
    work: float
    rss: tuple[float, ...]
    files: tuple[int, ...]
    busy: float
    idle: float

    @property
    def growth(self) -> float:
        """Of memory from the first batch to the next one like it, in %."""
        return 100 * (self.rss[-1] / self.rss[-2] - 1)

    def figures(self) -> dict[str, object]:
        """A row of the table."""
        ended = Counter(answer.how for answer in self.answers)
        took = np.array([answer.seconds for answer in self.answers])
        jobs = sorted(answer.jobs for answer in self.answers)
        p50, p95, p99, most = (*np.percentile(took, (50, 95, 99)).tolist(), float(took.max()))
        return {
            "what": self.what, **{how: ended[how] for how in ENDS},
            "p50 s": p50, "p95 s": p95, "p99 s": p99, "max s": most,
            "calls/s": len(took) / self.seconds, "busy": self.busy,
            "CPU ms a call": 1000 * self.work / len(took),
            "jobs between": statistics.median(jobs), "at most": jobs[-1],
            "RSS MB: before, after, again": ", ".join(f"{each:.0f}" for each in self.rss),
            "growth, %": self.growth,
            "open files: before, after": ", ".join(map(str, self.files)),
        }  # fmt: skip


async def batches(
    what: str, scene: Scene, batch: Callable[[], Awaitable[list[Answer]]], times: int = 2
) -> Row:
    """The same batch so many times."""
    server, answers, work = scene.server, list[Answer](), scene.server.work()
    await asyncio.sleep(QUIET)
    idle = (server.work() - work) / QUIET
    rss, files, begun = [server.rss()], [server.open_files()], monotonic()
    work, jobs = server.work(), scene.begun()
    for _ in range(times):
        answers += await batch()
        rss.append(server.rss())
    seconds, work, jobs = monotonic() - begun, server.work() - work, scene.begun() - jobs
    await asyncio.sleep(1)  # until the connections are closed there too
    files.append(server.open_files())
    busy = jobs / seconds / scene.capacity if scene.capacity else 0.0
    return Row(what, tuple(answers), seconds, work, tuple(rss), tuple(files), busy, idle)
