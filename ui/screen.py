"""What the page shows after an event: one place decides which buttons can be pressed."""

from html import escape
from typing import Any

import gradio as gr

from editor.output import Picture

from .picture import PictureBox, reduced
from .visit import Visit

RESULT_SIDE = 1280  # px of the longer side of the result on the page; the download has them all

Screen = dict[str, Any]
"""New contents by the name of a part of the page; the rest stays as it is."""


def buttons(visit: Visit) -> Screen:
    """Every button, enabled where it can do something now."""
    session, marking = visit.session, visit.marking
    dragging = marking is None
    marks = () if marking is None else marking.marks
    able = {
        "fit": marking is not None and marking.complete,
        "mark": dragging or len(marks) > 0,
        "drag": dragging and len(session.clicks) >= 2 and len(session.clicks) % 2 == 0,
        "undo": not dragging or bool(session.clicks or session.past),
        "redo": dragging and bool(session.future),
        "clear": dragging and bool(session.clicks),
    }
    screen: Screen = {name: gr.Button(interactive=on) for name, on in able.items()}
    return {**screen, "stop": gr.Button(interactive=False)}


def idle(visit: Visit, words: str) -> Screen:
    """Nothing is running: the canvas with its points, and the buttons."""
    return {"canvas": visit.canvas(), "status": said(words), **buttons(visit)}


def working(visit: Visit, words: str) -> Screen:
    """Something is running: only Stop can be pressed."""
    off: Screen = {name: gr.Button(interactive=False) for name in buttons(visit)}
    save = gr.DownloadButton(interactive=False)
    return {**off, "save": save, "stop": gr.Button(interactive=True), "status": said(words, 0.0)}


def result(picture: Picture) -> Screen:
    """The whole photo, edited; its download follows."""
    height, width = picture.shape[:2]
    label = f"Your whole photo, {width} x {height} px"
    small = reduced(picture, RESULT_SIDE)[0]
    return {"result": PictureBox(small, label=label), "save": gr.DownloadButton(interactive=False)}


def download(file: str) -> Screen:
    """The button that saves the result."""
    return {"save": gr.DownloadButton(value=file, interactive=True)}


def said(words: str, share: float | None = None) -> str:
    """The status line; with a bar while work is in progress."""
    hidden = ' class="off"' if share is None else ""
    bar = f'<progress value="{share or 0:.3f}" max="1"{hidden}></progress>'
    return f'<div role="status" aria-live="polite">{escape(words)}</div>{bar}'
