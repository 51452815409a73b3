"""The public models as a list to press on, with what is asked and said about the one pressed."""

from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from weights.hub.cache import cached
from weights.hub.catalogue import CATALOGUE, PublicModel

from .host import FETCH, may_fetch
from .model_box import ModelBox
from .screen import Screen, said

PRESSED = """element.addEventListener('click', event => {
  const row = event.target.closest('button[data-name]');
  if (!row) return;
  trigger('want', { name: row.dataset.name });
  document.querySelector('#fetched').scrollIntoView({ block: 'nearest' });
});"""
CHOOSE = "Press a model to fetch it to this computer."
OFF = (
    "Models cannot be fetched from this page: whoever hosts it runs "
    f"`dragphoto weights fetch NAME`, or sets {FETCH}=1."
)


def build() -> dict[str, Any]:
    """The parts of the page by name."""
    parts: dict[str, Any] = {"model": ModelBox(label="Model", elem_id="model")}
    answers: list[tuple[str, str, Any]] = [
        ("accept", "Accept the licence and fetch", "primary"),
        ("decline", "Decline", "secondary"),
        ("halt", "Stop fetching", "stop"),
    ]
    with gr.Accordion("Public models", open=False, elem_id="public"):
        parts["fetched"] = gr.HTML(invited(), elem_id="fetched")
        for name, words, kind in answers:
            parts[name] = gr.Button(words, variant=kind, elem_id=name, size="sm", visible=False)
        parts["shelf"] = gr.HTML(
            rows(), js_on_load=PRESSED, elem_id="shelf", apply_default_css=False
        )
    return parts


def invited() -> str:
    """What is said before anything is pressed."""
    return said(CHOOSE if may_fetch() else OFF)


def rows() -> str:
    """A button for each model; those that can neither be used nor fetched cannot be pressed."""
    return f"{_drawings()}<ul>{''.join(map(_row, CATALOGUE))}</ul>"


def subject(model: PublicModel) -> str:
    """What its pictures show, in one word, for which subjects.svg has a drawing."""
    return model.title.split(",")[0].split()[-1].lower()


def answer(words: str, share: float | None = None, *buttons: str, link: str = "") -> Screen:
    """What is said above the list, perhaps with a bar or an address, and the buttons for it."""
    more = f'<a href="{escape(link)}" target="_blank" rel="noopener">{escape(link)}</a>'
    every = {name: gr.Button(visible=name in buttons) for name in ("accept", "decline", "halt")}
    return {**every, "fetched": said(words, share) + (more if link else "")}


@cache
def _drawings() -> str:
    return Path(__file__).with_name("subjects.svg").read_text("utf-8")


def _row(model: PublicModel) -> str:
    here = cached(model) is not None
    off = "" if here or may_fetch() else " disabled"
    facts = f"{model.name}: {model.resolution} px, {model.megabytes} MB"
    return (
        f'<li><button type="button" data-name="{model.name}"{off}>'
        f'<svg aria-hidden="true"><use href="#subject-{subject(model)}"/></svg>'
        f"<span><b>{escape(model.title)}</b>{' <em>here</em>' if here else ''}<br>"
        f"{facts}<br><small>{escape(model.licence.says)}</small></span></button></li>"
    )
