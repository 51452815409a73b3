"""What each kind of component may send. A kind that is not listed may send nothing at all."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from ..canvas import DragCanvas
from ..connection import Connection, read_tab
from ..page.model_box import ModelBox
from ..picture import FileBox, PictureBox
from .uploads import UNKNOWN, UPLOADS, UploadError

Check = Callable[[Any, Any, str], Any]
"""(component, what was sent for it, from which address) -> what Gradio goes on with."""
FILE_WORDS = {"path", "url"}  # whatever holds one of them is taken for a file
WRONG = "A field holds something that it cannot hold: reload the page."


def checked(components: list[Any], sent: list[Any], address: str) -> list[Any]:
    """The inputs of an event as they may be used; the last ones of the HTTP API, and
    which tab it is, may be left out.

    Raises:
        UploadError: they name files that this address has not sent, are too few or too many, or
            are of another kind than their components.
    """
    if all(isinstance(part, Api | Connection) for part in components):
        sent = [*sent, *[None] * (len(components) - len(sent))]
    if len(sent) != len(components):
        raise UploadError(f"This takes {len(components)} values, not {len(sent)}.")
    pairs = zip(components, sent, strict=True)
    return [_kind(part)(part, value, address) for part, value in pairs]


def _kind(component: Any) -> Check:
    check = next((KINDS[kind] for kind in type(component).__mro__ if kind in KINDS), None)
    if check is None:
        raise UploadError(WRONG)
    return check


def _number(_: Any, value: Any, __: str) -> Any:
    if value is not None and type(value) not in (int, float):
        raise UploadError(WRONG)
    return value


def _slider(slider: Any, value: Any, address: str) -> Any:
    if value is None:
        raise UploadError("A field under Advanced is empty: put a number in it.")
    return _number(slider, value, address)


def _choice(component: Any, value: Any, _: str) -> Any:
    if value is not None and value not in [choice for _, choice in component.choices]:
        raise UploadError(WRONG)
    return value


def _file(_: Any, value: Any, address: str) -> Any:
    return None if value is None else _admitted(value, address)


def _anything(_: Any, value: Any, address: str) -> Any:
    """Any JSON; what looks like a file must be one that was sent."""
    if isinstance(value, dict):
        if FILE_WORDS & value.keys():
            return _admitted(value, address)
        return {name: _anything(_, part, address) for name, part in value.items()}
    if isinstance(value, list):
        return [_anything(_, part, address) for part in value]
    return value


def _tab(_: Any, value: Any, __: str) -> list[str]:
    tab = read_tab(value)
    if tab is None:
        raise UploadError(WRONG)
    return list(tab)


def _admitted(value: Any, address: str) -> dict[str, Any]:
    """The file as Gradio writes it, with nothing in it that has not been checked."""
    if not isinstance(value, dict):
        raise UploadError(UNKNOWN)
    upload = UPLOADS.admit(value.get("path"), address)
    return gr.FileData(path=str(upload.file), orig_name=upload.file.name).model_dump()


KINDS: dict[type, Check] = {
    gr.Slider: _slider, gr.Number: _number, gr.Radio: _choice, ModelBox: _choice,
    PictureBox: _file, FileBox: _file, DragCanvas: _anything, Api: _anything,
    Connection: _tab,
}  # fmt: skip
