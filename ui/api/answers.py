"""What the HTTP API answers with: figures, and files that only who asked may fetch."""

import time
from pathlib import Path
from typing import Any

import gradio as gr

from editor.dragger import DragStep
from editor.export import save_png
from editor.session import Session
from editor.session_file import save_session
from photo import Sent
from photo.crop import Crop

from ..door.guest import Guest
from ..door.uploads import UPLOADS

Told = dict[str, float | str]
"""Figures by name."""


def how_far(moved: DragStep, session: Session) -> Told:
    """How a drag goes, in px of the photo."""
    crop = Crop(session.subject.quad, moved.state.size[1])
    away = crop.photo_px * float(moved.state.distances.max())
    return {"steps": moved.state.step, "px_to_go": round(away, 2)}


def since(begun: float) -> float:
    """Seconds from then to now."""
    return round(time.monotonic() - begun, 2)


def saved(guest: Guest, session: Session, facts: dict[str, float | int | str]) -> dict[str, Any]:
    """A session as a file that only who asked may fetch."""
    file = UPLOADS.result(guest.address, ".safetensors")
    save_session(session, facts, file)
    return _sent(file)


def shown(guest: Guest, picture: Sent) -> dict[str, Any]:
    """A picture as a file that only who asked may fetch."""
    file = UPLOADS.result(guest.address, ".png")
    save_png(picture, file)
    return _sent(file)


def _sent(file: Path) -> dict[str, Any]:
    return gr.FileData(path=str(file), orig_name=file.name).model_dump()
