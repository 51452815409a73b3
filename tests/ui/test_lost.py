"""The line breaks, the phone sleeps, the page is loaded again: nothing is lost."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from app_hands import (
    ASIDE,
    NOSE,
    advanced,
    arrows,
    begin_without_end,
    budget,
    drag,
    draw,
    is_at,
    is_fitted,
    is_ready,
    press,
    says,
    upload,
)
from browser import Server, by_hand, serving, wait_for, watched, where
from playwright.sync_api import Browser, Page, expect

from benchmarks.trust.broken_line import Line, line_to

pytestmark = pytest.mark.browser
SCRIPT = Path(__file__).parents[1] / "app_page.py"
STEP, LOST = re.compile(r"Step \d"), "Connection lost: your photo is kept."


@pytest.fixture
def line(app: Server) -> Iterator[Line]:
    with line_to(port(app)) as line:
        yield line


def port(server: Server) -> int:
    return int(urlsplit(server.url).netloc.split(":")[1])


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    """The app at the other end of the line; what its console says about that is expected."""
    page = watched(browser, [])
    page.goto(line.url)
    by_hand(page)
    says(page, "Try it on this face")
    is_ready(page)
    yield page
    page.context.close()


def is_told(page: Page, words: str) -> None:
    expect(page.locator("#connection [role=alert]")).to_contain_text(words)


def test_a_fit_goes_on_after_the_line_was_cut(page: Page, line: Line, photo: Path) -> None:
    upload(page, photo)
    is_fitted(page)
    budget(page, "best")
    press(page, "refit")
    says(page, "Are these the eyes and the mouth?")
    press(page, "fit")
    says(page, "Finding a similar face: step")
    line.cut()
    is_told(page, LOST)
    expect(page.locator(".toast-body")).to_be_hidden()
    page.wait_for_timeout(1000)
    line.mend()
    expect(page.locator("#connection [role=alert]")).to_be_hidden()
    says(page, "Finding a similar face: step")
    press(page, "stop")
    says(page, "Stopped early: the fit so far is")
    is_ready(page)
    expect(page.locator("#photo img")).to_be_visible()
    advanced(page)
    expect(page.locator("#budget input[value=best]")).to_be_checked()
    drag(page)


def test_a_drag_is_there_after_a_reload_and_so_is_what_was_drawn(page: Page) -> None:
    advanced(page, steps=300)
    draw(page, NOSE, ASIDE)
    press(page, "drag")
    says(page, STEP)
    page.reload()
    says(page, "steps are done")
    is_at(page, 1)
    is_ready(page)
    press(page, "png")
    says(page, "dragphoto.png is ready")
    is_ready(page)
    by_hand(page)
    press(page, "clear")
    draw(page, (200, 240), (214, 240))
    page.reload()
    says(page, "Everything is as you left it.")
    is_ready(page)
    assert arrows(page) == [[200, 240, 214, 240]]
    press(page, "undo")
    is_at(page, 0)
    assert arrows(page) == [[*NOSE, *ASIDE]]


def test_a_phone_that_sleeps_finds_its_work_again(page: Page, line: Line) -> None:
    """Its connections are open for the browser, but nothing comes any more."""
    begin_without_end(page)
    system = page.context.new_cdp_session(page)
    system.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.silence()
    system.send("Page.setWebLifecycleState", {"state": "active"})
    page.evaluate("document.dispatchEvent(new Event('resume'))")  # a real phone says so itself
    is_told(page, LOST)
    expect(page.locator("#connection [role=alert]")).to_be_hidden()
    says(page, STEP)
    press(page, "stop")
    says(page, "Stopped: the result so far is kept")
    is_at(page, 1)
    is_ready(page)


def test_who_is_offline_is_told_so_while_nothing_is_lost(page: Page) -> None:
    draw(page, NOSE, ASIDE)
    page.context.set_offline(True)
    is_told(page, "You are offline")
    page.context.set_offline(False)
    expect(page.locator("#connection [role=alert]")).to_be_hidden()
    assert arrows(page) == [[*NOSE, *ASIDE]]
    press(page, "drag")
    is_at(page, 1)


def test_a_copied_tab_goes_on_by_itself(page: Page) -> None:
    drag(page)
    with page.context.expect_page() as waiting:
        page.evaluate("window.open(location.href)")
    copied = waiting.value
    says(copied, "Everything is as you left it.")
    is_at(copied, 1)
    is_ready(copied)
    press(page, "forget")
    says(page, "are deleted")
    is_ready(page)
    press(copied, "undo")
    is_at(copied, 0)
    names = [each.evaluate("sessionStorage['dragphoto.tab']") for each in (page, copied)]
    assert names[0] != names[1]


def test_what_is_deleted_does_not_come_back(page: Page) -> None:
    name = page.evaluate("sessionStorage['dragphoto.tab']")
    drag(page)
    press(page, "forget")
    says(page, "are deleted")
    is_ready(page)
    assert page.evaluate("sessionStorage['dragphoto.tab']") != name
    page.reload()
    is_ready(page)
    expect(page.locator("#canvas .versions button")).to_have_count(1)
    page.evaluate("name => (sessionStorage['dragphoto.tab'] = name)", name)
    page.reload()
    says(page, "The app was started anew")


def test_a_page_that_is_closed_says_so_with_its_name(page: Page, line: Line) -> None:
    """The name is in no address."""
    name = page.evaluate("sessionStorage['dragphoto.tab']").encode()
    assert b"ui_leave" not in line.sent
    page.goto("about:blank")
    wait_for(lambda: name in line.sent.partition(b"/run/ui_leave HTTP/1.1")[2])
    addresses = re.findall(rb"(?:GET|POST) (\S+) HTTP/1.1", line.sent)
    assert len(addresses) > 9
    assert not any(name in address for address in addresses)


@pytest.mark.slow
def test_a_server_that_was_started_anew_says_so(page: Page, line: Line, tmp_path: Path) -> None:
    draw(page, NOSE, ASIDE)
    with serving(tmp_path, SCRIPT) as server:
        line.cut()
        line.port = port(server)
        line.mend()
        press(page, "drag")
        says(page, "The app was started anew and has forgotten your photo")
        is_ready(page)


def test_a_half_drawn_arrow_survives_sixty_frames(browser: Browser, tmp_path: Path) -> None:
    wrong: list[str] = []
    with serving(tmp_path, SCRIPT.with_name("frames_page.py")) as server:
        page = watched(browser, wrong)
        page.goto(server.url)
        svg = page.locator("#canvas [data-part=picture]").element_handle()
        start, middle, end = where(page, NOSE, (270, 316), ASIDE)
        page.evaluate("setTimeout(() => document.querySelector('#run').click(), 300)")
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*middle)
        for number in (re.compile("[0-9]"), "60"):
            expect(page.locator("#seen textarea")).to_have_value(number)
            assert arrows(page) == [[*NOSE, 270, 316]]
        page.mouse.move(*end)
        page.mouse.up()
        assert arrows(page) == [[*NOSE, *ASIDE]]
        assert svg.evaluate("svg => svg.isConnected"), "it is not mounted anew"
        page.context.close()
    assert wrong == []
