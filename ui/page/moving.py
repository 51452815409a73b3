"""What the page shows of a drag: its handles on their way, and what is left to do."""

from dataclasses import replace
from math import dist
from typing import Any

import gradio as gr
import numpy as np

from drag import State
from editor.dragger import FINISHED
from editor.drawing import Drawing
from editor.session import Version
from editor.view import VIEW_SIDE
from photo.crop import resized
from transfer.handles import MOST_BUMP
from transfer.rig import RIG_SIDE, Rig

from ..picture import data_url
from . import messages
from .screen import Screen, said
from .tab_state import TabState


def led(rig: Rig | None, state: State) -> bool:
    """Whether a photo arrives by its rig, wherever the model has come to."""
    if rig is None or state.end not in FINISHED:
        return False
    return float(state.distances.max()) / state.size[1] < MOST_BUMP * rig.eyes / RIG_SIDE


def step(
    visit: TabState, version: Version | None, state: State, sentence: str, steps: int
) -> Screen:
    """The handles on their way, and the picture where there is a new one."""
    pairs = zip(_on_canvas(state).tolist(), _arrows(visit).tolist(), strict=True)
    track = [
        {"at": at, "target": target, "away": visit.crop.photo_px * dist(at, target)}
        for at, (_, target) in pairs
    ]
    shown: dict[str, Any] = {"track": track}
    if version is not None:
        shown["picture"] = data_url(visit.frame(version))
    share = 1.0 if state.end else state.step / steps
    words_now = messages.PUTTING if state.end else sentence
    return {"canvas": gr.update(**shown), "status": said(words_now, share)}


def _arrows(visit: TabState) -> np.ndarray:
    return np.array(visit.drawn.drawing.drags).reshape(-1, 2, 2)


def _on_canvas(state: State) -> np.ndarray:
    """Where the handles are, in px of the canvas."""
    return resized(state.handles.double().numpy(), state.size[1], VIEW_SIDE)


def remaining(visit: TabState, state: State) -> Drawing:
    """The arrows that have not arrived, from where their handles are now."""
    drawing = visit.drawn.drawing
    if state.end == "arrived":
        return replace(drawing, drags=())
    places = _on_canvas(state).clip(0, VIEW_SIDE - 1)
    pairs = zip(places.round(2).tolist(), _arrows(visit).tolist(), strict=True)
    drags = tuple(((at[0], at[1]), (target[0], target[1])) for at, (_, target) in pairs)
    return replace(drawing, drags=tuple(drag for drag in drags if dist(*drag) > 2))
