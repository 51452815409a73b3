"""Named controls on the page: sliders, by hand and by keyboard, and what stands behind them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from app_hands import drag, is_at, is_ready, press, result, same, says
from browser import PHONE, serious_findings
from playwright.sync_api import Page, expect

from drag import EditError
from editor import BusyError
from editor.controls import CONTROLS, NO_FACE
from photo import PhotoError
from ui.canvas import write_drawn
from ui.page import controls, handlers, messages, screen
from ui.page.tab_state import PendingPhoto, TabState

Visitor = Callable[..., Page]


@pytest.fixture
def visit() -> Iterator[TabState]:
    visit = handlers.fresh()
    yield visit
    visit.close()


def move(visit: TabState, sent: Any) -> dict[str, Any]:
    """All that the page shows once this came from its sliders."""
    event: Any = gr.EventData(None, sent)
    shown = {}
    for screen_ in controls.move(visit, write_drawn(visit.drawn, 0), event):
        shown |= screen_
    return shown


def test_a_slider_makes_a_version_and_undo_brings_its_value_back(visit: TabState) -> None:
    shown = move(visit, {"values": {"smile": 1, "turn": 0}})
    assert messages.MOVED in shown["status"]
    assert shown["controls"] == {"values": {"smile": 1.0}, "off": False, "why": ""}
    assert shown["canvas"]["now"] == 1
    assert (visit.result() != visit.session.subject.photo).any()
    move(visit, {"values": {"smile": 1, "turn": 5}})
    undone, _ = handlers.undo(visit, write_drawn(visit.drawn, 0))
    assert undone["controls"]["values"] == {"smile": 1.0}
    move(visit, {"values": dict.fromkeys(CONTROLS, 0)})
    assert (visit.result() == visit.session.subject.photo).all()
    assert len(visit.session.past) == 2


def test_values_that_are_there_already_make_no_version(visit: TabState) -> None:
    move(visit, {"values": {"smile": 0}})
    assert visit.session.past == ()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (None, "reload the page"),
        ({"values": [1]}, "reload the page"),
        ({"values": {"grin": 1}}, "There is no control grin"),
        ({"values": {"smile": 9}}, "smile is a number from -1 to 1"),
        ({"values": {"smile": [1]}}, "smile is a number from -1 to 1"),
    ],
)
def test_what_no_slider_sends_gets_a_sentence(visit: TabState, sent: Any, sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        move(visit, sent)
    assert visit.session.past == ()


def test_they_are_off_while_there_is_nothing_to_move(visit: TabState) -> None:
    assert screen.working(visit, "")["controls"]["off"]
    visit.busy = True
    with pytest.raises(BusyError):
        move(visit, {"values": {"smile": 1}})
    visit.busy = False
    visit.choose(PendingPhoto(np.zeros((100, 120, 3), np.uint8), ()))
    assert screen.controls(visit) == {"values": {}, "off": True, "why": ""}
    with pytest.raises(PhotoError, match="Fit this photo first"):
        move(visit, {"values": {"smile": 1}})
    visit.unfitted = None
    bare = replace(visit.session.subject, rig=None)
    visit.session = replace(visit.session, subject=bare)
    assert screen.controls(visit) == {"values": {}, "off": True, "why": NO_FACE}


def slider(page: Page, name: str) -> Any:
    return page.locator(f"#control-{name}")


@pytest.mark.browser
def test_sliders_work_by_keyboard_and_together_with_drags(visitor: Visitor) -> None:
    page = visitor()
    untouched = result(page)
    smile = slider(page, "smile")
    expect(smile).to_be_enabled()
    smile.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    says(page, messages.MOVED)
    is_at(page, 1)
    is_ready(page)
    expect(page.locator("#canvas .versions button")).to_have_count(2)  # all keys are one edit
    expect(smile).to_be_focused()
    expect(smile).to_have_value("0.6")
    smiling = result(page)
    assert not same(smiling, untouched)
    drag(page)
    expect(smile).to_have_value("0.6")
    for version in (1, 0):
        press(page, "undo")
        is_at(page, version)
    expect(smile).to_have_value("0")
    is_ready(page)
    assert same(result(page), untouched)
    press(page, "redo")
    is_at(page, 1)
    expect(smile).to_have_value("0.6")
    page.get_by_role("button", name="Reset").click()
    is_at(page, 2)
    expect(smile).to_have_value("0")
    is_ready(page)
    assert same(result(page), untouched)


@pytest.mark.browser
def test_they_are_closed_on_a_phone_and_keep_nobody_out(visitor: Visitor) -> None:
    page = visitor(**PHONE)
    expect(slider(page, "smile")).to_be_hidden()
    page.locator("#controls summary").tap()
    for name, control in CONTROLS.items():
        expect(page.get_by_label(control.words, exact=True)).to_have_id(f"control-{name}")
    assert serious_findings(page) == []
