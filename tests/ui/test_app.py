"""The app as a person meets it: a real browser, a real server, no mocks but fewer steps."""

import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from app_hands import (
    ASIDE,
    FAR,
    NOSE,
    advanced,
    arrows,
    back,
    budget,
    download,
    drag,
    draw,
    entered,
    fit,
    is_at,
    is_fitted,
    is_ready,
    open_session,
    press,
    result,
    same,
    says,
    stopped,
    toast,
    touch,
    upload,
)
from browser import PICTURE, Server, below, focused, names
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors import safe_open

from editor.engine import faces
from photo import read_photo
from photo.align import face_quad
from transfer.rig import wide_crop

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]


def reach(photo: np.ndarray) -> np.ndarray:
    """True where the head of the photo may move."""
    quad = wide_crop(face_quad(faces(photo)[0].eyes_and_mouth)).quad
    inside = cv2.fillConvexPoly(np.zeros(photo.shape[:2], np.uint8), np.round(quad).astype(int), 1)
    return cv2.dilate(inside, np.ones((3, 3))) > 0


# The whole way


def test_a_photo_goes_all_the_way(
    visitor: Visitor, photo: Path, tmp_path: Path, app: Server
) -> None:
    page, original = visitor(), read_photo(photo)
    others, untouched = files_of_tabs(app), result(page)
    the_keyboard_is_enough(page)
    a_photo_is_chosen_and_fitted(page, photo, app)
    assert same(result(page), original)
    drag(page)
    edited = result(page)
    changed = (edited != original).any(2)
    assert changed.any()
    assert not changed[~reach(original)].any()
    other_versions_are_shown(page, original, edited)
    other_pixels_are_shown(page, edited)
    a_drag_is_stopped(page, edited)
    session = a_session_is_saved(page, tmp_path)
    mine = files_of_tabs(app) - others
    it_goes_on_in_another_tab(visitor(), session, edited, app)
    there_is_a_way_back_from_fitting(page)
    own_data_is_deleted(page, mine)
    assert same(result(page), untouched)


def the_keyboard_is_enough(page: Page) -> None:
    """For a drag of the face that is there when the page opens."""
    assert page.title() == "DragPhoto"
    expect(page.locator("#result img")).to_be_visible()
    tab_to(page, "here.dataset.do === 'add'")
    for key in ["Enter", *["Shift+ArrowDown"] * 6, *["ArrowDown"] * 6, "Tab"]:
        page.keyboard.press(key)
    assert focused(page) == "Target 1"
    for key in [*["Shift+ArrowDown"] * 5, *["ArrowLeft"] * 9]:
        page.keyboard.press(key)
    assert arrows(page) == [[256, 322, 290, 306]]
    page.keyboard.press("Enter")
    says(page, "Arrived")
    is_at(page, 1)
    is_ready(page)
    assert arrows(page) == []
    page.keyboard.press("Control+z")
    is_at(page, 0)
    assert arrows(page) == [[256, 322, 290, 306]]


def tab_to(page: Page, is_there: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"(here => {is_there})(document.activeElement)"):
            return
    pytest.fail("the keyboard does not get there")


def a_photo_is_chosen_and_fitted(page: Page, photo: Path, app: Server) -> None:
    """It is taken away once before, and its file goes once it is read."""
    for again in (False, True):
        upload(page, photo)
        is_fitted(page)
        assert not [file for file in below(app.folder) if file.name == photo.name]
        if not again:
            page.get_by_label("Remove Image").click()
            expect(page.locator("#status")).not_to_contain_text("Ready")
    budget(page, "quick")
    fit(page)


def other_versions_are_shown(page: Page, original: np.ndarray, edited: np.ndarray) -> None:
    press(page, "undo")
    is_at(page, 0)
    assert same(result(page), original)
    press(page, "redo")
    is_at(page, 1)
    assert same(result(page), edited)
    for version in (0, 1):
        page.locator("#canvas .versions button").nth(version).click()
        is_at(page, version)
        is_ready(page)


def other_pixels_are_shown(page: Page, edited: np.ndarray) -> None:
    """The model's own, and the photo's again; what is drawn stays."""
    own, model = page.locator("#pixels label").all()
    shown = page.locator("#canvas [data-part=image]")
    before = shown.get_attribute("href") or ""
    draw(page, (200, 240), (214, 240))
    touch(model)
    expect(shown).not_to_have_attribute("href", before)
    is_ready(page)
    made = result(page)
    assert made.shape == edited.shape
    assert not same(made, edited)
    assert arrows(page) == [[200, 240, 214, 240]]
    touch(own)
    expect(shown).to_have_attribute("href", before)
    is_ready(page)
    assert same(result(page), edited)
    press(page, "clear")


def a_drag_is_stopped(page: Page, edited: np.ndarray) -> None:
    """What was done is kept, and the rest is an arrow; then all of it is undone."""
    stopped(page, *FAR)
    is_at(page, 2)
    ((hx, hy, *target),) = arrows(page)
    assert tuple(target) == FAR[1]
    assert np.hypot(hx - FAR[0][0], hy - FAR[0][1]) > 2
    assert not same(result(page), edited)
    press(page, "undo")
    is_at(page, 1)
    assert arrows(page) == [[*FAR[0], *FAR[1]]]
    assert same(result(page), edited)


def a_session_is_saved(page: Page, folder: Path) -> Path:
    advanced(page, steps=70)
    file = folder / "mine-alone.safetensors"
    shutil.copy(download(page, "session"), file)
    with safe_open(file, "pt") as saved:
        assert '"setting.steps": 70' in str(saved.metadata())
    return file


def it_goes_on_in_another_tab(page: Page, file: Path, edited: np.ndarray, app: Server) -> None:
    open_session(page, file)
    says(page, "Opened: everything is as it was when it was saved.")
    is_at(page, 1)
    is_ready(page)
    assert not [path for path in below(app.folder) if path.name == file.name]
    assert arrows(page) == [[*FAR[0], *FAR[1]]]
    advanced(page)
    expect(page.locator("#steps input[type=number]")).to_have_value("70")
    assert same(result(page), edited)
    page.locator(PICTURE).focus()
    page.keyboard.press("Control+z")
    is_at(page, 0)


def there_is_a_way_back_from_fitting(page: Page) -> None:
    press(page, "refit")
    says(page, "Are these")
    expect(page.locator("#drag")).to_be_hidden()
    back(page)
    is_at(page, 1)


def files_of_tabs(app: Server) -> set[Path]:
    return {file for file in below(app.folder) if "/tab-" in str(file) and file.is_file()}


def own_data_is_deleted(page: Page, files: set[Path]) -> None:
    assert {file.name for file in files} >= {"dragphoto.png", "dragphoto.safetensors"}
    press(page, "forget")
    says(page, "Your photos, faces and files are deleted.")
    is_ready(page)
    assert not [file for file in files if file.exists()]
    expect(page.locator("#canvas .versions button")).to_have_count(1)
    expect(page.locator("#photo img")).to_have_count(0)


# Hands and eyes


def test_nothing_is_lost_between_hands_and_eyes(visitor: Visitor) -> None:
    page = visitor()
    a_tick_is_to_be_seen(page)
    draw(page, NOSE, ASIDE)
    says(page, "Arrived")
    is_at(page, 1)
    draw(page, (200, 240), (214, 240))  # while the whole photo is still being made
    is_at(page, 2)
    is_ready(page)
    fast_fingers_are_not_ignored(page)
    every_picture_of_a_drag_is_seen(page)


def a_tick_is_to_be_seen(page: Page) -> None:
    box, filled = page.locator("#canvas [data-part=live]"), list[float]()
    for ticked in (False, True):
        box.set_checked(ticked)
        seen = np.asarray(Image.open(BytesIO(box.screenshot())).convert("L"))
        filled.append(float((seen < 200).mean()))
    assert filled[0] < 0.4 < filled[1]


def fast_fingers_are_not_ignored(page: Page) -> None:
    for key, version in (("Control+z", 0), ("Control+Shift+z", 2)):
        page.locator(PICTURE).focus()
        page.keyboard.press(key)
        page.keyboard.press(key)
        is_at(page, version)
    for number in (0, 1):
        page.locator("#canvas .versions button").nth(number).click()
    is_at(page, 1)
    assert arrows(page) == [[200, 240, 214, 240]]
    page.locator("#canvas .versions button").first.click()
    is_at(page, 0)
    assert arrows(page) == [[*NOSE, *ASIDE]]
    is_ready(page)


WATCH = """image => {
  const before = image.getAttribute('href');
  window.seen = new Set();
  const look = () => image.getAttribute('href') !== before && seen.add(image.getAttribute('href'));
  new MutationObserver(look).observe(image, { attributeFilter: ['href'] });
}"""


def every_picture_of_a_drag_is_seen(page: Page) -> None:
    advanced(page, steps=300)  # the server shows 40 pictures then
    page.locator("#canvas [data-part=image]").evaluate(WATCH)
    press(page, "drag")
    says(page, "steps are done")
    is_at(page, 1)
    is_ready(page)
    assert page.evaluate("seen.size") == 40


# Models and settings


def choose(page: Page, name: str) -> None:
    page.locator("#model input").click()
    page.get_by_role("option", name=name).click()


def model_is(page: Page, name: str) -> None:
    expect(page.locator("#model input")).to_have_value(name)


def test_another_model_is_chosen_and_the_settings_stay(visitor: Visitor) -> None:
    page = visitor()
    advanced(page, steps=13, seed=7)
    choose(page, "Pets")
    says(page, "Picture 7.")
    is_ready(page)
    model_is(page, "Pets (64 px, animal)")
    press(page, "astronaut")
    says(page, "Move the box onto the animal")
    choose(page, "Faces")
    says(page, "Are these")
    assert names(page) == ["Left eye", "Right eye", "Mouth"]
    assert page.locator(".toast-body").all_inner_texts() == []
    expect(page.locator("#steps input[type=number]")).to_have_value("13")
    choose(page, "broken")
    assert "This file is a web page, not a model" in toast(page)
    model_is(page, "Faces (256 px)")
    back(page)
    expect(entered(page, "steps", "")).to_have_value("10")
    draw(page, *FAR)
    press(page, "drag")
    says(page, "10 steps are done")


# What goes wrong


def bad_files(photo: Path) -> dict[str, tuple[bytes, str]]:
    """Name, contents and the sentence they get."""
    whole = photo.read_bytes()
    return {
        "words.jpg": (b"These are words.", "This is not a picture that can be opened"),
        "cut.jpg": (whole[: len(whole) // 2], "This picture is damaged or cut off"),
        "notes.txt": (b"These are notes.", "Invalid file type"),
        "huge.jpg": (whole + bytes(256_000_000), "File(s) exceed the maximum allowed size"),
    }


def test_what_goes_wrong_gets_one_sentence_and_nothing_is_lost(
    visitor: Visitor, photo: Path, tmp_path: Path, app: Server
) -> None:
    page, files = visitor(), bad_files(photo)
    press(page, "drag")
    assert "There is nothing to drag yet" in toast(page)
    draw(page, NOSE, ASIDE)
    for name, (data, sentence) in files.items():
        (tmp_path / name).write_bytes(data)
        upload(page, tmp_path / name)
        assert sentence in toast(page), name
    session = tmp_path / "words.safetensors"
    session.write_bytes(b"These are words.")
    open_session(page, session)
    assert "damaged" in toast(page)
    assert not [file for file in below(app.folder) if file.name in {*files, session.name}]
    a_fault_of_ours_shows_a_number_and_no_more(page, tmp_path / "a.png", app)
    assert arrows(page) == [[*NOSE, *ASIDE]]
    press(page, "drag")
    says(page, "Arrived")
    is_at(page, 1)


def a_fault_of_ours_shows_a_number_and_no_more(page: Page, file: Path, app: Server) -> None:
    Image.new("RGB", (77, 77)).save(file)
    upload(page, file)
    words = toast(page)
    assert "Something went wrong (error " in words
    assert words.split("(error ")[1][:6] in app.log.read_text()
    assert "secret" not in words + page.content()
