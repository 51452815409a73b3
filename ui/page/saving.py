"""What can be saved and opened again."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import gradio as gr

from editor import OutputError, models
from editor.elastic import NONE
from editor.export import morph, save_gif, save_mp4, save_png
from editor.session_file import load_session, save_session

from ..canvas import read_drawn
from ..door.uploads import UPLOADS, Upload, UploadError
from ..work_lock import idle_only
from .handlers import settled
from .messages import what_next
from .screen import Screen, said
from .settings import Settings
from .tab_state import TabState

SLOW, SMOOTH = 12, 25  # pictures between two versions, in a GIF and in an MP4
OPENED = "Opened: everything is as it was when it was saved."
STILL = "There is no motion yet: drag something first."


def _saved(visit: TabState, name: str, write: Callable[[Path], None]) -> Generator[Screen]:
    idle_only(visit)
    yield {"status": said(f"Writing {name} ...", 0.0)}
    file = visit.file(name)
    write(file)
    UPLOADS.lend(visit.guest.address, file)
    yield {"file": gr.DownloadButton(value=str(file)), "status": said(f"{name} is ready.")}


def png(visit: TabState) -> Generator[Screen]:
    """The whole photo."""
    yield from _saved(visit, "dragphoto.png", lambda file: save_png(visit.result(), file))


def gif(visit: TabState) -> Generator[Screen]:
    """The motion of the face through all versions, as a GIF."""
    yield from _morph(visit, "dragphoto.gif", lambda f: save_gif(_frames(visit, SLOW), f))


def mp4(visit: TabState) -> Generator[Screen]:
    """The same as an MP4."""
    yield from _morph(visit, "dragphoto.mp4", lambda f: save_mp4(_frames(visit, SMOOTH), f))


def _frames(visit: TabState, between: int):
    versions = (*visit.session.past, visit.session.now)
    return morph(visit.small, versions, between)


def _morph(visit: TabState, name: str, write: Callable[[Path], None]) -> Generator[Screen]:
    if not visit.session.past:
        raise OutputError(STILL)
    yield from _saved(visit, name, write)


def session(visit: TabState, drawn: Any, *values: Any) -> Generator[Screen]:
    """All of it: photo, fit, versions, what is drawn, and the settings."""
    visit.took(read_drawn(drawn))
    facts = visit.facts | Settings.of(values).facts() | {"model": visit.model}
    name = "dragphoto.safetensors"
    yield from _saved(visit, name, lambda file: save_session(visit.session, facts, file))


def open_file(visit: TabState, upload: Upload | None) -> Generator[Screen]:
    """A session that was saved; its file is deleted once it is read."""
    if upload is None:
        raise UploadError("Choose a saved session first.")
    with upload as file:
        idle_only(visit)
        session, facts = load_session(file)
    model = NONE if session.subject.model == NONE else visit.model
    model = models.names()[0] if model == NONE != session.subject.model else model
    models.engine(model).check(session)
    visit.model = model
    visit.open(session, facts)
    settings = Settings.of_facts(visit.facts).screen()
    yield from settled(visit, f"{OPENED} {what_next(visit)}", settings)
