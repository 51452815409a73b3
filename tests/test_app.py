"""The app as a person meets it: a real browser, a real server, no mocks but fewer steps."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent
SERVER = """
import os
from inversion import InvertOptions, ProjectOptions, TuneOptions
from ui import handlers
handlers.INVERT_OPTIONS = InvertOptions(ProjectOptions(steps=60), TuneOptions(steps=20))
read = handlers.read_photo
def read_photo(file):
    photo = read(file)
    if photo.shape[:2] == (77, 77):
        raise RuntimeError("a secret of the program")
    return photo
handlers.read_photo = read_photo
import app
app.main()
"""
PATIENCE = 120_000  # ms; machines can be busy
END = re.compile(r"Arrived|as far as it goes|steps are done|got lost")
BUTTONS = ("fit", "mark", "drag", "stop", "undo", "redo", "clear", "save")
LOCAL = ("http://127.0.0.1", "data:", "blob:")


@dataclass(frozen=True)
class Server:
    """The app in a process of its own; ``folder`` is where its temporary files are."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "tmp").mkdir()
    environment = {
        **os.environ, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(folder / "tmp"),
        "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    environment.pop("GRADIO_TEMP_DIR", None)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        server = Server(f"http://127.0.0.1:{port}/", folder / "tmp", process)
        wait_for(lambda: answers(server.url) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield server
    finally:
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status == 200
    except OSError:
        return False


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "the browser tests need Chromium: install it, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def is_our_error(message: ConsoleMessage) -> bool:
    """All but Gradio's own: it asks how far an upload has come that it has just refused."""
    refused = "upload_progress" in message.location["url"] or message.text == "Response"
    return message.type == "error" and not refused


Visitor = Callable[..., Page]


@pytest.fixture
def visitor(server: Server, browser: Browser) -> Iterator[Visitor]:
    """Opens the page as another person; at the end nothing may have gone wrong unseen."""
    wrong: list[str] = []
    pages: list[Page] = []

    def visit(query: str = "", **how: object) -> Page:
        size = {"width": 1280, "height": 900}
        page = browser.new_context(**{"viewport": size, **how}).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda m: wrong.append(m.text) if is_our_error(m) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(LOCAL) else wrong.append(r.url))
        page.goto(server.url + query)
        says(page, "Try it on this face")
        expect(page.locator("#save")).to_be_enabled(timeout=PATIENCE)
        pages.append(page)
        return page

    yield visit
    for page in pages:
        page.context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a person, wider than high."""
    file = tmp_path_factory.mktemp("photo") / "photo.jpg"
    Image.fromarray(skimage.data.astronaut()[:400]).save(file, quality=92)
    return file


def says(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.locator("#status")).to_contain_text(words, timeout=PATIENCE)


def press(page: Page, x: float, y: float) -> None:
    """Press on the canvas, at shares of the picture's width and height."""
    image = page.locator("#canvas img")
    image.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # for the layout to settle
    box = image.bounding_box()
    assert box is not None
    width, height = image.evaluate("i => [i.naturalWidth, i.naturalHeight]")
    scale = min(box["width"] / width, box["height"] / height, 1)
    place = (
        box["x"] + box["width"] / 2 + (x - 0.5) * width * scale,
        box["y"] + box["height"] / 2 + (y - 0.5) * height * scale,
    )
    touch = page.evaluate("() => navigator.maxTouchPoints > 0")
    (page.touchscreen.tap if touch else page.mouse.click)(*place)


def point(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    press(page, *start)
    says(page, "Now press where it should go")
    press(page, *end)
    says(page, "Press Drag it")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    point(page, start, end)
    page.click("#drag")
    says(page, END)


def upload(page: Page, file: Path) -> None:
    page.set_input_files("#photo input[type=file]", file)


def download(page: Page) -> np.ndarray:
    expect(page.locator("#save")).to_be_enabled(timeout=PATIENCE)
    with page.expect_download() as waiting:
        page.click("#save")
    with Image.open(waiting.value.path()) as image:
        assert image.format == "PNG"
        assert "compositeWithTrainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"]
        return np.asarray(image.convert("RGB"))


def enabled(page: Page) -> set[str]:
    return {name for name in BUTTONS if page.locator(f"#{name}").is_enabled()}


def settles(page: Page, *names: str) -> None:
    """Exactly these buttons can be pressed, now or soon."""
    wait_for(lambda: enabled(page) == set(names))


def toast(page: Page) -> str:
    """The words of the toast, which is closed."""
    body = page.locator(".toast-body")
    expect(body).to_have_count(1, timeout=PATIENCE)
    words = body.inner_text()
    page.locator(".toast-close").click()
    expect(body).to_have_count(0, timeout=PATIENCE)
    return words


NOSE, ASIDE = (0.5, 0.64), (0.57, 0.6)
EYES_AND_MOUTH = (0.4, 0.4), (0.6, 0.4), (0.5, 0.7)


def test_a_face_is_ready_when_the_page_opens(visitor: Visitor) -> None:
    page = visitor()
    assert page.title() == "DragPhoto"
    expect(page.locator("#canvas img")).to_be_visible()
    expect(page.locator("#result img")).to_be_visible()
    settles(page, "mark", "save")


def test_the_ready_face_can_be_dragged_and_downloaded(visitor: Visitor) -> None:
    page = visitor()
    before = download(page)
    drag(page, NOSE, ASIDE)
    settles(page, "mark", "undo", "save")
    after = download(page)
    assert after.shape == before.shape
    assert (after != before).any()


def test_a_photo_is_fitted_dragged_undone_redone_and_downloaded(
    visitor: Visitor, photo: Path, server: Server
) -> None:
    page = visitor()
    upload(page, photo)
    says(page, "Are these the eyes and the mouth?")
    assert not list(server.folder.rglob("photo.jpg"))
    settles(page, "fit", "mark", "undo", "save")
    page.click("#fit")
    says(page, "Fitting: step")
    settles(page, "stop")
    says(page, "Ready: the fit is")
    with Image.open(photo) as image:
        original = np.asarray(image.convert("RGB"))
    assert (download(page) == original).all()
    drag(page, NOSE, ASIDE)
    edited = download(page)
    assert edited.shape == original.shape
    assert (edited != original).any()
    assert (edited[300:] == original[300:]).all()
    page.click("#undo")
    settles(page, "mark", "redo", "save")
    assert (download(page) == original).all()
    page.click("#redo")
    settles(page, "mark", "undo", "save")
    assert (download(page) == edited).all()


def test_stop_keeps_the_drag_so_far(visitor: Visitor) -> None:
    page = visitor()
    before = download(page)
    point(page, (0.3, 0.3), (0.8, 0.9))
    page.click("#drag")
    says(page, re.compile(r"Step ([4-9]|\d\d)"))
    page.click("#stop")
    says(page, "Stopped: the result so far is kept")
    settles(page, "mark", "undo", "save")
    assert (download(page) != before).any()
    drag(page, NOSE, ASIDE)


def test_stop_keeps_the_fit_so_far(visitor: Visitor, photo: Path) -> None:
    page = visitor()
    upload(page, photo)
    says(page, "Are these")
    page.click("#fit")
    says(page, "Fitting: step")
    page.click("#stop")
    says(page, "Stopped early: the fit so far is")
    drag(page, NOSE, ASIDE)


def test_without_a_face_the_eyes_and_the_mouth_are_marked(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "grey.png")
    page = visitor()
    upload(page, tmp_path / "grey.png")
    says(page, "No face was found. Press on the eye on the left.")
    for place, words in zip(
        EYES_AND_MOUTH,
        ("the eye on the right", "the middle of the mouth", "Are these"),
        strict=True,
    ):
        press(page, *place)
        says(page, words)
    page.click("#fit")
    says(page, re.compile("Ready: the fit is"))
    assert download(page).shape == (200, 300, 3)


def test_marks_can_be_made_at_any_time_and_taken_back(visitor: Visitor) -> None:
    page = visitor()
    page.click("#mark")
    says(page, "Press on the eye on the left")
    settles(page, "undo", "save")
    press(page, *EYES_AND_MOUTH[0])
    says(page, "Press on the eye on the right")
    page.click("#undo")
    says(page, "Press on the eye on the left")
    page.click("#undo")
    says(page, "Press on a feature of the face")
    settles(page, "mark", "save")


def test_points_can_be_taken_back(visitor: Visitor) -> None:
    page = visitor()
    point(page, NOSE, ASIDE)
    settles(page, "mark", "drag", "undo", "clear", "save")
    page.click("#undo")
    says(page, "Now press where it should go")
    settles(page, "mark", "undo", "clear", "save")
    page.click("#clear")
    says(page, "Press on a feature")
    settles(page, "mark", "save")


def bad_files(photo: Path) -> dict[str, tuple[bytes, str]]:
    """Name, contents and the sentence they get."""
    heic = b"\0\0\0\x18ftypheic" + bytes(200)
    whole = photo.read_bytes()
    return {
        "words.jpg": (b"These are words.", "This is not a picture that can be opened"),
        "cut.jpg": (whole[: len(whole) // 2], "This picture is damaged or cut off"),
        "phone.heic": (heic, "This looks like HEIC or AVIF: export it as JPEG"),
        "moving.gif": (b"GIF89a" + bytes(50), "This is a GIF: export one frame"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is an SVG drawing"),
        "notes.txt": (b"These are notes.", "Invalid file type"),
        "huge.jpg": (whole + bytes(42_000_000), "File(s) exceed the maximum allowed size"),
    }


def test_each_bad_file_gets_one_sentence_and_nothing_is_lost(
    visitor: Visitor, photo: Path, tmp_path: Path, server: Server
) -> None:
    page = visitor()
    drag(page, NOSE, ASIDE)
    before = download(page)
    files = bad_files(photo)
    for name, (data, sentence) in files.items():
        (tmp_path / name).write_bytes(data)
        upload(page, tmp_path / name)
        assert sentence in toast(page), name
    assert (download(page) == before).all()
    assert not [file for file in server.folder.rglob("*") if file.name in files]
    drag(page, NOSE, ASIDE)


def test_our_own_faults_show_a_number_and_no_more(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (77, 77)).save(tmp_path / "a.png")
    page = visitor()
    upload(page, tmp_path / "a.png")
    assert re.search(r"Something went wrong \(error [0-9a-f]{6}\)\.", toast(page))
    assert "secret" not in page.content()
    drag(page, NOSE, ASIDE)


def test_points_that_make_no_sense_get_one_sentence(visitor: Visitor) -> None:
    page = visitor()
    point(page, NOSE, NOSE)
    page.click("#drag")
    assert "Drag 1 goes nowhere" in toast(page)
    page.click("#clear")
    says(page, "Press on a feature")
    page.click("#mark")
    for number in range(3):
        press(page, 0.4 + number / 500, 0.4)
        page.wait_for_timeout(500)
    says(page, "Are these")
    page.click("#fit")
    assert "the points lie too close together" in toast(page)
    settles(page, "fit", "mark", "undo", "save")


def test_two_visitors_do_not_mix(visitor: Visitor, photo: Path) -> None:
    one, other = visitor(), visitor()
    upload(one, photo)
    says(one, "Are these")
    point(other, NOSE, ASIDE)
    before = download(other)
    one.click("#fit")
    says(one, "Fitting: step")
    other.click("#drag")
    says(other, "Waiting: another photo is being worked on")
    one.click("#stop")
    says(one, "Stopped early")
    says(other, END)
    after = download(other)
    assert after.shape == before.shape
    assert (after != before).any()
    assert download(one).shape == (400, 512, 3)


PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True,
    "has_touch": True,
}  # fmt: skip


def test_on_a_phone_everything_is_in_reach(visitor: Visitor) -> None:
    page = visitor(**PHONE)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    before = download(page)
    drag(page, NOSE, ASIDE)
    assert (download(page) != before).any()


def test_dark_mode_is_dark_and_legible(visitor: Visitor) -> None:
    page = visitor("?__theme=dark")

    def brightness(what: str, of: str) -> float:
        css = page.locator(of).first.evaluate(f"e => getComputedStyle(e).{what}")
        return float(np.mean([float(n) for n in re.findall(r"[\d.]+", css)[:3]]))

    assert brightness("backgroundColor", ".gradio-container") < 60
    assert brightness("backgroundColor", "#status") < 80
    assert brightness("color", "#status div[role=status]") > 180


def test_nothing_is_left_behind(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path) as server:
        page = browser.new_page()
        page.goto(server.url)
        says(page, "Try it on this face")
        expect(page.locator("#save")).to_be_enabled(timeout=PATIENCE)
        page.close()
        folders = [path for path in server.folder.iterdir() if path.name.startswith("dragphoto-")]
        assert len(folders) == 2
        assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(60)
        left = [p for p in server.folder.iterdir() if p.name.startswith("dragphoto-")]
        assert left == []
