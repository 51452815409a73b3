"""What programs that watch the app are told: /healthz, /metrics, lines of JSON."""

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import skimage.data
from browser import ROOT, Server, serving
from gradio_client import Client, handle_file
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient
from wire import Wire

from ui import log, watch
from ui.door import limits
from ui.door.guest import Guest
from ui.door.middleware import NOTHING, Door
from ui.gpu import FIGURES
from ui.line import Line
from ui.watch import METRICS, watched

SEED, ADDRESS, NAME = 94_117, "127.0.0.77", "summer-with-ann"
BEGIN = "ui_0_begin"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    wanted = {METRICS: "1", log.LOG: "json"}
    with serving(tmp_path_factory.mktemp("watched"), ROOT / "app.py", **wanted) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = str(tmp_path_factory.mktemp("downloads"))
        return Client(server.url, verbose=False, analytics_enabled=False, download_files=folder)


def figures(server: Server) -> dict[tuple[str, ...], float]:
    """Each value by its name and the values of its labels, which are in order of their names."""
    text = httpx.get(f"{server.url}metrics", timeout=60).text
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def pieces(server: Server) -> list[dict[str, Any]]:
    """What the log has of work."""
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [told for told in map(json.loads, lines) if told["event"] == "work"]


def door(patch: pytest.MonkeyPatch, shown: str) -> TestClient:
    """That of an app which has nothing of its own; the variable has this value."""
    patch.setenv(METRICS, shown)
    return TestClient(Door(Starlette(), watched()))


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.delenv(METRICS, raising=False)
    return TestClient(Door(Starlette(), watched()))


def test_an_app_that_can_work_says_so(server: Server) -> None:
    for method, body in (("GET", "ok"), ("HEAD", "")):
        reply = httpx.request(method, f"{server.url}healthz")
        assert (reply.status_code, reply.text) == (200, body)
    assert httpx.post(f"{server.url}healthz").status_code == 404


def test_a_container_asks_for_it(server: Server) -> None:
    """By what the Dockerfile says, at another port."""
    (words,) = re.findall(r"HEALTHCHECK.*\n *(\[.*\])", (ROOT / "Dockerfile").read_text())
    _, *rest = json.loads(words)
    code = rest[-1].replace("http://127.0.0.1:7860/", server.url)
    for asked, ended in ((code, 0), (code.replace("healthz", "nothing"), 1)):
        done = subprocess.run([sys.executable, rest[0], asked], capture_output=True, timeout=60)
        assert done.returncode == ended


def test_work_is_counted(server: Server, client: Client) -> None:
    before = figures(server)
    for seed in (SEED, SEED + 1):
        client.predict(seed, api_name="/render")
    after = figures(server)
    model = next(told["model"] for told in pieces(server) if told["kind"] == "picture")

    def more(*name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more("dragphoto_pieces_total", "done", "picture", model) == 2
    assert more("dragphoto_step_seconds_count", "picture") == 2
    assert more("dragphoto_step_seconds_bucket", "picture", "+Inf") == 2
    assert more("dragphoto_step_seconds_sum", "picture") > 0
    assert more("dragphoto_wait_seconds_count", "short") == 2
    for line in ("short", "long"):
        assert after["dragphoto_line_waiting", line] == after["dragphoto_line_working", line] == 0
    assert after["process_resident_memory_bytes",] > 1e8


def test_tabs_and_their_photos_are_counted(server: Server) -> None:
    before, wire = figures(server), Wire(server.url, ADDRESS)
    assert wire.event(wire.events()[BEGIN]["id"], [])[-1]["success"]
    after = figures(server)
    assert after["dragphoto_tabs",] == before["dragphoto_tabs",] + 1
    assert after["dragphoto_photo_bytes",] >= before["dragphoto_photo_bytes",]


def test_nothing_tells_who_asked_or_for_what(
    server: Server, client: Client, tmp_path: Path
) -> None:
    photo, wire = tmp_path / f"{NAME}.png", Wire(server.url, ADDRESS)
    Image.fromarray(skimage.data.astronaut()).save(photo)
    client.predict(handle_file(photo), seed=SEED, api_name="/fit")
    assert wire.event(wire.events()[BEGIN]["id"], [])[-1]["success"]
    labels = " ".join(word for words in figures(server) for word in words)
    told = " ".join(str(word) for piece in pieces(server) for word in piece.values())
    assert "fit" in labels.split()
    assert "fit" in told.split()
    for secret in (NAME, str(SEED), "127.0.0", str(tmp_path), wire.session, client.session_hash):
        assert secret not in labels
        assert secret not in told


def test_every_line_is_json_and_warnings_are(server: Server, client: Client) -> None:
    client.predict(SEED, api_name="/render")
    httpx.get(server.url, headers={"x-forwarded-for": "10.0.0.1"}, timeout=60)
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]
    warned = [each for each in told if each["level"] == "warning"]
    assert ["X-Forwarded-For is not believed" in each["event"] for each in warned] == [True]
    last = pieces(server)[-1]
    assert (last["kind"], last["ended"], last["steps"]) == ("picture", "done", 1)
    assert last["seconds"] > 0
    assert last["waited"] >= 0


def test_the_figures_are_closed_unless_the_host_opens_them(
    closed: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/metrics", "/gradio_api/metrics", "/metrics/"):
        reply = closed.get(path)
        assert (reply.status_code, reply.json()["detail"]) == (404, NOTHING)
    assert closed.get("/healthz").text == "ok"
    assert door(monkeypatch, "0").get("/metrics").status_code == 404
    opened = door(monkeypatch, "1").get("/metrics")
    assert opened.status_code == 200
    assert opened.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_without_the_library_a_sentence_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(METRICS, "1")
    monkeypatch.delitem(sys.modules, "ui.metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(SystemExit, match="pip install prometheus-client"):
        watched()


def test_who_watches_is_not_counted_as_a_visitor(
    closed: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.door.traffic.OPEN_REQUESTS", 0)
    assert closed.get("/").status_code == 429
    assert closed.get("/healthz").status_code == 200


def test_a_step_that_hangs_is_told(closed: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(FIGURES), "longest", lambda _: watch.STUCK_SECONDS + 1)
    reply = closed.get("/healthz")
    assert (reply.status_code, reply.text) == (503, watch.STUCK)


def test_a_line_that_is_full_is_told(closed: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    monkeypatch.setattr(watch, "LONG", line)
    tickets = [line.join(Guest(f"10.0.{n // 250}.{n % 250}", "a")) for n in range(200)]
    assert closed.get("/healthz").status_code == 200
    tickets += [line.join(Guest(f"10.1.0.{n}", "a")) for n in range(limits.WAITING_AT_MOST - 200)]
    reply = closed.get("/healthz")
    assert (reply.status_code, reply.text) == (503, watch.FULL)
    line.leave(tickets[0])
    assert closed.get("/healthz").status_code == 200
