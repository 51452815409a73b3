"""What goes wrong is said in one sentence, and nothing is lost."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
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
    entered,
    is_ready,
    open_session,
    press,
    result,
    same,
    says,
    toast,
    upload,
)
from browser import ROOT, Server
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visitor = Callable[..., Page]


def bad_files(photo: Path) -> dict[str, tuple[bytes, str]]:
    """Name, contents and the sentence they get."""
    heic = b"\0\0\0\x18ftypheic" + bytes(200)
    whole = photo.read_bytes()
    return {
        "words.jpg": (b"These are words.", "This is not a picture that can be opened"),
        "cut.jpg": (whole[: len(whole) // 2], "This picture is damaged or cut off"),
        "phone.heic": (heic, "This looks like HEIC or AVIF: export it as JPEG"),
        "moving.gif": (b"GIF89a" + bytes(50), "This is a GIF: export one frame"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is an SVG drawing"),
        "notes.txt": (b"These are notes.", "Invalid file type"),
        "huge.jpg": (whole + bytes(106_000_000), "File(s) exceed the maximum allowed size"),
    }


def test_each_bad_photo_gets_one_sentence_and_nothing_is_lost(
    visitor: Visitor, photo: Path, tmp_path: Path, app: Server
) -> None:
    page = visitor()
    drag(page)
    before = result(page)
    files = bad_files(photo)
    for name, (data, sentence) in files.items():
        (tmp_path / name).write_bytes(data)
        upload(page, tmp_path / name)
        assert sentence in toast(page), name
    assert same(result(page), before)
    assert not [file for file in app.folder.rglob("*") if file.name in files]
    drag(page)


def test_a_bad_session_gets_one_sentence_and_nothing_is_lost(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor()
    drag(page)
    whole, before = download(page, "session").read_bytes(), result(page)
    files = {
        "words": (b"These are words.", "damaged"),
        "cut": (whole[: len(whole) // 2], "damaged"),
        "model": ((ROOT / "weights/faces.safetensors").read_bytes(), "is not a session"),
    }
    for name, (data, sentence) in files.items():
        file = tmp_path / f"{name}.safetensors"
        file.write_bytes(data)
        open_session(page, file)
        assert sentence in toast(page), name
        is_ready(page)
    assert same(result(page), before)
    drag(page)


def test_our_own_faults_show_a_number_and_no_more(
    visitor: Visitor, tmp_path: Path, app: Server
) -> None:
    Image.new("RGB", (77, 77)).save(tmp_path / "a.png")
    page = visitor()
    upload(page, tmp_path / "a.png")
    words = toast(page)
    number = re.search(r"Something went wrong \(error ([0-9a-f]{6})\)\.", words)
    assert number is not None
    assert number[1] in app.log.read_text()
    assert "secret" not in words + page.content()
    drag(page)


def test_what_cannot_be_dragged_gets_one_sentence(visitor: Visitor) -> None:
    page = visitor()
    press(page, "drag")
    assert "There is nothing to drag yet" in toast(page)
    draw(page, NOSE, ASIDE)
    draw(page, ASIDE, NOSE)
    assert arrows(page) == [[*NOSE, *NOSE]]
    press(page, "drag")
    assert "Drag 1 goes nowhere" in toast(page)
    press(page, "clear")
    page.click("#canvas button[data-tool=erase]")
    draw(page, NOSE, ASIDE)
    page.click("#canvas button[data-tool=drag]")
    draw(page, NOSE, ASIDE)
    press(page, "drag")
    assert "Drag 1 starts where the mask forbids motion" in toast(page)
    assert arrows(page) == [[*NOSE, *ASIDE]]
    press(page, "undo")
    press(page, "undo")
    drag(page)


def test_an_emptied_field_under_advanced_takes_its_least(visitor: Visitor) -> None:
    page = visitor()
    advanced(page)
    expect(entered(page, "steps", "")).to_have_value("10")
    draw(page, *FAR)
    press(page, "drag")
    says(page, "10 steps are done")


def test_marks_in_one_place_get_one_sentence(visitor: Visitor, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "grey").save(tmp_path / "grey.png")
    page = visitor()
    upload(page, tmp_path / "grey.png")
    says(page, "No face was found")
    for name in ("Left eye", "Right eye"):
        label = page.locator(f'#canvas [data-name="{name}"]').get_attribute("aria-label") or ""
        x, y = label.split(" at ")[1].split(",")
        draw(page, (float(x), float(y)), (20, 20))
    draw(page, (150, 113), (22, 22))
    press(page, "fit")
    assert "the points lie too close together" in toast(page)
    back(page)
    drag(page)
