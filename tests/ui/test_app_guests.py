"""Many guests in many houses: they do not mix, leave nothing behind, and feel at home."""

import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from app_hands import (
    END,
    back,
    begin_without_end,
    budget,
    drag,
    draw,
    is_at,
    is_fitted,
    is_ready,
    press,
    result,
    same,
    says,
    upload,
)
from browser import PHONE, PICTURE, Server, free_port, serious_findings, serving, wait_for
from playwright.sync_api import Page, expect

from photo import read_photo

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]
SCRIPT = Path(__file__).parents[1] / "app_page.py"


@pytest.mark.slow
def test_two_visitors_do_not_mix_and_a_drag_passes_a_fit_but_not_a_drag(
    visitor: Visitor, photo: Path
) -> None:
    one, other, third = visitor(), visitor(), visitor()
    upload(one, photo)
    is_fitted(one)
    budget(one, "best")
    press(one, "refit")
    press(one, "fit")
    says(one, "Finding a similar face: step")
    expect(one.locator("#canvas button:enabled")).to_have_count(1)  # Compare
    drag(other)
    press(one, "stop")
    says(one, "Stopped early: the fit so far is")
    is_ready(one)
    assert same(result(one), read_photo(photo))
    begin_without_end(third)
    before = who_waits_can_leave_the_line(other)
    press(third, "stop")
    says(third, "Stopped: the result so far is kept")
    says(other, END)
    for page in (third, other):
        is_ready(page)
    after = result(other)
    assert after.shape == before.shape
    assert not same(after, before)
    who_leaves_in_the_middle_makes_room(one, other)


def who_waits_can_leave_the_line(page: Page) -> np.ndarray:
    """And come back; returns what the photo is meanwhile."""
    before = result(page)
    draw(page, (200, 240), (208, 240))
    press(page, "drag")
    says(page, "Waiting: another photo is being worked on")
    press(page, "stop")
    says(page, "Stopped before it began.")
    is_ready(page)
    page.locator(PICTURE).press("Enter")  # the button is deaf until the whole photo is there
    says(page, "Waiting: another photo is being worked on")
    return before


def who_leaves_in_the_middle_makes_room(one: Page, other: Page) -> None:
    """Who is back finds what the work has come to."""
    begin_without_end(one)
    address = one.url
    one.goto("about:blank")
    drag(other, (200, 240), (214, 240))
    one.goto(address)
    says(one, "Stopped: the result so far is kept")
    is_ready(one)
    is_at(one, 1)


# For everybody


def test_a_phone_is_enough(visitor: Visitor, photo: Path) -> None:
    page = visitor(**PHONE)
    expect(page.locator("#result img")).to_be_visible()  # it comes last
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious_findings(page) == []
    drag(page)
    assert result(page).shape[2] == 3
    begin_without_end(page)
    assert serious_findings(page) == []
    press(page, "stop")
    is_ready(page)
    upload(page, photo)
    is_fitted(page)
    press(page, "refit")
    says(page, "Are these")
    assert serious_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_dark_mode_is_dark_and_legible(visitor: Visitor) -> None:
    page = visitor("?__theme=dark", device_scale_factor=2)
    expect(page.locator("#result img")).to_be_visible()
    assert brightness(page, "backgroundColor", ".gradio-container") < 60
    assert brightness(page, "backgroundColor", "#status") < 80
    assert brightness(page, "color", "#status div[role=status]") > 180
    assert serious_findings(page) == []
    begin_without_end(page)
    assert serious_findings(page) == []
    press(page, "stop")
    is_ready(page)
    press(page, "astronaut")
    is_fitted(page)
    press(page, "refit")
    says(page, "Are these the eyes and the mouth?")
    assert serious_findings(page) == []
    press(page, "ready")
    says(page, "Try it on this face")
    is_at(page, 0)


def brightness(page: Page, what: str, of: str) -> float:
    css = page.locator(of).first.evaluate(f"e => getComputedStyle(e).{what}")
    return float(np.mean([float(n) for n in re.findall(r"[\d.]+", css)[:3]]))


# In other houses


def try_everything_once(page: Page, photo: Path) -> None:
    """Upload, stream, download."""
    drag(page)
    upload(page, photo)
    is_fitted(page)
    back(page)
    is_at(page, 1)
    assert result(page).shape[2] == 3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="Gradio renders on the server with Node")
def test_the_page_works_when_it_is_rendered_on_the_server(
    visitor: Visitor, photo: Path, tmp_path: Path
) -> None:
    with serving(tmp_path, SCRIPT, GRADIO_SSR_MODE="True") as server:
        wait_for(lambda: "Running on local URL" in server.log.read_text())
        try_everything_once(visitor(url=server.url), photo)
        assert "with SSR" in server.log.read_text()


class Behind(BaseHTTPRequestHandler):
    """Hands requests for /studio/... on to the app as /..., and answers as they come."""

    app: str
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.close_connection = True
        # Who closes the tab ends the stream; that is no fault.
        with closing(HTTPConnection(self.app, timeout=600)) as app, suppress(OSError):
            headers = {**self.headers, "X-Forwarded-Host": self.headers["host"]}
            app.request(self.command, self.path.removeprefix("/studio") or "/", body, headers)
            reply = app.getresponse()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            while part := reply.read1(65536):
                self.wfile.write(part)
                self.wfile.flush()

    do_POST = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def standing_before(server: Server) -> Iterator[str]:
    """A proxy; the address under which it shows the app."""
    handler = type("Before", (Behind,), {"app": urlsplit(server.url).netloc})
    proxy = ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{proxy.server_port}/studio/"
    proxy.shutdown()
    proxy.server_close()


@pytest.mark.slow
def test_the_page_works_below_a_path_of_another_server_and_leaves_nothing(
    visitor: Visitor, photo: Path, tmp_path: Path
) -> None:
    environment = {"GRADIO_ROOT_PATH": "/studio"}
    with serving(tmp_path, SCRIPT, **environment) as server, standing_before(server) as url:
        page = visitor(url=url)
        try_everything_once(page, photo)
        folders = [path for path in server.folder.iterdir() if path.name.startswith("dragphoto-")]
        assert folders
        assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)
        page.close()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(60)
        left = [path for path in server.folder.iterdir() if path.name.startswith("dragphoto-")]
        assert left == []
