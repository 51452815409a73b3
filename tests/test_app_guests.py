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
    ASIDE,
    END,
    NOSE,
    advanced,
    back,
    download,
    drag,
    draw,
    is_at,
    is_ready,
    press,
    result,
    same,
    says,
    upload,
)
from browser import PHONE, Server, free_port, serious_findings, serving, wait_for
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]
SCRIPT = Path(__file__).parent / "app_page.py"


def begin_without_end(page: Page) -> None:
    """A drag that only ends if somebody ends it."""
    advanced(page, steps=290)
    draw(page, NOSE, ASIDE)
    press(page, "drag")
    says(page, re.compile(r"Step \d"))


def test_two_visitors_do_not_mix_and_the_second_is_told_to_wait(
    visitor: Visitor, photo: Path
) -> None:
    one, other = visitor(), visitor()
    upload(one, photo)
    says(one, "Are these")
    draw(other, NOSE, ASIDE)
    before = result(other)
    press(one, "fit")
    says(one, "Finding a similar face: step")
    press(other, "drag")
    says(other, "Waiting: another photo is being worked on")
    press(one, "stop")
    says(one, "Stopped early")
    says(other, END)
    is_ready(other)
    after = result(other)
    assert after.shape == before.shape
    assert not same(after, before)
    assert result(one).shape == (400, 512, 3)


def test_who_waits_can_leave_the_line(visitor: Visitor) -> None:
    one, other = visitor(), visitor()
    begin_without_end(one)
    draw(other, NOSE, ASIDE)
    press(other, "drag")
    says(other, "Waiting: another photo is being worked on")
    press(other, "stop")
    says(other, "Stopped before it began.")
    is_ready(other)
    press(one, "stop")
    says(one, "Stopped: the result so far is kept")
    press(other, "drag")
    says(other, "Arrived")


@pytest.mark.parametrize("leave", [Page.reload, Page.close], ids=["reload", "close"])
def test_who_leaves_in_the_middle_makes_room_for_the_next(visitor: Visitor, leave) -> None:
    one, other = visitor(), visitor()
    begin_without_end(one)
    leave(one)
    drag(other)
    is_at(other, 1)


def test_a_reloaded_page_works(visitor: Visitor) -> None:
    page = visitor()
    begin_without_end(page)
    page.reload()
    says(page, "Try it on this face")
    is_ready(page)
    drag(page)


def files_of_tabs(app: Server) -> set[Path]:
    return {file for file in app.folder.rglob("tab-*/*") if file.is_file()}


def test_delete_my_data_leaves_no_file_and_a_fresh_page(
    visitor: Visitor, photo: Path, app: Server
) -> None:
    page, others = visitor(), files_of_tabs(app)
    untouched = result(page)
    upload(page, photo)
    says(page, "Are these")
    back(page)
    drag(page)
    download(page, "session")
    assert {file.name for file in files_of_tabs(app) - others} == {
        "dragphoto.png", "dragphoto.safetensors",
    }  # fmt: skip
    press(page, "forget")
    says(page, "Your photos, faces and files are deleted.")
    is_ready(page)
    assert files_of_tabs(app) <= others
    expect(page.locator("#canvas .versions button")).to_have_count(1)
    expect(page.locator("#photo img")).to_have_count(0)
    assert same(result(page), untouched)
    drag(page)


def test_an_uploaded_photo_is_gone_from_disk_once_it_is_read(
    visitor: Visitor, photo: Path, tmp_path: Path, app: Server
) -> None:
    shutil.copy(photo, tmp_path / "seen-once.jpg")
    page = visitor()
    upload(page, tmp_path / "seen-once.jpg")
    says(page, "Are these")
    assert list(app.folder.rglob("seen-once*")) == []
    file = tmp_path / "mine-alone.safetensors"
    back(page)
    shutil.copy(download(page, "session"), file)
    with page.expect_file_chooser() as waiting:
        press(page, "open")
    waiting.value.set_files(file)
    says(page, "Opened")
    assert list(app.folder.rglob("mine-alone*")) == []


# For everybody


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_people_out(
    visitor: Visitor, photo: Path, theme: str, screen: dict
) -> None:
    page = visitor(f"?__theme={theme}", **screen)
    expect(page.locator("#result img")).to_be_visible()  # it comes last
    assert serious_findings(page) == []
    begin_without_end(page)
    assert serious_findings(page) == []
    press(page, "stop")
    is_ready(page)
    upload(page, photo)
    says(page, "Are these")
    assert serious_findings(page) == []


def test_dark_mode_is_dark_and_legible(visitor: Visitor) -> None:
    page = visitor("?__theme=dark")

    def brightness(what: str, of: str) -> float:
        css = page.locator(of).first.evaluate(f"e => getComputedStyle(e).{what}")
        return float(np.mean([float(n) for n in re.findall(r"[\d.]+", css)[:3]]))

    assert brightness("backgroundColor", ".gradio-container") < 60
    assert brightness("backgroundColor", "#status") < 80
    assert brightness("color", "#status div[role=status]") > 180


# In other houses


def try_everything_once(page: Page, photo: Path) -> None:
    """Upload, stream, download."""
    drag(page)
    upload(page, photo)
    says(page, "Are these")
    back(page)
    is_at(page, 1)
    assert result(page).shape[2] == 3


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


def test_the_page_works_below_a_path_of_another_server(
    visitor: Visitor, photo: Path, tmp_path: Path
) -> None:
    environment = {"GRADIO_ROOT_PATH": "/studio"}
    with serving(tmp_path, SCRIPT, **environment) as server, standing_before(server) as url:
        try_everything_once(visitor(url=url), photo)


def test_nothing_is_left_behind(visitor: Visitor, tmp_path: Path) -> None:
    with serving(tmp_path, SCRIPT) as server:
        page = visitor(url=server.url)
        download(page, "png")
        folders = [path for path in server.folder.iterdir() if path.name.startswith("dragphoto-")]
        assert folders
        assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)
        page.close()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(60)
        left = [p for p in server.folder.iterdir() if p.name.startswith("dragphoto-")]
        assert left == []
