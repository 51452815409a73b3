"""What the page shows after an event: one place decides which buttons can be pressed."""

from html import escape
from typing import Any

import gradio as gr

from editor import models
from editor.controls import NO_FACE
from editor.view import VIEW_SIDE
from photo import Sent

from ..canvas import write_drawn
from ..picture import PictureBox, data_url, reduced
from .preview import head
from .settings import Settings
from .tab_state import PHOTO_SIDE, TabState

RESULT_SIDE = 1280  # px of the longer side of the result on the page; the download has them all

Screen = dict[str, Any]
"""New contents by the name of a part of the page; the rest stays as it is."""


def canvas(visit: TabState) -> Any:
    """The face with its arrows, or the photo with its marks, to draw on."""
    visit.serial += 1
    shown: dict[str, Any] = {
        "value": write_drawn(visit.drawn, visit.serial), "track": [], "busy": False,
    }  # fmt: skip
    if visit.unfitted is None:
        now, own = visit.frame(visit.session.now), visit.pixels == "photo"
        shown |= {
            "scene": "drag", "picture": data_url(now), "before": data_url(visit.small.photo),
            "width": VIEW_SIDE, "height": VIEW_SIDE, "photo_px": visit.crop.photo_px, "faces": [],
            "versions": visit.strip(), "now": len(visit.session.past),
            "preview": head(visit.session.subject, visit.session.now) if own else {},
        }  # fmt: skip
    else:
        photo = visit.unfitted.photo
        height, width = photo.shape[:2]
        shown |= {
            "scene": "fit", "picture": data_url(reduced(photo, PHOTO_SIDE)), "before": "",
            "width": width, "height": height, "photo_px": 1.0, "versions": [], "now": 0,
            "preview": {}, "faces": [list(map(list, face)) for face in visit.unfitted.faces],
        }  # fmt: skip
    return gr.update(**shown)


def buttons(visit: TabState) -> Screen:
    """Every button and choice, there where it can do something now."""
    dragging = visit.unfitted is None
    screen: Screen = {
        "fit": gr.Button(visible=not dragging, interactive=True),
        "back": gr.Button(visible=not dragging or visit.earlier is not None, interactive=True),
        "drag": gr.Button(visible=dragging, interactive=True),
        "refit": gr.Button(interactive=dragging),
        "another": gr.Button(visible=dragging and visit.faces > 1, interactive=True),
        "stop": gr.Button(interactive=False),
        "model": gr.update(choices=models.choices(), value=visit.model, interactive=True),
        "pixels": gr.Radio(value=visit.pixels, interactive=True),
    }
    others = (
        "astronaut",
        "ready",
        "random",
        "open",
        "other",
        "png",
        "gif",
        "mp4",
        "session",
        "forget",
    )
    return screen | {name: gr.Button(interactive=True) for name in others}


def controls(visit: TabState, busy: bool = False) -> dict[str, Any]:
    """The values of the face's controls, whether they are off, and why there are none."""
    fitted = visit.unfitted is None
    why = NO_FACE if fitted and visit.session.subject.rig is None else ""
    values = dict(visit.session.now.controls) if fitted else {}
    return {"values": values, "off": busy or not fitted or bool(why), "why": why}


def idle(visit: TabState, words: str) -> Screen:
    """Nothing is running: the canvas can be drawn on, and the buttons can be pressed."""
    shown = {"canvas": canvas(visit), "status": said(words), "controls": controls(visit)}
    return {**shown, **buttons(visit), **_suited(visit)}


def _suited(visit: TabState) -> Screen:
    """The settings of a drag, where the page shows those of another model."""
    if visit.suits == visit.model:
        return {}
    visit.suits = visit.model
    return {"preset": "model", **Settings.suited(models.engine(visit.model).search())}


def unchanged(visit: TabState, words: str) -> Screen:
    """Nothing is running any more; what is drawn stays as it is in the browser."""
    still = {"canvas": gr.update(busy=False, track=[]), "controls": controls(visit)}
    return {**still, "status": said(words), **buttons(visit)}


def working(visit: TabState, words: str) -> Screen:
    """Something is running: only Stop can be pressed."""
    off: Screen = {name: gr.update(interactive=False) for name in buttons(visit)}
    off["controls"] = controls(visit, busy=True)
    still = gr.update(busy=True, track=[])
    return {**off, "canvas": still, "stop": gr.Button(interactive=True), "status": said(words, 0.0)}


def result(picture: Sent) -> Screen:
    """The whole photo, edited."""
    height, width = picture.shape[:2]
    label = f"Your whole photo, {width} x {height} px"
    return {"result": PictureBox(reduced(picture, RESULT_SIDE), label=label)}


def said(words: str, share: float | None = None) -> str:
    """The status line; with a bar while work is in progress."""
    hidden = ' class="off"' if share is None else ""
    bar = f'<progress value="{share or 0:.3f}" max="1" aria-label="Progress"{hidden}></progress>'
    return f'<div role="status" aria-live="polite">{escape(words)}</div>{bar}'
