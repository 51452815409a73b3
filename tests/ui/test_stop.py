"""Stop, cancel, or a closed tab, at each stage: the work ends, and the next one is served."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import skimage.data
from browser import Server
from PIL import Image
from wire import API, Wire, file_data
from worlds import slow

SOON = 30.0  # s; a quiet machine takes less than one
SETTINGS = ["model", "axes", 290, 1, 8, 16, 1, "mean", "draggan", "balanced", 1, 0.8]
"""290 steps: a drag without an end."""
FACE = {
    "serial": 0, "drags": [[256, 322, 286, 310]], "strokes": [], "kind": "face",
    "marks": [[202, 101], [247, 104], [224, 150]], "box": [0, 0, 300],
}  # fmt: skip
STAGES = {
    "a fit that begins": ("ui_9_fit", "Looking for a face"),
    "a fit that searches": ("ui_9_fit", "similar face: step 3"),
    "a fit that tunes": ("ui_9_fit", "look like the photo"),
    "a drag": ("ui_10_drag", "Step"),
}
WAYS = ("stop", "cancel", "close")
QUICK = {
    ("a fit that begins", "close"), ("a fit that searches", "stop"), ("a drag", "cancel"),
    ("a drag", "close"),
}  # fmt: skip


@pytest.fixture
def come(app: Server) -> Iterator[Callable[[str], Wire]]:
    before, people = app.log.read_text(), []

    def somebody(address: str) -> Wire:
        people.append(Wire(app.url, address))
        return people[-1]

    yield somebody
    for one in people:
        one.client.close()
    assert "Traceback" not in app.log.read_text().removeprefix(before)


@dataclass
class Running:
    """An event in progress, read in a thread of its own as a page does."""

    wire: Wire
    number: int
    event: str = ""
    words: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    streams: list[Any] = field(default_factory=list)

    def begin(self, data: list[Any]) -> None:
        self.event = self.wire.join(self.number, data).json()["event_id"]
        for path, keep in (("queue/data", True), (f"heartbeat/{self.wire.session}", False)):
            threading.Thread(target=self._read, args=(path, keep), daemon=True).start()

    def _read(self, path: str, keep: bool) -> None:
        transport = httpx.HTTPTransport(local_address=self.wire.address)
        with httpx.Client(base_url=self.wire.url, transport=transport, timeout=60) as client:
            question = {"session_hash": self.wire.session}
            with client.stream("GET", f"{API}/{path}", params=question) as stream:
                self.streams.append(stream)
                try:
                    for line in stream.iter_lines():
                        if keep and line.startswith("data: "):
                            self._heard(line)
                except (httpx.HTTPError, httpx.StreamError):
                    pass

    def _heard(self, line: str) -> None:
        self.words.append(line)
        if json.loads(line[6:])["msg"] == "process_completed":
            self.done.set()

    def says(self, words: str) -> None:
        wait(lambda: any(words in line for line in self.words) or self.done.is_set())

    def leave(self) -> None:
        """Close the tab: both of its streams break off."""
        for stream in self.streams:
            with suppress(OSError):  # it has been closed already
                stream.extensions["network_stream"].get_extra_info("socket").shutdown(2)


def wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def at_stage(wire: Wire, stage: str) -> Iterator[Running]:
    name, words = STAGES[stage]
    events = wire.events()
    assert wire.event(events["ui_0_begin"]["id"], [])[-1]["success"]
    if name == "ui_9_fit":
        stream = io.BytesIO()
        Image.fromarray(skimage.data.astronaut()[:400]).save(stream, "JPEG")
        path = wire.upload("a.jpg", stream.getvalue())
        chosen = [file_data(path), *("geometry" if s == "balanced" else s for s in SETTINGS)]
        assert wire.event(events["ui_1_choose"]["id"], chosen)[-1]["success"]
        assert wire.event(events["ui_8_refit"]["id"], [])[-1]["success"]
    running = Running(wire, events[name]["id"])
    running.begin([FACE, *SETTINGS])
    running.says(words)
    yield running
    if not running.done.is_set():
        running.leave()


@pytest.mark.parametrize(
    ("stage", "way"),
    [(s, w) if (s, w) in QUICK else slow(s, w) for s in STAGES for w in WAYS],
)
def test_the_next_one_is_served_soon(come: Callable[[str], Wire], stage: str, way: str) -> None:
    wire, other = come("127.0.0.1"), come("127.0.0.2")
    events = wire.events()
    with at_stage(wire, stage) as running:
        begun = time.monotonic()
        if way == "stop":
            stop = {"fn_index": events["ui_stop"]["id"], "data": [], "session_hash": wire.session}
            assert wire.post("run/predict", stop).status_code == 200
            assert running.done.wait(SOON)
        elif way == "cancel":
            body = {
                "session_hash": wire.session, "fn_index": running.number, "event_id": running.event,
            }  # fmt: skip
            assert wire.post("cancel", body).status_code == 200
        else:
            running.leave()
        seconds = time.monotonic() - begun
        line = other.post("call/render", {"data": [1, 0.8]}).json()["event_id"]
        answer = other.client.get(f"{API}/call/render/{line}").text
        assert "event: complete" in answer
        assert time.monotonic() - begun < 2 * SOON
        print(f"{stage}, {way}: {seconds:.2f} s, the next after {time.monotonic() - begun:.2f} s")
