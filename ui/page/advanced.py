"""The part of the page that is closed until somebody wants it: one field for each setting."""

from dataclasses import fields
from typing import Any

import gradio as gr

from editor.search import OPTIONS_SIDE

from .settings import LIMITS, Settings

NAMES = [field.name for field in fields(Settings)]
"""The settings, in the order in which handlers get their values."""


def build() -> dict[str, Any]:
    """The fields by name, with the defaults in them."""
    normal, px = Settings(), f"px of a picture of {OPTIONS_SIDE} px"

    def slider(name: str, words: str) -> gr.Slider:
        least, most, step = LIMITS[name]
        value = getattr(normal, name)
        return gr.Slider(least, most, value, step=step, label=words, elem_id=name)

    def radio(name: str, words: str, choices: list[tuple[str, str]]) -> gr.Radio:
        return gr.Radio(choices, value=getattr(normal, name), label=words, elem_id=name)

    presets = [("As suits the model", "model"), ("As in the paper", "paper")]
    spaces = [("The model's directions", "axes"), ("W+", "w+"), ("W", "w")]
    forms = [("Mean of what is held", "mean"), ("Paper", "paper"), ("Released code", "released")]
    budgets = [("Geometry: ready at once", "geometry"), ("Quick: a similar face", "quick")]
    budgets += [("Balanced", "balanced"), ("Best", "best")]
    algorithms = [("DragGAN", "draggan"), ("FreeDrag", "freedrag")]
    return {
        "preset": radio("preset", "Settings of a drag", presets),
        "space": radio("space", "What of the latent moves", spaces),
        "steps": slider("steps", "Steps of a drag, at most"),
        "rate": slider("rate", "Step size, times the usual"),
        "radius": slider("radius", f"Radius that is pulled, {px}"),
        "search": slider("search", f"Radius that is searched, {px}"),
        "mask_weight": slider("mask_weight", "How hard the rest is held"),
        "mask_form": radio("mask_form", "What is weighed by it", forms),
        "algorithm": radio("algorithm", "Algorithm", algorithms),
        "budget": radio("budget", "Fit", budgets),
        "seed": gr.Number(
            label="Seed (0: another face each time)", precision=0, elem_id="seed", value=None
        ),
        "truncation_psi": slider("truncation_psi", "Truncation of a random face (psi)"),
    }
