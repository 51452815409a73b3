"""What a visitor of the app does and sees, in words that the tests of the app share."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from browser import Finger, Place, pull
from PIL import Image
from playwright.sync_api import Locator, Page, expect

END = re.compile(r"Arrived|as far as it goes|steps are done|got lost")
NOSE, ASIDE = (256, 322), (286, 310)  # of a fitted face, px of the canvas
FAR = (120, 160), (420, 480)  # a drag that takes a while
AI_LABEL = "compositeWithTrainedAlgorithmicMedia"


def says(page: Page, words: str | re.Pattern[str]) -> None:
    """The status line."""
    expect(page.locator("#status [role=status]")).to_contain_text(words)


def is_ready(page: Page) -> None:
    """Everything can be pressed that makes sense: no work is in progress."""
    expect(page.locator("#png")).to_be_enabled()
    expect(page.locator("#stop")).to_be_disabled()
    expect(page.locator("#canvas .busy")).to_have_count(0)


def press(page: Page, button: str) -> None:
    """A button of the page, or a tool of the canvas, with a finger where there are fingers."""
    found = page.locator(f"#{button}, #canvas [data-do={button}], #canvas [data-kind={button}]")
    expect(found).to_be_enabled()
    touch(found)


def touch(what: Locator) -> None:
    """With a finger where there are fingers; only once it is painted and stands still."""
    (what.tap if has_fingers(what.page) else what.click)()


def has_fingers(page: Page) -> bool:
    return page.evaluate("navigator.maxTouchPoints > 0")


def draw(page: Page, *places: Place) -> None:
    """An arrow, or whatever the tool makes."""
    Finger(page).swipe(*places) if has_fingers(page) else pull(page, *places)


def arrows(page: Page) -> list[list[float]]:
    """What is drawn: from where to where, as a screen reader reads it."""
    points = page.locator('#canvas [data-name^="Handle"], #canvas [data-name^="Target"]')
    labels = points.evaluate_all("all => all.map(point => point.ariaLabel)")
    places = [[float(n) for n in label.split(" at ")[1].split(",")] for label in labels]
    return [from_ + to for from_, to in zip(places[::2], places[1::2], strict=True)]


def is_at(page: Page, version: int) -> None:
    """This version is shown; 0 is the photo as it was."""
    strip = page.locator("#canvas .versions button")
    expect(strip.nth(version)).to_have_attribute("aria-current", "true")


def drag(page: Page, start: Place = NOSE, end: Place = ASIDE) -> None:
    """A whole drag, to its end."""
    before = page.locator("#canvas .versions button").evaluate_all(
        "all => all.findIndex(version => version.ariaCurrent === 'true')"
    )
    draw(page, start, end)
    press(page, "drag")
    is_at(page, before + 1)
    says(page, END)
    is_ready(page)


def back(page: Page) -> None:
    """From the photo that waits for its fit to the face."""
    press(page, "back")
    expect(page.locator("#drag")).to_be_visible()
    is_ready(page)


def upload(page: Page, file: Path) -> None:
    page.set_input_files("#photo input[type=file]", file)


def is_fitted(page: Page) -> None:
    """At once: there is one face in the photo."""
    says(page, "Ready: the fit is")
    is_ready(page)


def open_session(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as waiting:
        press(page, "open")
    waiting.value.set_files(file)


def fit(page: Page) -> None:
    press(page, "refit")
    says(page, "Are these the eyes and the mouth?")
    press(page, "fit")
    says(page, "Ready: the fit is")
    is_ready(page)


def budget(page: Page, name: str) -> None:
    """How much work a fit is worth: "quick", "balanced" or "best", which never ends here."""
    advanced(page)
    choice = page.locator("#budget label").filter(has=page.locator(f"input[value={name}]"))
    touch(choice)
    expect(choice.locator("input")).to_be_checked()


def begin_without_end(page: Page) -> None:
    """A drag that only ends if somebody ends it."""
    advanced(page, steps=290)
    draw(page, NOSE, ASIDE)
    press(page, "drag")
    says(page, re.compile(r"Step \d"))


def stopped(page: Page, *places: Place) -> None:
    """A drag that is stopped when it has come some way."""
    draw(page, *places)
    press(page, "drag")
    says(page, re.compile(r"Step ([6-9]|\d\d)"))
    press(page, "stop")
    says(page, "Stopped: the result so far is kept")
    is_ready(page)


def download(page: Page, name: str) -> Path:
    with page.expect_download() as waiting:
        press(page, name)
    return waiting.value.path()


def result(page: Page) -> np.ndarray:
    """The whole photo, as a person gets it who saves it."""
    with Image.open(download(page, "png")) as image:
        assert image.format == "PNG"
        assert AI_LABEL in image.info["XML:com.adobe.xmp"]
        return np.asarray(image.convert("RGB"))


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def toast(page: Page) -> str:
    """The words of the toast, which is closed."""
    body = page.locator(".toast-body")
    expect(body).to_have_count(1)
    words = body.inner_text()
    page.locator(".toast-close").click()
    expect(body).to_have_count(0)
    return words


def advanced(page: Page, **settings: Any) -> None:
    """Numbers under Advanced; without any it only opens that panel."""
    panel = page.locator("#advanced")
    if not panel.locator("#steps").is_visible():
        panel.get_by_text("Advanced").click()
    for name, value in settings.items():
        expect(entered(page, name, value)).to_have_value(str(value))


def entered(page: Page, name: str, value: object) -> Locator:
    """A field of the open panel, after something was written there.

    When the panel opens for the first time, Gradio writes the values that it knows into the new
    fields again, up to two frames after they are made. A program could write in between. A person
    presses on what they see, and so does this.
    """
    field = page.locator(f"#advanced #{name} input[type=number]")
    touch(field)
    field.fill(str(value))
    field.press("Tab")
    return field
