"""What visitors leave behind once they are gone: no file, no folder, no entry in a table."""

import asyncio
import io
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from browser import below
from PIL import Image

from benchmarks.visitors import API, Plan, Server, Visitor, serving

PROGRAM = [str(Path(__file__).parents[1] / "left_page.py")]
TABLES = ("visits", "tabs", "messages", "ids", "events", "iterators")
PHOTO = io.BytesIO()
Image.fromarray(skimage.data.astronaut()).save(PHOTO, "PNG")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("left") / "tmp"
    with serving(PROGRAM, folder, OMP_NUM_THREADS="1") as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server, "127.0.1.1", Plan.of(server))


def files(server: Server) -> list[Path]:
    """Files and folders of visitors."""
    here = [path for mine in server.folder.glob("dragphoto-*") for path in below(mine)]
    return [path for path in here if path.name != ".alive"]


def held(server: Server) -> dict[str, float]:
    """How many entries are left in each table."""
    told = json.loads((server.folder.parent / "held").read_text())
    return {name: told[name] for name in TABLES if told[name]}


def eventually(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120  # machines can be busy
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def run(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def edited(visitor: Visitor) -> None:
    """A photo is sent, fitted, dragged and saved in every way."""
    await visitor.press("begin")
    visitor.shown["photo"] = await visitor.upload(PHOTO.getvalue(), "photo.png")
    await visitor.press("choose")
    visitor.shown["canvas"]["drags"] = [[256, 322, 286, 310]]
    await visitor.press("drag")
    for kind in ("png", "gif", "session"):
        await visitor.press(kind)
        saved = await visitor.fetch(visitor.shown["file"])
    visitor.shown["open"] = await visitor.upload(saved, "mine.safetensors")
    await visitor.press("open_file")


def test_a_closed_tab_leaves_nothing(server: Server, visitor: Visitor) -> None:
    async def stays() -> None:
        async with visitor.open():
            await edited(visitor)
            assert {file.name for file in files(server)} >= {"dragphoto.png", "dragphoto.gif"}

    run(stays())
    eventually(lambda: not files(server) and not held(server))


def test_deleted_data_is_gone_while_the_tab_is_open(server: Server, visitor: Visitor) -> None:
    async def stays() -> None:
        async with visitor.open():
            await edited(visitor)
            assert files(server)
            await visitor.press("forget")
            assert not files(server)
            assert held(server)["visits"] == 1

    run(stays())
    eventually(lambda: not held(server))


def test_an_answered_program_leaves_nothing_in_tables(server: Server, visitor: Visitor) -> None:
    async def calls() -> None:
        for name in (False, True):
            await visitor.call("render", 5, 0.8, session=name)
        await visitor.http.aclose()

    run(calls())
    eventually(lambda: not held(server))
    assert len([file for file in files(server) if file.suffix == ".png"]) == 2


def test_what_nobody_wants_goes_after_a_while(server: Server, visitor: Visitor) -> None:
    async def leaves_it() -> None:
        await visitor.press("begin")  # and never says that it is gone
        await visitor.upload(PHOTO.getvalue(), "photo.png")
        await visitor.http.post(f"{API}/call/render", json={"data": [5, 0.8]})
        await visitor.http.aclose()

    run(leaves_it())
    eventually(lambda: len(files(server)) > 1 and held(server).get("visits") == 1)
    later = server.folder.parent / "later"
    later.touch()
    eventually(lambda: not files(server) and not held(server))
    later.unlink()


@pytest.mark.slow
def test_a_killed_program_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    with serving(PROGRAM, folder, OMP_NUM_THREADS="1") as killed:
        run(edited(Visitor(killed, "127.0.1.1", Plan.of(killed))))
        killed.process.kill()
        killed.process.wait(60)
        assert files(killed)
    with serving(PROGRAM, folder, OMP_NUM_THREADS="1") as server:
        assert len(list(folder.glob("dragphoto-*"))) == 1
        assert not files(server)
    assert not list(folder.glob("dragphoto-*"))
