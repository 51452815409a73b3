"""The line breaks in the middle of work, again and again: is the result there afterwards?

    python -m benchmarks.trust.lost_connections --runs 10

A browser edits a photo over a line that is cut for 20 s in mid-fit, and in mid-drag; the page is
loaded again in mid-drag; the phone sleeps, and its connections are dead when it wakes up; another
app is in front, and the connections are gone. One row for each: in how many runs the result came by
itself, without a press; the median time from when the line was whole until it was there, s.
"""

import argparse
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, sync_playwright

from ..tables import table, write
from ..visitors import serving
from .broken_line import Line, line_to

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"
PATIENCE = 180_000  # ms
MIDDLE = "words => document.querySelector('#status [role=status]')?.textContent.match(words)"
READY = """() => document.querySelector('#png:not([disabled])')
  && document.querySelector('#stop[disabled]') && !document.querySelector('#canvas .busy')"""


def opened(page: Page, url: str) -> None:
    """The page, once everything can be pressed."""
    page.goto(url)
    says(page, "Try it on this face")
    page.wait_for_function(READY)


def says(page: Page, words: str) -> None:
    """Wait for the status line."""
    page.wait_for_function(MIDDLE, arg=words)


def fits(page: Page) -> str:
    """A fit has begun; what it says at its end."""
    page.set_input_files("#photo input[type=file]", PHOTO)
    says(page, "the eyes and the mouth")
    page.get_by_text("Advanced").click()
    page.locator("#budget input[value=quick]").check()
    page.click("#fit")
    says(page, "step \\d")
    return "Ready: the fit is"


def drags(page: Page) -> str:
    """A drag has begun; what it says at its end."""
    arrow(page)
    page.click("#drag")
    says(page, "Step \\d")
    return "Arrived|Done|as far as it goes|steps are done"


def arrow(page: Page) -> None:
    """From the tip of the nose a little to the side."""
    box = page.locator("#canvas [data-part=picture]").bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / 512
    left = box["x"] + (box["width"] - 512 * scale) / 2
    top = box["y"] + (box["height"] - 512 * scale) / 2
    page.mouse.move(left + 256 * scale, top + 322 * scale)
    page.mouse.down()
    page.mouse.move(left + 290 * scale, top + 306 * scale, steps=4)
    page.mouse.up()


def cut(page: Page, line: Line, seconds: float) -> None:
    """No network for a while."""
    line.cut()
    page.wait_for_timeout(seconds * 1000)
    line.mend()


def loaded(page: Page, line: Line, seconds: float) -> None:
    """The page is loaded again."""
    page.reload()


def asleep(page: Page, line: Line, seconds: float) -> None:
    """The page stands still, and its connections die without a word."""
    system = page.context.new_cdp_session(page)
    system.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.silence()
    page.wait_for_timeout(seconds * 1000)
    system.send("Page.setWebLifecycleState", {"state": "active"})
    page.evaluate("document.dispatchEvent(new Event('resume'))")


def behind(page: Page, line: Line, seconds: float) -> None:
    """Another app is in front, and the connections are closed meanwhile."""
    front = page.context.new_page()
    front.bring_to_front()
    line.cut()
    line.mend()
    front.wait_for_timeout(seconds * 1000)
    front.close()
    page.bring_to_front()


Way = tuple[Callable[[Page], str], Callable[[Page, Line, float], None]]
WAYS: dict[str, Way] = {
    "offline in mid-fit": (fits, cut), "offline in mid-drag": (drags, cut),
    "reload in mid-fit": (fits, loaded), "reload in mid-drag": (drags, loaded),
    "sleep in mid-fit": (fits, asleep), "sleep in mid-drag": (drags, asleep),
    "app switch in mid-fit": (fits, behind), "app switch in mid-drag": (drags, behind),
}  # fmt: skip


def seconds(page: Page, line: Line, way: Way, away: float) -> float:
    """From when the line is whole until the result is there, s."""
    opened(page, line.url)
    begins, breaks = way
    end = begins(page)
    breaks(page, line, away)
    begun = monotonic()
    says(page, end)
    page.wait_for_function(READY)
    return monotonic() - begun


def row(name: str, line: Line, browser: Any, how: argparse.Namespace) -> dict[str, object]:
    """All runs of one way."""
    times: list[float] = []
    for _ in range(how.runs):
        with browser.new_context() as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            try:
                times.append(seconds(page, line, WAYS[name], how.away))
            except Error as error:
                print(f"{name}: {error.message.splitlines()[0]}")
    there = f"{len(times)} of {how.runs}"
    return {"what breaks": name, "result there": there, "s": median(times) if times else "-"}


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--away", type=float, default=20.0, help="s without a network")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    parser.add_argument("--browser", default=found, help="path to Chromium")
    parser.add_argument("--only", help="what of it, as a regular expression", default="")
    parser.add_argument("--json", type=Path, help="file for the figures")
    how = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(["app.py"], Path(folder) / "tmp") as server,
        line_to(int(urlsplit(server.url).netloc.split(":")[1])) as line,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=how.browser, args=["--no-sandbox"])
        rows = [row(name, line, browser, how) for name in WAYS if re.search(how.only, name)]
        browser.close()
    table(rows)
    write(how.json, {"rows": rows})


if __name__ == "__main__":
    main()
