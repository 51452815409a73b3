"""The part of the page that is closed until somebody wants it: one field for each setting."""

from dataclasses import fields
from typing import Any

import gradio as gr

from editor.dragger import OPTIONS_SIDE

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

    spaces = [("W+: layer by layer", "w+"), ("W: all layers together", "w")]
    budgets = [("Geometry: ready at once", "geometry"), ("Quick: a similar face", "quick")]
    budgets += [("Balanced", "balanced"), ("Best", "best")]
    algorithms = [("DragGAN", "draggan"), ("FreeDrag", "freedrag")]
    return {
        "steps": slider("steps", "Steps of a drag, at most"),
        "rate": slider("rate", "Step size"),
        "radius": slider("radius", f"Radius that is pulled, {px}"),
        "search": slider("search", f"Radius that is searched, {px}"),
        "mask_weight": slider("mask_weight", "How hard the rest is held"),
        "space": gr.Radio(spaces, value=normal.space, label="Latent space", elem_id="space"),
        "algorithm": gr.Radio(
            algorithms, value=normal.algorithm, label="Algorithm", elem_id="algorithm"
        ),
        "budget": gr.Radio(budgets, value=normal.budget, label="Fit", elem_id="budget"),
        "seed": gr.Number(
            label="Seed (empty: another face each time)", precision=0, elem_id="seed", value=None
        ),
    }
