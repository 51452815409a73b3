"""Many visitors at once: who gets the own answer, after how long, and who makes others wait.

    python -m benchmarks.time.load --visitors 100 --calls 3
    python -m benchmarks.time.load --arrivals 60 --minutes 2 --think 2 --calls 3 --workers 2
    python -m benchmarks.time.load --loops 30
    python -m benchmarks.time.load --same-photo

The server is benchmarks/stub_app.py, whose jobs are pauses; with --real it is the app. --workers is
its DRAGPHOTO_WORKERS, --replicas those of Ray Serve, whose front's memory and work are not in the
table then. Visitors speak plain HTTP, each from an address of its own, and ask for
nothing twice. They ask all at once, two times, to see whether the server grows; or with --arrivals
they come as people do (visits.py), once. Busy: pauses of all answers, as a share of the time of all
places where work is done. --json: each call, for capacity.py.

Loops are callers that ask again as soon as they are answered or refused; it is counted how many
jobs of the server are between the asking of one more visitor and its answer, the one that was in
progress included.
"""

import argparse
import asyncio
import io
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from time import monotonic

import httpx
import numpy as np
from PIL import Image
from skimage.data import astronaut

from editor.backend.threads import MOST_HANDS
from editor.engine import Engine
from editor.machine.cores import cores
from photo import Photo

from ..tables import table, write
from ..visitors import Lost, Plan, Refused, Server, Visitor, serving
from .batches import Row, batches
from .crowd import PSI, Answer, Scene, address, crowd, failure
from .visits import at_once, poisson

OTHER, ASKS = "127.0.2.1", 20  # the visitor beside the loops: its address, how often it asks
WARMING = 16  # calls before it is measured: each place is used
WORKERS = "DRAGPHOTO_WORKERS"
SENDERS, TIMES = 4, 10  # of the same photo
FACE = [[203.0, 107.0], [245.0, 107.0], [224.0, 150.0]]  # eyes and mouth in it


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
            rows.append(await batches(kind, scene, lambda: beside(scene, where, session)))  # noqa: B023
            print(rows[-1].figures(), file=sys.stderr, flush=True)
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
                how, sentence = failure(error)
                answers.append(Answer(how, monotonic() - begun, 0, sentence))
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
        return [await batches(what, scene, lambda: same_photo(scene.server))]
    where = "one address" if how.one_address else "an address each"
    await crowd(scene, at_once(WARMING, 1))
    if how.arrivals:
        visits = poisson(how.arrivals, how.minutes, how.think, how.calls, how.seed)
        what = f"{len(visits)} visitors in {how.minutes:g} minutes, {how.calls} calls, {where}"
        return [await batches(what, scene, lambda: crowd(scene, visits, how.one_address), 1)]
    what = f"{how.visitors} visitors, {how.calls} calls, {where}"
    all_of_them = at_once(how.visitors, how.calls)
    return [await batches(what, scene, lambda: crowd(scene, all_of_them, how.one_address))]


def started(how: argparse.Namespace) -> tuple[list[str], dict[str, str], int]:
    """How the server is started: words after ``python``, variables; how many jobs it does at once.

    Without --workers or --replicas these are the threads of the app itself.
    """
    program = ["app.py"] if how.real else ["-m", "benchmarks.stub_app"]
    if how.replicas:
        program = ["-m", "serve" if how.real else "benchmarks.stub_serve"]
        program += ["--draggers", str(how.replicas)]
    variables = {"DRAGPHOTO_STUB_SECONDS": str(how.seconds), "OMP_NUM_THREADS": "1"}
    if how.workers:
        variables[WORKERS] = str(how.workers)
    return program, variables, how.replicas or how.workers or min(cores(), MOST_HANDS)


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
    parser.add_argument("--visitors", type=int, default=100, help="that come at once")
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--arrivals", type=float, help="instead, visitors a minute on average ...")
    parser.add_argument("--minutes", type=float, default=1, help="... for so long")
    parser.add_argument("--think", type=float, default=0, help="s between their calls on average")
    parser.add_argument("--seed", type=int, default=0, help="which visitors they are")
    parser.add_argument("--workers", type=int, help="processes of the server that do the work")
    parser.add_argument("--replicas", type=int, help="of Ray Serve that do it instead")
    parser.add_argument("--one-address", action="store_true", help="all visitors share one")
    parser.add_argument("--loops", type=int, default=0)
    parser.add_argument("--same-photo", action="store_true")
    parser.add_argument("--real", action="store_true", help="the app instead of the stub")
    parser.add_argument("--seconds", type=float, default=0.02, help="of a job of the stub")
    parser.add_argument("--json", type=Path)
    how = parser.parse_args()
    if how.real and how.loops:
        parser.error("only the stub counts its jobs: leave out --real")
    program, variables, places = started(how)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(program, Path(folder) / "tmp", **variables) as server,
    ):
        right = of_engine(Engine()) if how.real else of_seed
        scene = Scene(server, right, 0.0 if how.real else places / how.seconds)
        rows = asyncio.run(measured(scene, how))
    figures = [row.figures() for row in rows]
    table(figures)
    for sentence in sorted({a.sentence for row in rows for a in row.answers if a.sentence}):
        print(sentence)
    told = {name: value for name, value in vars(how).items() if name != "json"}
    each = [asdict(row) for row in rows]
    write(how.json, {**told, "places": places, "rows": figures, "each": each})


if __name__ == "__main__":
    main()
