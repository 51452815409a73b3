"""Where on the canvas things land: what is pressed on is what arrives in Python, to the px."""

import io
import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from browser import MEASURE, PHONE, PICTURE, Finger, Place, pull, serious_findings, where
from canvas_orders import grey, said, send, show
from PIL import Image
from playwright.sync_api import Page, expect

from editor.drawing import painted
from photo.align import face_quad
from ui.canvas import read_drawn

pytestmark = pytest.mark.browser
Canvas = Callable[..., Page]
RED, BLUE = (255, 0, 0), (0, 0, 255)
SPOT = 6  # px of the picture from the centre of a spot to its edge


def spotted(width: int, height: int, *spots: tuple[Place, tuple[int, int, int]]) -> np.ndarray:
    picture = grey(width, height)
    for (x, y), colour in spots:
        picture[y - SPOT : y + SPOT + 1, x - SPOT : x + SPOT + 1] = colour
    return picture


def seen(page: Page, left: float, top: float, width: float, height: float) -> np.ndarray:
    """What is on this part of the screen, in px of the device [h w 3]."""
    clip = {"x": left, "y": top, "width": width, "height": height}
    with Image.open(io.BytesIO(page.screenshot(clip=clip))) as image:
        return np.asarray(image.convert("RGB")).astype(float)


def spots(page: Page) -> tuple[Place, Place]:
    """Where on the screen, in CSS px, a person sees the middle of the red and the blue."""
    left, top, width, height = page.locator(PICTURE).evaluate(MEASURE)[:4]
    left, right = math.floor(left), math.ceil(left + width)
    top, bottom = max(0, math.floor(top)), math.ceil(top + height)
    screen = seen(page, left, top, right - left, bottom - top)
    sharpness = page.evaluate("devicePixelRatio")

    def middle(colour: int) -> Place:
        """Of what is more of this colour than of any other."""
        others = [other for other in range(3) if other != colour]
        weight = (screen[:, :, colour] - screen[:, :, others].max(2)).clip(0)
        columns, rows = (np.arange(side) + 0.5 for side in weight.shape[::-1])
        x, y = weight.sum(0) @ columns, weight.sum(1) @ rows
        return left + x / weight.sum() / sharpness, top + y / weight.sum() / sharpness

    return middle(0), middle(2)


def zoom(page: Page) -> float:
    """CSS px for one px of the picture."""
    (left, _), (right, _) = where(page, (0, 0), (100, 0))
    return (right - left) / 100


def pull_as_seen(page: Page, start: Place, end: Place) -> list[float]:
    """The one arrow that Python knows of after a pull between two places of the screen."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    (drag,) = send(page)["drags"]
    return drag


def check_arrow(page: Page, width: int, height: int) -> None:
    """From a red spot to a blue one, found with the eyes."""
    start, end = (width // 4, height // 5), (width * 7 // 9, height * 5 // 6)
    show(page, spotted(width, height, (start, RED), (end, BLUE)))
    places = spots(page)
    tolerance = 0.5 / zoom(page) + 0.05
    assert pull_as_seen(page, *places) == pytest.approx([*start, *end], abs=tolerance)


@pytest.mark.parametrize("scale", [0.5, 1, 1.7])
@pytest.mark.parametrize("sharpness", [1, 2, 3])
def test_an_arrow_begins_and_ends_on_what_is_seen_there(
    canvas: Canvas, sharpness: int, scale: float
) -> None:
    page = canvas(device_scale_factor=sharpness)
    height = round(490 / scale)  # in this window the canvas is 490 CSS px high
    check_arrow(page, height * 4 // 3, height)
    assert zoom(page) == pytest.approx(scale, rel=0.01)


@pytest.mark.parametrize(("width", "height"), [(1500, 300), (200, 900), (513, 511)])
def test_it_does_so_with_empty_space_beside_the_picture(
    canvas: Canvas, width: int, height: int
) -> None:
    check_arrow(canvas(), width, height)


def test_it_does_so_when_the_page_is_scrolled(canvas: Canvas) -> None:
    page = canvas()
    page.set_viewport_size({"width": 700, "height": 420})
    show(page, spotted(400, 300, ((100, 200), RED), ((300, 250), BLUE)))
    page.evaluate("scrollTo(0, 120)")
    assert page.evaluate("scrollY") == 120
    drag = pull_as_seen(page, *spots(page))
    page.set_viewport_size({"width": 1280, "height": 900})
    assert drag == pytest.approx([100, 200, 300, 250], abs=0.6)


def test_places_outside_the_picture_count_as_its_edge(canvas: Canvas) -> None:
    page = show(canvas(), grey(300, 200))
    pull(page, (150, 100), (-40, 230))
    assert send(page)["drags"] == [[150, 100, 0, 199]]


@pytest.mark.parametrize("scale", [0.5, 1, 1.7])
def test_paint_begins_and_ends_where_the_brush_does(canvas: Canvas, scale: float) -> None:
    side = round(490 / scale)
    page = show(canvas(device_scale_factor=2), grey(side, side))
    page.click("button[data-tool=paint]")
    page.fill("#canvas .size input", "40")
    start, end = (side * 0.3, side * 0.6), (side * 0.7, side * 0.4)
    pull(page, start, (side * 0.5, side * 0.8), end)
    (stroke,) = send(page)["strokes"]
    tolerance = 0.5 / scale + 0.05
    assert stroke["points"][0] == pytest.approx(start, abs=tolerance)
    assert stroke["points"][-1] == pytest.approx(end, abs=tolerance)
    assert (stroke["radius"], stroke["erase"]) == (40, False)


STROKES: dict[str, list[tuple[str, list[Place]]]] = {
    "painted": [("paint", [(100, 100), (300, 150), (200, 380)]), ("paint", [(430, 420)])],
    "painted, then erased": [
        ("paint", [(60, 250), (450, 250)]),
        ("erase", [(250, 120), (260, 400)]),
        ("paint", [(256, 256)]),
    ],
    "only protected": [("erase", [(90, 400), (256, 300), (420, 410)])],
}


@pytest.mark.parametrize("strokes", STROKES.values(), ids=STROKES.keys())
def test_what_is_dimmed_on_the_screen_is_what_may_not_move(canvas: Canvas, strokes) -> None:
    page = show(canvas(), grey(512, 512, 255))
    for tool, places in strokes:
        page.click(f"button[data-tool={tool}]")
        pull(page, *places)
    page.mouse.move(1, 1)  # the brush's ring goes away
    bright = picture_of(page) > 180
    movable = painted(read_drawn(send(page)).drawing.strokes, 512)
    assert movable is not None
    expected = cv2.resize(movable.astype(np.float32), bright.shape[::-1]) > 0.5
    for a, b in ((bright, expected), (~bright, ~expected)):
        assert (a & b).sum() / (a | b).sum() > 0.97


def picture_of(page: Page) -> np.ndarray:
    """The red of a square picture as it is on the screen."""
    (left, top), (right, bottom) = where(page, (-0.5, -0.5), (511.5, 511.5))
    return seen(page, left, top, right - left, bottom - top)[:, :, 0]


MARKS = [
    [[400, 200], [490, 205], [440, 300]],
    [[100, 220], [180, 190], [160, 290]],
    [[500, 400], [420, 380], [470, 300]],  # upside down
    [[300, 300], [360, 300], [331, 310]],  # wider than high
]


@pytest.mark.parametrize("marks", MARKS)
def test_the_frame_around_a_face_is_the_one_that_is_cut_out(canvas: Canvas, marks) -> None:
    page = show(canvas(), grey(900, 600), {"marks": marks}, scene="fit", faces=[marks])
    points = page.locator("#canvas .crop").get_attribute("points")
    corners = [[float(n) for n in corner.split(",")] for corner in (points or "").split()]
    assert np.allclose(corners, face_quad(np.array(marks, float)), atol=0.1)


# With fingers


@pytest.fixture
def phone(canvas: Canvas) -> Page:
    return show(canvas(**PHONE), grey(512, 512))


def loupe(page: Page) -> str | None:
    return page.locator("#canvas [data-part=loupe]").get_attribute("visibility")


def test_a_finger_draws_an_arrow_and_does_not_scroll_the_page(phone: Page) -> None:
    Finger(phone).swipe((250, 450), (250, 300), (250, 100))
    (drag,) = send(phone)["drags"]
    tolerance = 0.5 / zoom(phone) + 0.05
    assert drag == pytest.approx([250, 450, 250, 100], abs=tolerance)
    assert phone.evaluate("scrollY") == 0


def test_beside_the_canvas_a_finger_does_scroll_the_page(phone: Page) -> None:
    Finger(phone).swipe((250, 790), (250, 700), (250, 500), (250, 300))
    phone.wait_for_function("scrollY > 50")
    assert send(phone)["drags"] == []


def test_the_loupe_shows_what_the_finger_covers_while_it_is_down(phone: Page) -> None:
    assert loupe(phone) == "hidden"
    finger = Finger(phone)
    finger.swipe((100, 300), (140, 300), end=None)
    assert loupe(phone) == "visible"
    view = phone.locator("#canvas [data-part=loupe]").get_attribute("viewBox") or ""
    left, top, width, height = map(float, view.split())
    assert (left + width / 2, top + height / 2) == pytest.approx((140, 300), abs=1)
    finger.tell("touchEnd")
    assert loupe(phone) == "hidden"


@pytest.mark.parametrize("tool", ["drag", "paint"])
def test_a_touch_that_the_system_takes_away_leaves_no_trace(phone: Page, tool: str) -> None:
    phone.tap(f"button[data-tool={tool}]")
    Finger(phone).swipe((100, 300), (300, 300), end="touchCancel")
    drawn = send(phone)
    assert (drawn["drags"], drawn["strokes"]) == ([], [])
    expect(phone.locator("#canvas .arrow")).to_have_count(0)
    expect(phone.locator("#canvas .stroke")).to_have_count(0)


def test_a_finger_need_not_hit_a_handle_exactly(phone: Page) -> None:
    finger = Finger(phone)
    finger.swipe((200, 200), (300, 200))
    finger.swipe((212, 188), (220, 300), (220, 350))
    (drag,) = send(phone)["drags"]
    assert drag[2:] == pytest.approx([300, 200], abs=1)
    assert drag[1] > 300


def test_a_tap_right_after_a_quick_pull_counts(phone: Page) -> None:
    Finger(phone).swipe((120, 480), (420, 480))
    phone.tap("#canvas [data-do=clear]")
    expect(phone.locator("#canvas .arrow")).to_have_count(0)
    assert send(phone)["drags"] == []
    move = "svg => svg.dispatchEvent(new TouchEvent('touchmove', { cancelable: true }))"
    assert phone.locator(PICTURE).evaluate(move) is False, "else a tap soon after may be lost"


# For everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scene", ["drag", "fit"])
def test_axe_finds_nothing_that_keeps_people_out(canvas: Canvas, scene: str, theme: str) -> None:
    page = canvas(f"?__theme={theme}")
    drawn = {"drags": [[100, 100, 200, 150]], "marks": MARKS[0]}
    strips = {"versions": ["data:,", "data:,"], "now": 1}
    show(page, grey(600, 500), drawn, scene=scene, faces=MARKS[:2], **strips)
    assert serious_findings(page, what="#canvas") == []


def test_without_motion_nothing_fades(canvas: Canvas) -> None:
    duration = "() => getComputedStyle(document.querySelector('.tools button')).transitionDuration"
    assert canvas(reduced_motion="no-preference").evaluate(duration) == "0.15s"
    page = show(canvas(reduced_motion="reduce"), grey(300, 300))
    assert page.evaluate(duration) == "0s"
    pull(page, (100, 100), (200, 200))
    assert len(send(page)["drags"]) == 1


def test_with_forced_colours_the_tool_in_use_can_be_told(canvas: Canvas) -> None:
    page = show(canvas(forced_colors="active"), grey(300, 300))
    page.click("button[data-tool=paint]")
    look = "part => getComputedStyle(part).outlineStyle"
    assert page.locator("button[data-tool=paint]").evaluate(look) == "solid"
    assert page.locator("button[data-tool=drag]").evaluate(look) == "none"
    pull(page, (100, 100), (200, 200))
    said(page, "Only what is painted may move")
    assert page.locator(PICTURE).is_visible()
