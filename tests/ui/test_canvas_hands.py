"""What hands and keys do on the canvas: arrows, tools, undo, compare; marks and boxes on photos."""

from collections.abc import Callable
from typing import Any

import pytest
from browser import PICTURE, Place, focused, names, pull, where
from canvas_orders import grey, logged, said, send, show, url
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
ARROW = [100, 200, 250, 150]
OTHER = [300, 300, 350, 400]
BEFORE = url(grey(8, 8, 0))
STRIP = {"versions": [BEFORE, BEFORE, BEFORE], "now": 1}


@pytest.fixture
def page(canvas: Callable[..., Page]) -> Page:
    """Nothing is drawn yet."""
    return show(canvas(), grey(512, 512), before=BEFORE)


@pytest.fixture
def drawn(canvas: Callable[..., Page]) -> Page:
    """Two arrows are there, and two other versions."""
    arrows = {"drags": [ARROW, OTHER]}
    return show(canvas(), grey(512, 512), arrows, before=BEFORE, photo_px=2, **STRIP)


def drags(page: Page) -> list[list[float]]:
    """The arrows that Python knows of, to the px."""
    return [[round(number) for number in drag] for drag in send(page)["drags"]]


def tool(page: Page, name: str) -> Locator:
    return page.locator(f"#canvas button[data-do={name}], #canvas button[data-tool={name}]")


def tools(page: Page) -> set[str]:
    """The tools that can be used."""
    buttons = page.locator("#canvas .tools button:enabled:visible")
    return set(buttons.evaluate_all("all => all.map(b => b.dataset.do || b.dataset.tool)"))


def focus(page: Page, name: str) -> None:
    page.locator(f'#canvas [data-name="{name}"]').focus()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


# Arrows by pointer


def test_press_drag_and_release_make_an_arrow(page: Page) -> None:
    pull(page, (100, 200), (250, 150))
    assert drags(page) == [ARROW]
    assert names(page) == ["Handle 1", "Target 1"]
    said(page, "Arrow 1 from 100,200 to 250,150")


def test_a_click_alone_makes_no_arrow_and_says_what_is_missing(page: Page) -> None:
    pull(page, (100, 200))
    assert drags(page) == []
    said(page, "Keep pressing, and drag to where it should go.")
    assert names(page) == []


def test_the_arrow_in_hand_says_how_far_it_goes_in_the_photo(drawn: Page) -> None:
    pull(drawn, (10, 10), (70, 90))
    expect(drawn.locator("#canvas text")).to_have_text("200 px")


def test_handles_and_targets_can_be_moved(drawn: Page) -> None:
    pull(drawn, (100, 200), (50, 60))
    pull(drawn, (350, 400), (360, 330), (400, 450))
    assert drags(drawn) == [[50, 60, 250, 150], [300, 300, 400, 450]]
    said(drawn, "Target 2 at 400, 450")


def test_a_press_on_a_handle_does_not_move_it(drawn: Page) -> None:
    pull(drawn, (105, 203))
    assert drags(drawn) == [ARROW, OTHER]


def test_the_other_mouse_buttons_draw_nothing(page: Page) -> None:
    page.mouse.move(*where(page, (100, 100))[0])
    page.mouse.down(button="right")
    page.mouse.move(*where(page, (200, 200))[0])
    page.mouse.up(button="right")
    assert drags(page) == []


def test_escape_gives_up_the_arrow_in_hand(page: Page) -> None:
    start, half, end = where(page, (100, 100), (200, 200), (300, 300))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*half)
    expect(page.locator("#canvas .arrow").first).to_be_attached()
    press(page, "Escape")
    page.mouse.move(*end)
    page.mouse.up()
    assert drags(page) == []
    assert names(page) == []


def test_keys_do_nothing_while_an_arrow_is_in_hand(drawn: Page) -> None:
    start, half, end = where(drawn, (350, 400), (200, 200), (300, 310))
    drawn.mouse.move(*start)
    drawn.mouse.down()
    drawn.mouse.move(*half)
    press(drawn, "Delete", "Control+z", "Enter")
    drawn.mouse.move(*end)
    drawn.mouse.up()
    assert drags(drawn) == [ARROW, [300, 300, 300, 310]]
    logged(drawn, "")


# Tools


def test_only_tools_that_can_do_something_can_be_pressed(page: Page) -> None:
    always = {"drag", "paint", "erase", "add", "compare"}
    assert tools(page) == always
    pull(page, (100, 100), (200, 200))
    assert tools(page) == always | {"remove", "clear", "undo"}
    tool(page, "undo").click()
    assert tools(page) == always | {"redo"}


def test_remove_takes_the_arrow_that_was_touched_last(drawn: Page) -> None:
    pull(drawn, (100, 200))
    tool(drawn, "remove").click()
    assert drags(drawn) == [OTHER]
    said(drawn, "Arrow 1 removed")
    expect(tool(drawn, "remove")).to_be_disabled()


def test_clear_takes_all_arrows_and_paint_and_can_be_undone(drawn: Page) -> None:
    tool(drawn, "paint").click()
    pull(drawn, (50, 50), (90, 90))
    tool(drawn, "clear").click()
    assert (send(drawn)["drags"], send(drawn)["strokes"]) == ([], [])
    press(drawn, "Control+z")
    assert drags(drawn) == [ARROW, OTHER]
    assert len(send(drawn)["strokes"]) == 1


def test_an_arrow_can_be_added_without_a_pointer(page: Page) -> None:
    tool(page, "add").focus()
    press(page, "Enter")
    assert focused(page) == "Handle 1"
    press(page, *["ArrowLeft"] * 3, *["Shift+ArrowUp"] * 2)
    press(page, "Tab", "Shift+ArrowRight", "ArrowDown")
    assert focused(page) == "Target 1"
    assert drags(page) == [[256 - 3, 256 - 20, 299 + 10, 257]]
    press(page, "Enter")
    logged(page, "go with 1; ")


def test_the_keyboard_reaches_every_point_and_stays_there(drawn: Page) -> None:
    drawn.locator(PICTURE).focus()
    reached = []
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        press(drawn, "Tab", key)
        reached.append(focused(drawn))
    assert reached == ["Handle 1", "Target 1", "Handle 2", "Target 2"]
    assert drags(drawn) == [[101, 200, 249, 150], [300, 299, 350, 401]]
    said(drawn, "Target 2 at 350, 401")


def test_points_stay_in_the_picture(page: Page) -> None:
    show(page, grey(512, 512), {"drags": [[3, 4, 505, 510]]})
    focus(page, "Handle 1")
    press(page, "Shift+ArrowLeft", "Shift+ArrowUp", "Tab", "Shift+ArrowRight", "Shift+ArrowDown")
    assert drags(page) == [[0, 0, 511, 511]]


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_delete_takes_the_arrow_whose_point_has_the_focus(drawn: Page, key: str) -> None:
    focus(drawn, "Target 1")
    press(drawn, key)
    assert drags(drawn) == [OTHER]
    assert names(drawn) == ["Handle 1", "Target 1"]


def test_delete_takes_the_arrow_that_was_just_drawn(drawn: Page) -> None:
    pull(drawn, (50, 400), (90, 400))
    press(drawn, "Delete")
    assert drags(drawn) == [ARROW, OTHER]


# Undo and redo


def test_each_step_can_be_undone_and_redone_by_key(page: Page) -> None:
    pull(page, (100, 200), (250, 150))
    pull(page, (250, 150), (300, 120))
    tool(page, "erase").click()
    pull(page, (400, 400), (420, 400))
    press(page, "Control+z")
    assert send(page)["strokes"] == []
    press(page, "Control+z")
    assert drags(page) == [ARROW]
    press(page, "Control+z")
    assert drags(page) == []
    press(page, "Control+Shift+z", "Control+y")
    assert drags(page) == [[100, 200, 300, 120]]
    press(page, "Control+Shift+z")
    assert len(send(page)["strokes"]) == 1


def test_keys_still_undo_after_a_button_that_can_do_no_more(page: Page) -> None:
    pull(page, (100, 200), (250, 150))
    tool(page, "clear").click()
    expect(tool(page, "clear")).to_be_disabled()
    press(page, "Control+z")
    assert drags(page) == [ARROW]


def test_undo_takes_back_what_is_drawn_and_only_then_asks_for_the_version_before(
    drawn: Page,
) -> None:
    pull(drawn, (20, 20), (60, 60))
    tool(drawn, "undo").click()
    assert drags(drawn) == [ARROW, OTHER]
    logged(drawn, "")
    tool(drawn, "undo").click()
    logged(drawn, "undo with 2; ")
    tool(drawn, "redo").click()
    assert len(drags(drawn)) == 3
    tool(drawn, "redo").click()
    logged(drawn, "undo with 2; redo with 3; ")


def test_a_version_that_is_pressed_is_asked_for_by_its_number(drawn: Page) -> None:
    strip = drawn.locator("#canvas .versions button")
    expect(strip.nth(1)).to_have_attribute("aria-current", "true")
    strip.nth(2).click()
    logged(drawn, "jump 2 with 2; ")


def test_a_version_chosen_by_key_keeps_the_focus(drawn: Page) -> None:
    strip = drawn.locator("#canvas .versions button")
    strip.nth(2).focus()
    press(drawn, "Enter")
    logged(drawn, "jump 2 with 2; ")
    send(drawn, now=2)
    expect(strip.nth(2)).to_have_attribute("aria-current", "true")
    expect(strip.nth(2)).to_be_focused()


def test_a_drawing_from_python_replaces_ours_and_its_history(drawn: Page) -> None:
    pull(drawn, (20, 20), (60, 60))
    show(drawn, grey(512, 512), {"drags": [OTHER]}, **STRIP)
    assert drags(drawn) == [OTHER]
    assert names(drawn) == ["Handle 1", "Target 1"]
    press(drawn, "Tab")
    tool(drawn, "undo").click()
    logged(drawn, "undo with 1; ")
    assert drags(drawn) == [OTHER]


def test_our_own_drawing_coming_back_changes_nothing(page: Page) -> None:
    pull(page, (100, 200), (250, 150))
    ours = send(page)
    pull(page, (20, 20), (60, 60))
    send(page, value=ours)
    assert names(page) == ["Handle 1", "Target 1", "Handle 2", "Target 2"]
    tool(page, "undo").click()
    assert drags(page) == [ARROW]


def test_a_drag_begins_on_release(page: Page) -> None:
    page.reload()
    expect(page.locator("#canvas [data-part=live]")).to_be_checked()
    show(page, grey(512, 512))
    page.check("#canvas [data-part=live]")
    pull(page, (100, 200), (250, 150))
    logged(page, "go with 1; ")
    pull(page, (250, 150), (260, 140))
    logged(page, "go with 1; go with 1; ")


# Compare


def is_before(page: Page) -> None:
    expect(page.locator("#canvas [data-part=image]")).to_have_attribute("href", BEFORE)


def is_after(page: Page) -> None:
    expect(page.locator("#canvas [data-part=image]")).not_to_have_attribute("href", BEFORE)


def test_compare_shows_the_photo_before_while_it_is_pressed(drawn: Page) -> None:
    tool(drawn, "compare").hover()
    drawn.mouse.down()
    is_before(drawn)
    expect(drawn.locator("#canvas [data-part=marks]")).to_have_css("opacity", "0")
    drawn.mouse.up()
    is_after(drawn)
    assert drags(drawn) == [ARROW, OTHER]


@pytest.mark.parametrize("key", [" ", "Enter", "c"])
def test_compare_by_key_while_the_button_has_the_focus(drawn: Page, key: str) -> None:
    tool(drawn, "compare").focus()
    drawn.keyboard.down(key)
    is_before(drawn)
    drawn.keyboard.up(key)
    is_after(drawn)


def test_compare_by_key_while_a_point_has_the_focus(drawn: Page) -> None:
    focus(drawn, "Target 2")
    drawn.keyboard.down("c")
    is_before(drawn)
    drawn.keyboard.up("c")
    is_after(drawn)
    assert focused(drawn) == "Target 2"


def test_compare_ends_with_the_key_even_if_the_focus_has_gone_elsewhere(drawn: Page) -> None:
    drawn.locator(PICTURE).focus()
    drawn.keyboard.down("c")
    is_before(drawn)
    drawn.locator("#elsewhere").focus()
    drawn.keyboard.up("c")
    is_after(drawn)


# While Python works


def test_nothing_can_be_drawn_while_python_works_but_compare_goes_on(drawn: Page) -> None:
    send(drawn, busy=True)
    assert tools(drawn) == {"compare"}
    expect(drawn.locator("#canvas .versions button:enabled")).to_have_count(0)
    pull(drawn, (100, 200), (30, 30))
    press(drawn, "Control+z", "Delete", "Enter")
    assert drags(drawn) == [ARROW, OTHER]
    logged(drawn, "")
    drawn.keyboard.down("c")
    is_before(drawn)
    drawn.keyboard.up("c")
    is_after(drawn)


def test_pictures_from_python_do_not_touch_what_is_drawn(page: Page) -> None:
    pull(page, (100, 200), (250, 150))
    track = [{"at": [120, 190], "target": [250, 150], "away": 7.2}]
    for shade in (30, 60, 90):
        send(page, busy=True, picture=url(grey(16, 16, shade)), track=track)
    expect(page.locator("#canvas text")).to_have_text("7 px")
    expect(page.locator("#canvas .trail")).to_have_count(1)
    send(page, busy=False, track=[])
    expect(page.locator("#canvas .trail")).to_have_count(0)
    assert drags(page) == [ARROW]
    tool(page, "undo").click()
    assert drags(page) == []


@pytest.mark.parametrize("name", ["drag", "paint"])
def test_what_is_in_hand_when_python_begins_is_dropped(page: Page, name: str) -> None:
    tool(page, name).click()
    start, half, end = where(page, (100, 100), (200, 200), (300, 300))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*half)
    send(page, busy=True)
    page.mouse.move(*end)
    page.mouse.up()
    send(page, busy=False)
    drawn = send(page)
    assert (drawn["drags"], drawn["strokes"]) == ([], [])
    assert names(page) == []
    expect(page.locator("#canvas .stroke")).to_have_count(0)


def test_what_is_in_hand_when_another_drawing_arrives_is_dropped(drawn: Page) -> None:
    start, half, end = where(drawn, (350, 400), (200, 200), (300, 300))
    drawn.mouse.move(*start)
    drawn.mouse.down()
    drawn.mouse.move(*half)
    show(drawn, grey(512, 512), {"drags": [ARROW]})
    drawn.mouse.move(*end)
    drawn.mouse.up()
    assert drags(drawn) == [ARROW]
    assert names(drawn) == ["Handle 1", "Target 1"]


def test_the_keyboard_is_not_lost_when_python_begins_and_ends(drawn: Page) -> None:
    focus(drawn, "Target 1")
    send(drawn, busy=True, track=[])
    drawn.keyboard.down("c")
    is_before(drawn)
    drawn.keyboard.up("c")
    send(drawn, busy=False)
    press(drawn, "Tab", "ArrowRight")
    assert drags(drawn) == [[101, 200, 250, 150], OTHER]


# The photo that waits for its fit

MARKS = [[400, 200], [490, 205], [440, 300]]
SECOND = [[100, 220], [180, 190], [160, 290]]
BOX = [200, 100, 301]


@pytest.fixture
def photo(canvas: Callable[..., Page]) -> Page:
    """Two faces were found on it."""
    marked = {"marks": MARKS, "box": BOX}
    return show(canvas(), grey(900, 600), marked, scene="fit", faces=[MARKS, SECOND])


def rounded(places: list[Any]) -> list[Any]:
    return [[round(number) for number in place] for place in places]


def test_marks_are_moved_by_hand_and_by_key(photo: Page) -> None:
    pull(photo, (440, 300), (450, 320))
    focus(photo, "Left eye")
    press(photo, "ArrowLeft", "Shift+ArrowDown")
    assert focused(photo) == "Left eye"
    assert rounded(send(photo)["marks"]) == [[399, 210], [490, 205], [450, 320]]


def test_a_press_beside_all_marks_and_faces_changes_nothing(photo: Page) -> None:
    pull(photo, (850, 550), (700, 400))
    press(photo, "Enter")
    assert send(photo)["marks"] == MARKS
    logged(photo, "")


def test_another_face_is_chosen_by_pressing_on_it(photo: Page) -> None:
    pull(photo, (130, 260))
    assert send(photo)["marks"] == SECOND
    said(photo, "Face 2 chosen")


@pytest.mark.parametrize("key", [" ", "Enter"])
def test_another_face_is_chosen_by_key(photo: Page, key: str) -> None:
    focus(photo, "Face 2")
    press(photo, key)
    assert send(photo)["marks"] == SECOND
    assert focused(photo) == "Face 2"


def test_one_face_is_no_choice(photo: Page) -> None:
    show(photo, grey(900, 600), {"marks": MARKS}, scene="fit", faces=[MARKS])
    assert names(photo) == ["Left eye", "Right eye", "Mouth"]


def boxed(photo: Page) -> list[float]:
    photo.click("#canvas [data-kind=box]")
    assert names(photo) == ["Box", "Size of the box"]
    assert send(photo)["kind"] == "box"
    return send(photo)["box"]


@pytest.mark.parametrize(
    ("places", "box"),
    [
        ([(300, 200), (310, 190)], [210, 90, 301]),
        ([(350.5, 250.5), (380.5, 240.5)], [230, 90, 301]),
        ([(300, 200), (-200, 900)], [0, 299, 301]),
        ([(501, 401), (551, 431)], [200, 100, 351]),
        ([(501, 401), (899, 401)], [200, 100, 500]),
        ([(501, 401), (100, 50)], [200, 100, 16]),
    ],
    ids=["moved", "moved at its centre", "into a corner", "larger", "largest", "smallest"],
)
def test_the_box_is_moved_and_sized_by_hand(photo: Page, places: list[Place], box: Any) -> None:
    assert boxed(photo) == BOX
    pull(photo, *places)
    assert send(photo)["box"] == pytest.approx(box, abs=1)


def test_the_box_is_moved_and_sized_by_key(photo: Page) -> None:
    boxed(photo)
    focus(photo, "Box")
    press(photo, "ArrowLeft", "Shift+ArrowDown")
    assert send(photo)["box"] == [199, 110, 301]
    press(photo, "Tab", "Shift+ArrowRight", "ArrowDown")
    assert send(photo)["box"] == [199, 110, 312]
    press(photo, "Shift+ArrowUp", "ArrowLeft", "ArrowLeft")
    assert send(photo)["box"] == [199, 110, 300]


WIDE = [100, -50, 700]  # around all of the photo's height, as for cars


@pytest.mark.parametrize(
    ("places", "box"),
    [
        ([(450, 300), (480, 290)], [130, -60, 700]),
        ([(450, 300), (900, 900)], [200, 0, 700]),
        ([(450, 300), (0, 0)], [0, -100, 700]),
        ([(800, 597), (760, 597)], [100, -50, 660]),
        ([(800, 597), (899, 597)], [100, -50, 800]),
    ],
    ids=["moved", "to the lower right", "to the upper left", "smaller", "larger"],
)
def test_a_box_may_be_higher_than_the_photo(photo: Page, places: list[Place], box: Any) -> None:
    show(photo, grey(900, 600), {"marks": MARKS, "box": WIDE}, scene="fit", faces=[])
    assert boxed(photo) == WIDE
    pull(photo, *places)
    assert send(photo)["box"] == pytest.approx(box, abs=1)


def test_the_way_back_to_eyes_and_mouth_is_open(photo: Page) -> None:
    boxed(photo)
    photo.click("#canvas [data-kind=face]")
    assert names(photo)[-3:] == ["Left eye", "Right eye", "Mouth"]
    assert send(photo)["kind"] == "face"
