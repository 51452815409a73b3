"""Settings and fixtures that tests share."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import skimage.data
import torch
from hypothesis import settings
from PIL import Image
from playwright.sync_api import Browser, Page

# Before huggingface_hub is imported, and for other processes: what is here was not fetched for us.
os.environ["HF_ASSETS_CACHE"] = str(Path(__file__).parent / "no-models")
pytest.register_assert_rewrite("browser", "app_hands", "canvas_orders")
from app_hands import is_ready, says  # noqa: E402
from browser import Server, chromium, serving, watched  # noqa: E402

TESTS = Path(__file__).parent

settings.register_profile("project", max_examples=20, deadline=None, derandomize=True)
settings.load_profile("project")
torch.set_num_threads(1)  # the tensors here are tiny: more threads only wait for each other


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def canvas_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("canvas"), TESTS / "canvas_page.py") as server:
        yield server.url


@pytest.fixture(scope="session")
def screens(browser: Browser) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    """Tabs by the kind of screen they are on, and what went wrong there."""
    opened: dict[str, tuple[Page, list[str]]] = {}
    yield opened
    for page, _ in opened.values():
        page.context.close()


@pytest.fixture
def canvas(browser: Browser, canvas_url: str, screens) -> Iterator[Callable[..., Page]]:
    """Opens the page with nothing but the canvas; at the end nothing may have gone wrong."""
    used: list[list[str]] = []

    def opened(query: str = "", **screen: Any) -> Page:
        kind = repr(screen)
        if kind not in screens:
            wrong: list[str] = []
            screens[kind] = watched(browser, wrong, **screen), wrong
        page, wrong = screens[kind]
        used.append(wrong)
        page.goto(canvas_url + query)
        page.wait_for_selector("#canvas [data-part=picture]")
        page.wait_for_selector("#send")
        return page

    yield opened
    wrong = [words for seen in used for words in seen]
    for seen in used:
        seen.clear()
    assert wrong == []


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("app"), TESTS / "app_page.py") as server:
        yield server


@pytest.fixture
def visitor(app: Server, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the app as another person; at the end nothing may have gone wrong unseen."""
    wrong: list[str] = []
    pages: list[Page] = []

    def visit(query: str = "", url: str = app.url, **screen: Any) -> Page:
        page = watched(browser, wrong, **screen)
        pages.append(page)
        page.goto(url + query)
        says(page, "Try it on this face")
        is_ready(page)
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
