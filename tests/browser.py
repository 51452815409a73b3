"""What the browser tests share: a server of their own, a tab that is watched, hands to draw."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
PATIENCE = 120_000  # ms; machines can be busy
LOCAL = re.compile(r"http://127\.0\.0\.1[:/]|data:|blob:|file:")
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True,
    "has_touch": True,
}  # fmt: skip
Place = tuple[float, float]
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Server:
    """A program in a process of its own; ``folder`` is where its temporary files are."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path


def below(folder: Path) -> list[Path]:
    """All files and folders in it; unlike glob it lets them go meanwhile."""
    return [Path(at, name) for at, folders, files in os.walk(folder) for name in folders + files]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def by_hand(page: Page) -> Page:
    """Drags begin when they are asked for, not whenever an arrow is let go."""
    page.locator("#canvas [data-part=live]").evaluate("box => (box.checked = false)")
    return page


@contextmanager
def serving(folder: Path, script: Path, **environment: str) -> Iterator[Server]:
    """A script that serves a Gradio page."""
    temporary, log, port = folder / "tmp", folder / "log", free_port()
    temporary.mkdir()
    variables = {
        **os.environ, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary),
        "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment,
    }  # fmt: skip
    variables.pop("GRADIO_TEMP_DIR", None)
    command = [sys.executable, str(script)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=out, stderr=out)
    try:
        server = Server(f"http://127.0.0.1:{port}/", temporary, process, log)
        wait_for(lambda: answers(server.url) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
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


def wait_for(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@contextmanager
def chromium() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "the browser tests need Chromium: install it, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def is_our_error(message: ConsoleMessage) -> bool:
    """All but Gradio's own: it asks how far an upload has come that it has just refused, asks for
    a photo that was read meanwhile, and says that its stream has ended when the page is left.
    """
    refused = "upload_progress" in message.location["url"] or message.text == "Response"
    refused |= "file=" in message.location["url"] and "404" in message.text
    left = re.match("AbortError|Unexpected error Connection errored out", message.text)
    return message.type == "error" and not refused and not left


def said(message: ConsoleMessage) -> str:
    return f"{message.text} {message.location['url']}"


def watched(browser: Browser, wrong: list[str], **how: Any) -> Page:
    """A tab of its own; ``wrong`` collects what goes wrong there, and calls to other hosts."""
    how = {"viewport": {"width": 1280, "height": 900}, **how}
    page = browser.new_context(**how).new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda m: wrong.append(said(m)) if is_our_error(m) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if LOCAL.match(r.url) else wrong.append(r.url))
    return page


def serious_findings(page: Page, options: dict[str, Any] | None = None, what: Any = None) -> Any:
    """What axe finds that keeps people out: the rule and the elements.

    A button that is just being enabled is still pale; people wait for that, and so does this.
    """
    page.wait_for_function("!document.getAnimations().length")
    found = Axe().run(page, context=what, options=options).response["violations"]
    return [
        (rule["id"], [part["html"][:200] for part in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


# Hands. Places are px of the picture on the canvas; (0, 0) is the centre of its first pixel.

PICTURE = "#canvas [data-part=picture]"
MEASURE = """svg => {
  const { x, y, width, height } = svg.getBoundingClientRect();
  return [x, y, width, height, svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
}"""


def where(page: Page, *places: Place) -> list[Place]:
    """Where on the screen these px of the picture are: it lies whole in the middle of its box."""
    page.locator(PICTURE).scroll_into_view_if_needed()
    left, top, width, height, across, down = page.locator(PICTURE).evaluate(MEASURE)
    scale = min(width / across, height / down)
    left, top = left + (width - scale * across) / 2, top + (height - scale * down) / 2
    return [(left + scale * (x + 0.5), top + scale * (y + 0.5)) for x, y in places]


def pull(page: Page, *places: Place) -> None:
    """Press at the first place, drag to the last, let go."""
    first, *others = where(page, *places)
    page.mouse.move(*first)
    page.mouse.down()
    for other in others:
        page.mouse.move(*other, steps=3)
    page.mouse.up()


NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(done))"


class Finger:
    """One finger on the glass."""

    def __init__(self, page: Page):
        self.page = page
        self.system = page.context.new_cdp_session(page)

    def swipe(self, *places: Place, end: str | None = "touchEnd") -> None:
        """Press at the first place, drag to the last, let go; without an end it stays there."""
        first, *others = where(self.page, *places)
        self.tell("touchStart", first)
        for other in others:
            for share in np.linspace(0, 1, 6)[1:]:
                x, y = (1 - share) * np.array(first) + share * np.array(other)
                self.tell("touchMove", (float(x), float(y)))
                self.page.evaluate(NEXT_FRAME)  # faster, it would be a flick, which rolls on
            first = other
        if end is not None:
            self.tell(end)

    def tell(self, kind: str, *places: Place) -> None:
        touches = [{"x": x, "y": y} for x, y in places]
        self.system.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def focused(page: Page) -> str | None:
    """The name of the point that the keyboard moves."""
    return page.evaluate("document.activeElement.dataset.name ?? null")


def names(page: Page) -> list[str]:
    """All points that can be moved."""
    return page.locator(f"{PICTURE} [data-name]").evaluate_all("a => a.map(p => p.dataset.name)")
