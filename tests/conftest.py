"""Settings and fixtures that tests share."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import examples  # noqa: F401  (its profiles)
import pytest
import skimage.data
import torch
import type_checks
from PIL import Image
from playwright.sync_api import Browser, Page
from xdist.scheduler import LoadScopeScheduling

# Before huggingface_hub is imported, and for other processes: what is here was not fetched for us.
os.environ["HF_ASSETS_CACHE"] = str(Path(__file__).parent / "no-models")
type_checks.install()
pytest.register_assert_rewrite("browser", "app_hands", "canvas_orders")
import worlds  # noqa: E402, F401  (its quick fits)
from app_hands import is_ready, says  # noqa: E402
from browser import Server, by_hand, chromium, serving, watched  # noqa: E402

TESTS = Path(__file__).parent

torch.set_num_threads(1)  # the tensors here are tiny: more threads only wait for each other

# One worker runs these, since they share a browser and a server that it takes long to start.
SHARED = (
    "test_app", "test_app_guests", "test_canvas", "test_canvas_hands", "test_hostile_events",
    "test_lost", "test_preview", "test_public_models", "test_sliders", "test_stop",
)  # fmt: skip
# Of the others those that take longest: begun first, so that none ends alone.
LONGEST = (
    "test_failures", "test_damaged_fits", "test_cli", "test_disk", "test_benchmarks",
    "test_handlers", "test_hostile_pictures", "test_drag", "test_training",
)  # fmt: skip


class ByFile(LoadScopeScheduling):
    """A file is one worker's; those that share a server are together."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.split("::")[0]).stem
        return "shared" if file in SHARED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate((*SHARED, *LONGEST))}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    for item in items:
        alone = item.path.stem not in SHARED
        if alone and {"browser", "app"} & {*getattr(item, "fixturenames", ())}:
            raise pytest.UsageError(f"{item.path.name} shares the server: name it in SHARED.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def canvas_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    from canvas_page import canvas_page  # here only: it takes Gradio a while to load

    file = tmp_path_factory.mktemp("canvas") / "canvas.html"
    file.write_text(canvas_page(), "utf-8")
    return file.as_uri()


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
        if page.url != "about:blank":
            page.evaluate("sessionStorage.clear()")  # what was drawn in another test
        page.goto(canvas_url + query)
        by_hand(page)
        return page

    yield opened
    wrong = [words for seen in used for words in seen]
    for seen in used:
        seen.clear()
    assert wrong == []


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a small model of animals, and a file that is none."""
    from worlds import SMALL, small_generator

    from weights.formats import Model, save

    folder = tmp_path_factory.mktemp("models")
    generator = small_generator(replace(SMALL, resolution=64))
    save(Model(generator, 32, domain="animal"), folder / "pets.safetensors")
    (folder / "broken.pkl").write_bytes(b"<html>Not found</html>")
    here, script = tmp_path_factory.mktemp("app"), TESTS / "app_page.py"
    with serving(here, script, DRAGPHOTO_MODELS=str(folder)) as server:
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
        by_hand(page)
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
