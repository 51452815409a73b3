"""Public models: one press asks about the licence, fetches the model and uses it."""

from collections.abc import Generator
from contextlib import closing
from threading import Event
from typing import Any

import gradio as gr

from editor import models
from editor.machine.shortage import BusyError
from weights.files import WeightsError
from weights.hub.cache import accept, accepted, cached
from weights.hub.catalogue import PublicModel, public
from weights.hub.downloads import watch
from weights.hub.fetch import fetched_bytes

from .host import may_fetch
from .screen import Screen
from .shelf import CHOOSE, OFF, answer, rows
from .tab_state import TabState
from .work import use

AGREE = "{} is under the {}: {}. Read it, and accept it if you may use the model so:"
FETCHING = "Fetching {}: {:.0f} of {:.0f} MB ..."
STOPPED = "Stopped: {:.1f} of {:.0f} MB of {} are kept. Press it again to go on."
HERE = "{} is here, and in use."
LATER = "{} is here: choose it under Model."
TWICE = "A model is being fetched for this tab already: wait for it, or stop it."


def want(visit: TabState, event: gr.EventData, *values: Any) -> Generator[Screen]:
    """A model of the list was pressed; ``values`` are the settings."""
    model = public(str((event._data or {}).get("name"))[:100])
    if cached(model) is not None:
        yield from _used(visit, model, values)
    elif not may_fetch():
        raise WeightsError(OFF)
    elif visit.fetching is not None:
        raise BusyError(TWICE)
    elif accepted(model.licence):
        yield from _fetched(visit, model, values)
    else:
        visit.wanted, terms = model.name, model.licence
        words = AGREE.format(model.name, terms.name, terms.says)
        yield answer(words, None, "accept", "decline", link=terms.url)


def agree(visit: TabState, *values: Any) -> Generator[Screen]:
    """The licence of the model that was pressed last is accepted, for this computer."""
    if not may_fetch():
        raise WeightsError(OFF)
    if visit.fetching is not None:
        raise BusyError(TWICE)
    model = public(visit.wanted)
    accept(model.licence)
    yield from _fetched(visit, model, values)


def decline(visit: TabState) -> Generator[Screen]:
    """It is not: nothing is fetched."""
    visit.wanted = ""
    yield answer(f"Nothing was fetched. {CHOOSE}")


def halt(visit: TabState) -> Screen:
    """Leave the download; who waits for the same model is not disturbed."""
    if visit.fetching is not None:
        visit.fetching.set()
    return {"halt": gr.Button(visible=False)}


def _fetched(visit: TabState, model: PublicModel, values: tuple[Any, ...]) -> Generator[Screen]:
    """Fetch it, and use it unless something else was done meanwhile."""
    before = visit.session, visit.unfitted
    try:
        yield from _watched(visit, model)
    except WeightsError as error:
        yield answer(str(error))
        return
    if cached(model) is None:
        kept = fetched_bytes(model) / 1e6
        yield answer(STOPPED.format(kept, model.megabytes, model.name))
    elif visit.busy or (visit.session, visit.unfitted) != before:
        yield answer(LATER.format(model.name)) | {
            "shelf": rows(), "model": gr.update(choices=models.names()),
        }  # fmt: skip
    else:
        yield from _used(visit, model, values)


def _watched(visit: TabState, model: PublicModel) -> Generator[Screen]:
    """How far the download is, until it is here or this tab has left it."""
    visit.fetching = stop = Event()
    try:
        with closing(watch(model)) as looks:
            for done, total in looks:
                if stop.is_set():
                    return
                words = FETCHING.format(model.name, done / 1e6, total / 1e6)
                yield answer(words, done / total, "halt")
    finally:
        visit.fetching = None


def _used(visit: TabState, model: PublicModel, values: tuple[Any, ...]) -> Generator[Screen]:
    yield answer(HERE.format(model.name)) | {"shelf": rows()}
    yield from use(visit, model.label, *values)
