"""Many visitors at once: who gets the own answer, after how long, and who makes others wait.

    python -m benchmarks.load --visitors 100 --calls 3
    python -m benchmarks.load --loops 30
    python -m benchmarks.load --same-photo

The server is benchmarks/stub_app.py, whose jobs are pauses; with --real it is the app. Visitors
speak plain HTTP, each from an address of its own, and ask for nothing twice. A batch is run two
times, to see whether the server grows. Loops are callers that ask again as soon as they are
answered or refused; it is counted how many jobs of the server are between the asking of one more
visitor and its answer, the one that was in progress included.
"""

import argparse
import asyncio
import io
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import httpx
import numpy as np
from PIL import Image
from skimage.data import astronaut

from editor.engine import Engine
from photo import Photo

from .visitors import Lost, Plan, Refused, Server, Visitor, serving

PSI = 0.8
OTHER, ASKS = "127.0.2.1", 20  # the visitor beside the loops: its address, how often it asks
SENDERS, TIMES = 4, 10  # of the same photo
FACE = [[203.0, 107.0], [245.0, 107.0], [224.0, 150.0]]  # eyes and mouth in it
HEAD = (
    "| what | right | wrong | refused | lost | p50 s | p95 s | max s | calls/s | CPU ms a call |"
    " jobs between | RSS MB: before, after, again | growth | open files: before, after |"
)


@dataclass(frozen=True)
class Answer:
    """How one call ended: right, wrong, refused or lost; after how many s, and jobs of others."""

    how: str
    seconds: float
    jobs: int = 0
    sentence: str = ""


@dataclass(frozen=True)
class Row:
    """What visitors got, and what it did to the server: s of work, MB and open files over time."""

    what: str
    answers: tuple[Answer, ...]
    seconds: float
    work: float
    rss: tuple[float, ...]
    files: tuple[int, ...]

    @property
    def growth(self) -> float:
        """Of memory from the first batch to the next one like it, in %."""
        return 100 * (self.rss[-1] / self.rss[-2] - 1)

    def line(self) -> str:
        """For the table."""
        ended = Counter(answer.how for answer in self.answers)
        took = np.array([answer.seconds for answer in self.answers])
        jobs = sorted(answer.jobs for answer in self.answers)
        between = f"{statistics.median(jobs):g}, at most {jobs[-1]}" if jobs[-1] else ""
        cells = [
            self.what, *(str(ended[how]) for how in ("right", "wrong", "refused", "lost")),
            *(f"{each:.2f}" for each in (*np.percentile(took, (50, 95)), took.max())),
            f"{len(took) / self.seconds:.1f}", f"{1000 * self.work / len(took):.0f}", between,
            ", ".join(f"{each:.0f}" for each in self.rss), f"{self.growth:.1f} %",
            ", ".join(map(str, self.files)),
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Scene:
    """A server, and how its pictures are told from those of others."""

    server: Server
    right: Callable[[Photo, int], bool]

    def begun(self) -> int:
        """How many jobs have begun; the real app does not tell."""
        jobs = self.server.folder / "jobs"
        return jobs.stat().st_size if jobs.exists() else 0

    async def asked(self, visitor: Visitor, seed: int, session: bool = False) -> Answer:
        """One face of the model."""
        begun, before = monotonic(), self.begun()
        try:
            (file,) = await visitor.call("render", seed, PSI, session=session)
            with Image.open(io.BytesIO(await visitor.fetch(file))) as image:
                picture = np.asarray(image)
        except (Refused, Lost, httpx.HTTPError, OSError) as error:
            return _failed(error, begun)
        number = int.from_bytes(bytes(picture[0, :4, 1].tolist()), "big") if before else 0
        how = "right" if self.right(picture, seed) else "wrong"
        return Answer(how, monotonic() - begun, max(0, number - before + 1))


def _failed(error: Exception, begun: float) -> Answer:
    how = "refused" if isinstance(error, Refused) else "lost"
    return Answer(how, monotonic() - begun, sentence=f"{type(error).__name__}: {error}"[:200])


async def twice(what: str, server: Server, batch: Callable[[], Awaitable[list[Answer]]]) -> Row:
    """The same batch two times."""
    rss, files, begun = [server.rss()], [server.open_files()], monotonic()
    answers, work = list[Answer](), server.work()
    for _ in range(2):
        answers += await batch()
        rss.append(server.rss())
    seconds, work = monotonic() - begun, server.work() - work
    await asyncio.sleep(1)  # until the connections are closed there too
    files.append(server.open_files())
    return Row(what, tuple(answers), seconds, work, tuple(rss), tuple(files))


async def crowd(scene: Scene, visitors: int, calls: int, one_address: bool) -> list[Answer]:
    """All ask at once, and again once they have their answer."""

    async def one(number: int) -> list[Answer]:
        visitor = Visitor(scene.server, "127.0.1.1" if one_address else address(number))
        answers = [await scene.asked(visitor, 1000 * number + call) for call in range(calls)]
        await visitor.http.aclose()
        return answers

    every = await asyncio.gather(*map(one, range(visitors)))
    return [answer for answers in every for answer in answers]


def address(number: int) -> str:
    """One of 250 addresses of this machine."""
    return f"127.0.1.{1 + number % 250}"


@asynccontextmanager
async def looping(scene: Scene, count: int, addresses: int, tabs: bool) -> AsyncGenerator[None]:
    """While so many callers ask again and again, be it the API or the page of a tab each."""
    plan = Plan.of(scene.server) if tabs else None
    visitors = [Visitor(scene.server, address(n % addresses), plan) for n in range(count)]

    async def again(visitor: Visitor) -> None:
        if tabs:
            await _pressed(visitor, "begin")
        while True:
            await (_pressed(visitor, "random") if tabs else scene.asked(visitor, 1))

    tasks = [asyncio.create_task(again(visitor)) for visitor in visitors]
    await asyncio.sleep(3)  # until all of them wait
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(visitor.http.aclose() for visitor in visitors))


async def _pressed(visitor: Visitor, event: str) -> None:
    try:
        await visitor.press(event)
    except (Refused, Lost, httpx.HTTPError, OSError):
        return


async def beside(scene: Scene, where: str, session: bool) -> list[Answer]:
    """One more visitor, who asks one thing after the other."""
    other = Visitor(scene.server, where)
    answers = [await scene.asked(other, 7 + number, session) for number in range(ASKS // 2)]
    await other.http.aclose()
    return answers


async def loops(scene: Scene, count: int) -> list[Row]:
    """One visitor beside all kinds of loops."""
    rows: list[Row] = []
    for what, addresses, tabs, where, session in (
        ("one address", 1, False, OTHER, False), (f"{count} addresses", count, False, OTHER, False),
        (f"{count} tabs", 1, True, OTHER, False), ("same address", 1, False, address(0), True),
    ):  # fmt: skip
        async with looping(scene, count, addresses, tabs):
            kind = f"a visitor beside {count} loops, {what}"
            rows.append(await twice(kind, scene.server, lambda: beside(scene, where, session)))  # noqa: B023
            print(rows[-1].line(), file=sys.stderr, flush=True)
        await asyncio.sleep(10)  # their last calls end, and they may ask again
    return rows


async def same_photo(server: Server) -> list[Answer]:
    """Some send the same photo at the same time, and each uses what was sent."""
    stream = io.BytesIO()
    Image.fromarray(astronaut()).save(stream, "PNG")

    async def one(number: int) -> list[Answer]:
        visitor, answers = Visitor(server, address(number)), list[Answer]()
        for _ in range(TIMES // 2):
            begun = monotonic()
            try:
                sent = await visitor.upload(stream.getvalue(), "photo.png")
                file, _ = await visitor.call("fit", sent, FACE, number, "quick")
                how = "right" if len(await visitor.fetch(file)) > 1000 else "wrong"
                answers.append(Answer(how, monotonic() - begun))
            except (Refused, Lost, httpx.HTTPError, OSError) as error:
                answers.append(_failed(error, begun))
        await visitor.http.aclose()
        return answers

    every = await asyncio.gather(*map(one, range(SENDERS)))
    return [answer for answers in every for answer in answers]


async def measured(scene: Scene, how: argparse.Namespace) -> list[Row]:
    """What was asked for."""
    if how.loops:
        return await loops(scene, how.loops)
    if how.same_photo:
        what = f"{SENDERS} visitors, {TIMES} times the same photo"
        return [await twice(what, scene.server, lambda: same_photo(scene.server))]
    where = "one address" if how.one_address else "an address each"
    what = f"{how.visitors} visitors, {how.calls} calls, {where}"
    crowded = lambda: crowd(scene, how.visitors, how.calls, how.one_address)  # noqa: E731
    return [await twice(what, scene.server, crowded)]


def of_seed(picture: Photo, seed: int) -> bool:
    """Whether a picture of the stub says so."""
    return int.from_bytes(bytes(picture[0, :4, 0].tolist()), "big") == seed


def of_engine(engine: Engine) -> Callable[[Photo, int], bool]:
    """Whether a picture is the one that this model has for a seed."""
    return lambda picture, seed: bool(np.array_equal(picture, engine.random(seed, PSI)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--one-address", action="store_true", help="all visitors share one")
    parser.add_argument("--loops", type=int, default=0)
    parser.add_argument("--same-photo", action="store_true")
    parser.add_argument("--real", action="store_true", help="the app instead of the stub")
    parser.add_argument("--seconds", type=float, default=0.02, help="of a job of the stub")
    parser.add_argument("--json", type=Path)
    how = parser.parse_args()
    if how.real and how.loops:
        parser.error("only the stub counts its jobs: leave out --real")
    program = ["app.py"] if how.real else ["-m", "benchmarks.stub_app"]
    environment = {"DRAGPHOTO_STUB_SECONDS": str(how.seconds), "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(program, Path(folder) / "tmp", **environment) as server,
    ):
        right = of_engine(Engine()) if how.real else of_seed
        rows = asyncio.run(measured(Scene(server, right), how))
    print("\n".join([HEAD, "|" + "---|" * HEAD.count(" | "), *(row.line() for row in rows)]))
    for sentence in sorted({a.sentence for row in rows for a in row.answers if a.sentence}):
        print(sentence)
    if how.json:
        how.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
