"""Named controls of the face beside the canvas: sliders, for who does not want to aim."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import gradio as gr

from drag import EditError
from editor.controls import CONTROLS, Control, checked
from photo import PhotoError

from .. import gpu
from ..canvas import read_drawn
from ..work_lock import alone, by_hand, idle_only
from . import messages
from .handlers import settled
from .screen import Screen, said
from .tab_state import TabState

HERE = Path(__file__).parent
TITLE = "Face: smile, eyes, turn ..."
WRONG = "This control cannot be read: reload the page."


def build() -> dict[str, Any]:
    """The part of the page by its name. It is open where there is room for it."""
    sliders = "".join(_slider(name, control) for name, control in CONTROLS.items())
    return {
        "controls": gr.HTML(
            {"values": {}, "off": True, "why": ""},
            html_template=(
                f'<details><summary>{TITLE}</summary><p class="why" role="note"></p>'
                f'<div class="sliders">{sliders}</div>'
                '<button type="button" disabled>Reset</button></details>'
            ),
            css_template=(HERE / "controls.css").read_text("utf-8"),
            js_on_load=(HERE / "controls.js").read_text("utf-8"),
            apply_default_css=False,
            elem_id="controls",
        )
    }


def _slider(name: str, control: Control) -> str:
    range_ = f'min="{control.least:g}" max="{control.most:g}" step="{control.step:g}"'
    return (
        f'<div><label for="control-{name}">{control.words}</label><output>0</output>'
        f'<input type="range" id="control-{name}" name="{name}" {range_} value="0" disabled></div>'
    )


def move(visit: TabState, drawn: Any, event: gr.EventData) -> Generator[Screen]:
    """Controls were moved: all their values, as the photo was fitted 0."""
    idle_only(visit)
    visit.took(read_drawn(drawn))
    if visit.unfitted is not None:
        raise PhotoError("Fit this photo first, or take it away.")
    values = (event._data or {}).get("values")
    if not isinstance(values, dict):
        raise EditError(WRONG)
    sentence = yield from alone(visit, _moving(visit, checked(values)))
    yield from by_hand(visit, settled(visit, sentence))


def _moving(visit: TabState, values: dict[str, float]) -> Generator[Screen, None, str]:
    yield {"status": said("Moving ...", 0.0)}
    visit.shows(gpu.control(visit.model, visit.session, values))
    return messages.MOVED
