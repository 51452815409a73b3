"""The app as a person meets it: a real browser, a real server, no mocks but fewer steps."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from app_hands import (
    ASIDE,
    FAR,
    NOSE,
    advanced,
    arrows,
    back,
    download,
    drag,
    draw,
    fit,
    is_at,
    is_ready,
    open_session,
    press,
    result,
    same,
    says,
    touch,
    upload,
)
from browser import PHONE, PICTURE, focused, names
from PIL import Image, ImageSequence
from playwright.sync_api import Page, expect
from safetensors import safe_open

from editor.faces import faces
from inversion import face_quad, read_photo

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]
SCREENS = {
    "desktop": {},
    "phone": PHONE,
    "dark": {"query": "?__theme=dark", "device_scale_factor": 2},
}


def cut_out(photo: np.ndarray, face: int = 0) -> np.ndarray:
    """True where the photo is cut out around this face."""
    quad = face_quad(faces(photo)[face])
    inside = cv2.fillConvexPoly(np.zeros(photo.shape[:2], np.uint8), np.round(quad).astype(int), 1)
    return cv2.dilate(inside, np.ones((3, 3))) > 0


def test_a_face_is_ready_when_the_page_opens(visitor: Visitor) -> None:
    page = visitor()
    assert page.title() == "DragPhoto"
    expect(page.locator("#result img")).to_be_visible()
    drag(page)
    assert arrows(page) == []
    is_at(page, 1)


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_a_photo_is_fitted_dragged_saved_undone_and_redone(
    visitor: Visitor, photo: Path, screen: dict
) -> None:
    page, original = visitor(**screen), read_photo(photo)
    upload(page, photo)
    says(page, "Are these the eyes and the mouth?")
    assert names(page) == ["Left eye", "Right eye", "Mouth"]
    fit(page)
    assert same(result(page), original)
    drag(page)
    edited = result(page)
    assert edited.shape == original.shape == (400, 512, 3)
    changed = (edited != original).any(2)
    assert changed.any()
    assert not changed[~cut_out(original)].any()
    press(page, "undo")
    is_at(page, 0)
    assert same(result(page), original)
    press(page, "redo")
    is_at(page, 1)
    assert same(result(page), edited)
    page.locator("#canvas .versions button").first.click()
    is_at(page, 0)
    assert same(result(page), original)


def test_on_a_phone_nothing_has_to_be_scrolled_sideways(visitor: Visitor) -> None:
    page = visitor(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def tab_to(page: Page, is_there: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"(here => {is_there})(document.activeElement)"):
            return
    pytest.fail("the keyboard does not get there")


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    page = visitor()
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
    page.keyboard.press("Control+z")
    is_at(page, 0)
    assert arrows(page) == [[256, 322, 290, 306]]


def test_the_pixels_of_an_edit_are_those_that_are_chosen(visitor: Visitor) -> None:
    page = visitor()
    own, model = page.locator("#pixels label").all()
    drag(page)
    draw(page, (200, 240), (214, 240))
    edited, shown = result(page), page.locator("#canvas [data-part=image]")
    before = shown.get_attribute("href")
    assert before
    touch(model)
    expect(shown).not_to_have_attribute("href", before)
    is_ready(page)
    made = result(page)
    assert made.shape == edited.shape
    assert not same(made, edited)
    assert arrows(page) == [[200, 240, 214, 240]]
    press(page, "drag")
    is_at(page, 2)
    is_ready(page)
    expect(model.locator("input")).to_be_checked()
    press(page, "undo")
    is_at(page, 1)
    assert same(result(page), made)
    touch(own)
    expect(shown).to_have_attribute("href", before)
    is_ready(page)
    assert same(result(page), edited)


def test_drag_while_i_draw_needs_no_button(visitor: Visitor) -> None:
    page = visitor()
    page.check("#canvas [data-part=live]")
    draw(page, NOSE, ASIDE)
    says(page, "Arrived")
    is_at(page, 1)
    draw(page, (200, 240), (214, 240))  # while the whole photo is still being made
    is_at(page, 2)


def test_every_picture_of_a_drag_reaches_the_eye(visitor: Visitor) -> None:
    page = visitor()
    advanced(page, steps=300)  # the server shows 40 pictures then
    page.locator("#canvas [data-part=image]").evaluate(
        """image => {
          const before = image.getAttribute('href');
          window.seen = new Set();
          const look = () => image.getAttribute('href') !== before && seen.add(image.getAttribute('href'));
          new MutationObserver(look).observe(image, { attributeFilter: ['href'] });
        }"""  # noqa: E501
    )
    drag(page)
    assert page.evaluate("seen.size") == 40


def test_fast_fingers_are_not_ignored(visitor: Visitor) -> None:
    page = visitor()
    drag(page)
    drag(page, (200, 240), (214, 240))
    for key, version in (("Control+z", 0), ("Control+Shift+z", 2)):
        page.locator(PICTURE).focus()
        page.keyboard.press(key)
        page.keyboard.press(key)
        is_at(page, version)
    for number in (1, 0):
        page.locator("#canvas .versions button").nth(number).click()
    is_at(page, 0)
    assert arrows(page) == [[*NOSE, *ASIDE]]
    page.locator("#canvas .versions button").nth(1).click()
    is_at(page, 1)
    assert arrows(page) == [[200, 240, 214, 240]]


def test_a_tap_right_after_a_quick_pull_counts(visitor: Visitor) -> None:
    page = visitor(**PHONE)
    draw(page, (120, 480), (420, 480))
    press(page, "clear")
    expect(page.locator("#canvas .arrow")).to_have_count(0)


# Stopping


def test_stop_keeps_the_drag_so_far_and_the_rest_as_an_arrow(visitor: Visitor) -> None:
    page = visitor()
    before = result(page)
    draw(page, *FAR)
    press(page, "drag")
    says(page, re.compile(r"Step ([6-9]|\d\d)"))
    press(page, "stop")
    says(page, "Stopped: the result so far is kept")
    is_ready(page)
    assert not same(result(page), before)
    ((hx, hy, tx, ty),) = arrows(page)
    assert (tx, ty) == FAR[1]
    assert np.hypot(hx - FAR[0][0], hy - FAR[0][1]) > 2
    press(page, "undo")
    is_at(page, 0)
    assert arrows(page) == [[*FAR[0], *FAR[1]]]
    assert same(result(page), before)
    press(page, "clear")
    drag(page)


def test_stop_keeps_the_fit_so_far(visitor: Visitor, photo: Path) -> None:
    page = visitor()
    upload(page, photo)
    says(page, "Are these")
    press(page, "fit")
    says(page, "Finding a similar face: step")
    expect(page.locator("#canvas button:enabled")).to_have_count(1)  # Compare
    press(page, "stop")
    says(page, "Stopped early: the fit so far is")
    is_ready(page)
    drag(page)


# Saving and opening


def test_the_motion_can_be_saved_as_gif_and_as_video(visitor: Visitor) -> None:
    page = visitor()
    drag(page)
    with Image.open(download(page, "gif")) as image:
        assert image.format == "GIF"
        frames = [np.asarray(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(image)]
    assert len(frames) > 12
    assert np.abs(frames[0] - frames[len(frames) // 2]).max() > 20
    video = cv2.VideoCapture(str(download(page, "mp4")))
    read = [bool(video.read()[0]) for _ in range(25)]
    video.release()
    assert all(read)


def test_a_saved_session_goes_on_in_another_tab(
    visitor: Visitor, photo: Path, tmp_path: Path
) -> None:
    page = visitor()
    upload(page, photo)
    fit(page)
    drag(page)
    draw(page, (200, 200), (240, 220))
    advanced(page, steps=70)
    edited, file = result(page), tmp_path / "mine.safetensors"
    shutil.copy(download(page, "session"), file)
    with safe_open(file, "pt") as saved:
        assert '"setting.steps": 70' in str(saved.metadata())
    press(page, "undo")
    press(page, "undo")
    is_at(page, 0)

    other = visitor()
    open_session(other, file)
    says(other, "Opened: everything is as it was when it was saved.")
    is_at(other, 1)
    assert arrows(other) == [[200, 200, 240, 220]]
    advanced(other)
    expect(other.locator("#steps input[type=number]")).to_have_value("70")
    assert same(result(other), edited)
    press(other, "undo")
    is_at(other, 0)
    assert same(result(other), read_photo(photo))
    assert arrows(other) == arrows(page)


# Other pictures


def test_a_seed_always_gives_the_same_face(visitor: Visitor) -> None:
    page = visitor()
    faces = []
    for seed in (7, 8, 7):
        advanced(page, seed=seed)
        press(page, "random")
        says(page, f"Face {seed}.")
        is_ready(page)
        faces.append(result(page))
    assert same(faces[0], faces[2])
    assert not same(faces[0], faces[1])
    drag(page)


def test_what_is_not_a_face_goes_into_a_box(visitor: Visitor, tmp_path: Path) -> None:
    Image.fromarray(skimage.data.chelsea()).save(tmp_path / "cat.png")
    page = visitor()
    upload(page, tmp_path / "cat.png")
    says(page, "Then press Fit.")
    press(page, "box")
    assert names(page) == ["Box", "Size of the box"]
    fit(page)
    drag(page)
    assert result(page).shape == skimage.data.chelsea().shape


def test_where_no_face_is_found_it_is_marked_by_hand(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "grey.png")
    page = visitor()
    upload(page, tmp_path / "grey.png")
    says(page, "No face was found")
    page.locator('#canvas [data-name="Mouth"]').focus()
    page.keyboard.press("Shift+ArrowDown")
    fit(page)
    assert result(page).shape == (200, 300, 3)


def test_examples_are_one_press_away(visitor: Visitor) -> None:
    page = visitor()
    untouched = result(page)
    drag(page)
    press(page, "astronaut")
    says(page, "Are these the eyes and the mouth?")
    press(page, "ready")
    says(page, "Try it on this face")
    is_ready(page)
    is_at(page, 0)
    assert same(result(page), untouched)


def test_of_several_faces_the_one_that_is_pressed_is_edited(
    visitor: Visitor, tmp_path: Path
) -> None:
    one = skimage.data.astronaut()[:300, 80:380]
    photo = np.hstack([one, one[:, ::-1]])
    Image.fromarray(photo).save(tmp_path / "two.png")
    second = faces(photo)[1]
    page = visitor()
    upload(page, tmp_path / "two.png")
    says(page, "2 faces were found: press on the one to edit.")
    x, y = second.mean(0)
    draw(page, (x, y))
    fit(page)
    drag(page)
    changed = (result(page) != photo).any(2)
    assert changed.any()
    assert not changed[~cut_out(photo, 1)].any()


def test_the_way_back_from_fitting_is_open(visitor: Visitor, photo: Path) -> None:
    page = visitor()
    drag(page)
    before = result(page)
    for opens in (lambda: upload(page, photo), lambda: press(page, "refit")):
        opens()
        says(page, "press Fit")
        expect(page.locator("#drag")).to_be_hidden()
        back(page)
        says(page, "Press on a feature")
        is_at(page, 1)
    assert same(result(page), before)


def test_a_photo_can_be_taken_away_and_chosen_anew(visitor: Visitor, photo: Path) -> None:
    page = visitor()
    for _ in range(2):
        upload(page, photo)
        says(page, "Are these the eyes and the mouth?")
        page.get_by_label("Remove Image").click()
        says(page, "Press on a feature")
    drag(page)


def test_a_face_can_be_chosen_again_in_its_photo(visitor: Visitor, photo: Path) -> None:
    page = visitor()
    upload(page, photo)
    fit(page)
    press(page, "refit")
    says(page, "Are these")
    page.locator('#canvas [data-name="Mouth"]').focus()
    page.keyboard.press("Shift+ArrowDown")
    fit(page)
    assert same(result(page), read_photo(photo))
    drag(page)
