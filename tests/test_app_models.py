"""Other models in the page: chosen, used, refused; the settings stay."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from app_hands import NOSE, advanced, drag, is_ready, press, says, toast
from browser import ROOT, Server, serving
from playwright.sync_api import Page, expect
from worlds import SMALL, small_generator

from weights import Model, save

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a model of animals, and a file that is none."""
    folder = tmp_path_factory.mktemp("models")
    generator = small_generator(replace(SMALL, resolution=64))
    save(Model(generator, 32, domain="animal"), folder / "pets.safetensors")
    (folder / "broken.pkl").write_bytes(b"<html>Not found</html>")
    with serving(
        tmp_path_factory.mktemp("app"), ROOT / "tests/app_page.py", DRAGPHOTO_MODELS=str(folder)
    ) as server:
        yield server


def choose(page: Page, name: str) -> None:
    page.locator("#model input").click()
    page.get_by_role("option", name=name).click()


def test_another_model_is_chosen_and_the_settings_stay(visitor: Visitor, several: Server) -> None:
    page = visitor(url=several.url)
    advanced(page)
    steps = page.locator("#advanced input[type=number]").first
    steps.fill("13")
    steps.press("Tab")
    for name, sentence in (("Pets", "Picture "), ("Faces", "Try it on this face")):
        choose(page, name)
        says(page, sentence)
        is_ready(page)
        assert page.locator("#model input").input_value().startswith(name)
        assert page.locator(".toast-body").count() == 0
        expect(steps).to_have_value("13")
    drag(page, NOSE)


def test_a_photo_that_waits_is_asked_about_as_the_model_needs_it(
    visitor: Visitor, several: Server
) -> None:
    page = visitor(url=several.url)
    press(page, "astronaut")
    says(page, "Are these")
    advanced(page)
    choose(page, "Pets")
    says(page, "Move the box onto the animal")
    choose(page, "Faces")
    says(page, "Are these")


def test_a_file_that_is_no_model_is_refused_in_a_sentence(
    visitor: Visitor, several: Server
) -> None:
    page = visitor(url=several.url)
    advanced(page)
    choose(page, "broken")
    assert "This file is a web page, not a model" in toast(page)
    is_ready(page)
    expect(page.locator("#model input")).to_have_value("Faces (256 px)")
    drag(page)
