"""What can be saved and opened again."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import gradio as gr

from editor import OutputError
from editor.morph import morph
from editor.opening import open_session
from editor.output import save_gif, save_mp4, save_png
from editor.saved import save_session

from . import models
from .canvas import read_drawn
from .handlers import settled
from .screen import Screen, said
from .settings import Settings
from .turn import idle_only
from .visit import Visit
from .words import what_next

SLOW, SMOOTH = 12, 25  # pictures between two versions, in a GIF and in an MP4
OPENED = "Opened: everything is as it was when it was saved."
STILL = "There is no motion yet: drag something first."


def _saved(visit: Visit, name: str, write: Callable[[Path], None]) -> Generator[Screen]:
    idle_only(visit)
    yield {"status": said(f"Writing {name} ...", 0.0)}
    file = visit.file(name)
    write(file)
    yield {"file": gr.DownloadButton(value=str(file)), "status": said(f"{name} is ready.")}


def png(visit: Visit) -> Generator[Screen]:
    """The whole photo."""
    yield from _saved(visit, "dragphoto.png", lambda file: save_png(visit.result(), file))


def gif(visit: Visit) -> Generator[Screen]:
    """The motion of the face through all versions, as a GIF."""
    yield from _morph(visit, "dragphoto.gif", lambda f: save_gif(_frames(visit, SLOW), f))


def mp4(visit: Visit) -> Generator[Screen]:
    """The same as an MP4."""
    yield from _morph(visit, "dragphoto.mp4", lambda f: save_mp4(_frames(visit, SMOOTH), f))


def _frames(visit: Visit, between: int):
    versions = (*visit.session.past, visit.session.now)
    return morph(visit.small, versions, between)


def _morph(visit: Visit, name: str, write: Callable[[Path], None]) -> Generator[Screen]:
    if not visit.session.past:
        raise OutputError(STILL)
    yield from _saved(visit, name, write)


def session(visit: Visit, drawn: Any, *values: Any) -> Generator[Screen]:
    """All of it: photo, fit, versions, what is drawn, and the settings."""
    visit.took(read_drawn(drawn))
    facts = visit.facts | Settings.of(values).facts() | {"model": visit.model}
    name = "dragphoto.safetensors"
    yield from _saved(visit, name, lambda file: save_session(visit.session, facts, file))


def open_file(visit: Visit, file: str) -> Generator[Screen]:
    """A session that was saved; its file is deleted once it is read."""
    try:
        idle_only(visit)
        name = visit.model
        visit.open(*open_session(models.engine(name), Path(file)))
    finally:
        Path(file).unlink(missing_ok=True)
    settings = Settings.of_facts(visit.facts).screen()
    yield from settled(visit, f"{OPENED} {what_next(visit)}", settings)
