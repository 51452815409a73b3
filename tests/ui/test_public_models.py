"""Public models in the app: one press fetches them, from a server on this machine."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_hands import advanced, drag, is_ready, press, says, touch
from browser import PHONE, ROOT, Server, serious_findings, serving, wait_for, watched
from playwright.sync_api import Browser, Locator, Page, expect
from shelf import FULL, Shelf, shelf

pytestmark = pytest.mark.browser
SLOW, QUICK = 4.0, 0.2  # s for a piece; a file has 13


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with shelf(tmp_path_factory.mktemp("shelf")) as sites:
        yield sites


@pytest.fixture(scope="module")
def host(sites: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with hosted(sites, tmp_path_factory.mktemp("host")) as server:
        yield server


def hosted(sites: Shelf, folder: Path, **variables: str) -> Any:
    """An app with these models in its catalogue, and none of them fetched."""
    return serving(
        folder, ROOT / "tests" / "shelf_page.py", HF_ASSETS_CACHE=str(folder / "assets"),
        HF_HUB_OFFLINE="0", PYTHONPATH=f"{ROOT}:{ROOT / 'tests'}", TEST_CATALOGUE=sites.catalogue(),
        **variables,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wrong() -> list[str]:
    """What goes wrong unseen."""
    return []


@pytest.fixture(scope="module")
def opened(host: Server, browser: Browser, wrong: list[str]) -> Iterator[Callable[..., Page]]:
    pages: list[Page] = []

    def open_page(**screen: Any) -> Page:
        page = watched(browser, wrong, **screen)
        pages.append(page)
        page.goto(host.url)
        says(page, "Try it on this face")
        is_ready(page)
        advanced(page)
        touch(page.locator("#public button").first)
        expect(page.locator("#shelf ul")).to_be_visible()
        return page

    yield open_page
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def page(opened: Callable[..., Page]) -> Page:
    """One for all of the tests, which follow each other."""
    return opened()


@pytest.fixture(autouse=True)
def nothing_goes_wrong(wrong: list[str]) -> Iterator[None]:
    yield
    assert wrong == []


def row(page: Page, name: str) -> Locator:
    return page.locator(f"#shelf [data-name={name}]")


def tells(page: Page, words: str) -> None:
    """Above the list."""
    expect(page.locator("#fetched [role=status]")).to_contain_text(words)


def far(page: Page) -> float:
    """How far the bar is."""
    return page.locator("#fetched progress").evaluate("bar => bar.value")


def is_used(page: Page, name: str, title: str) -> None:
    tells(page, f"{name} is here, and in use.")
    says(page, re.compile(r"Picture \d+\."))
    is_ready(page)
    expect(page.locator("#model input")).to_have_value(re.compile(title))
    expect(row(page, name).locator("em")).to_have_text("here")


def test_the_list_is_there_for_everybody(page: Page, opened: Callable[..., Page]) -> None:
    tells(page, "Press a model to fetch it to this computer.")
    for seen in (page, opened(color_scheme="dark", **PHONE)):
        for name in (
            "Lions lions-64: 64 px, 1 MB any use",
            "Horses horses-64: 64 px, 1 MB play only",
        ):
            expect(seen.get_by_role("button", name=name)).to_be_enabled()
        drawn = row(seen, "lions-64").locator("svg use")
        assert drawn.evaluate("drawn => drawn.getBBox().width") > 20
        press_and_see_the_licence(seen, "horses-64")
        assert serious_findings(seen) == []


def press_and_see_the_licence(page: Page, name: str) -> None:
    """By the keyboard."""
    row(page, name).focus()
    page.keyboard.press("Enter")
    tells(page, f"{name} is under the ")
    expect(page.locator("#fetched a")).to_be_visible()
    expect(page.locator("#accept")).to_be_in_viewport()


def test_a_licence_that_is_declined_fetches_nothing(page: Page, sites: Shelf, host: Server) -> None:
    press_and_see_the_licence(page, "horses-64")
    tells(page, "horses-64 is under the Toy Licence: play only.")
    press(page, "decline")
    tells(page, "Nothing was fetched.")
    expect(page.locator("#accept")).to_be_hidden()
    assert sites.horses.asked == []
    assert not list(host.log.parent.glob("assets/**/accepted-*"))


def test_a_download_is_seen_left_and_gone_on_with(
    page: Page, opened: Callable[..., Page], sites: Shelf
) -> None:
    """Others see the same one, and drag on meanwhile; then the model is used."""
    sites.lions.pause = SLOW
    press_and_see_the_licence(page, "lions-64")
    press(page, "accept")
    tells(page, "Fetching lions-64: ")
    begun = far(page)
    other = opened()
    press_and_watch(other, "lions-64")
    assert len(sites.lions.asked) == 1
    drag(other)
    wait_for(lambda: far(page) > begun)
    for seen in (page, other):
        press(seen, "halt")
        tells(seen, "Stopped: 0.")
        expect(seen.locator("#halt")).to_be_hidden()
    assert sites.lions.served < len(sites.lions.data)
    sites.lions.pause = QUICK
    touch(row(page, "lions-64"))
    is_used(page, "lions-64", "Lions")
    assert sites.lions.asked[0] == ""
    assert sites.lions.asked[-1].startswith("bytes=")
    press(other, "undo")  # other tabs see it once something has been done there
    is_ready(other)
    other.locator("#model input").click()
    other.get_by_role("option", name="Lions").click()
    says(other, re.compile(r"Picture \d+\."))
    is_ready(other)


def press_and_watch(page: Page, name: str) -> None:
    """The licence was accepted before."""
    touch(row(page, name))
    tells(page, f"Fetching {name}: ")


def test_a_file_with_another_checksum_is_thrown_away(page: Page, host: Server) -> None:
    touch(row(page, "dogs-64"))
    tells(page, "127.0.0.1 sent a file with another checksum, which was thrown away.")
    expect(page.locator("#halt")).to_be_hidden()
    assert not list(host.log.parent.glob("assets/**/dogs-64*.pkl*incomplete"))
    is_ready(page)


def test_a_full_disk_is_said_and_room_helps(page: Page, host: Server, sites: Shelf) -> None:
    full = host.folder / FULL
    full.touch()
    press_and_see_the_licence(page, "horses-64")
    press(page, "accept")
    tells(page, "horses-64 needs 0.2 MB more, but there are 0.0 MB free in ")
    full.unlink()
    touch(row(page, "horses-64"))
    is_used(page, "horses-64", "Horses")


def test_the_model_that_the_host_has_named_is_fetched_at_the_start(
    sites: Shelf, browser: Browser, wrong: list[str], tmp_path: Path
) -> None:
    sites.lions.pause = SLOW
    with hosted(sites, tmp_path, DRAGPHOTO_MODEL="lions-64", DRAGPHOTO_FETCH="0") as server:
        page = watched(browser, wrong)
        page.goto(server.url)
        says(page, re.compile(r"lions-64 is being downloaded: 0 of 0 MB are here\..*Try it on"))
        is_ready(page)
        expect(page.locator("#model input")).to_have_count(0)
        sites.lions.pause = QUICK
        wait_for(lambda: list(tmp_path.glob("assets/**/lions-64-????????.pkl")))
        page.reload()
        says(page, "Press on a feature")
        is_ready(page)
        advanced(page)
        expect(page.locator("#model input")).to_have_value(re.compile("Lions"))
        touch(page.locator("#public button").first)
        tells(page, "Models cannot be fetched from this page")
        expect(row(page, "dogs-64")).to_be_disabled()
        page.context.close()
