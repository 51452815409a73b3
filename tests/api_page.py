"""Serves the HTTP API and nothing else, with few steps."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

import inversion
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from ui import api, gpu

FOLDER = Path(tempfile.gettempdir())
FAULTY, LONG, MANY = 12, 13, 77  # seeds
STEPS = dict(zip(BUDGETS, (4, 6, 8), strict=True))  # the better, the more
picture, fit = gpu.picture, gpu.fit


def drawn(model: str, seed: int, truncation_psi: float) -> Any:
    if seed == FAULTY:
        raise RuntimeError("a secret of the program")
    if seed == LONG:
        (FOLDER / "drawing").touch()
        while not (FOLDER / "go on").exists():
            time.sleep(0.1)
    return picture(model, seed, truncation_psi)


def few(name: str, seed: int) -> InvertOptions:
    project = ProjectOptions(steps=STEPS[name], seed=seed)
    return InvertOptions(project, TuneOptions(steps=0 if name == "quick" else 2, moves=1))


def fitted(model: str, image: Any, options: InvertOptions, every: int) -> Any:
    many = replace(options, project=replace(options.project, steps=2000))
    return fit(model, image, many if options.project.seed == MANY else options, every)


gpu.picture, gpu.fit, inversion.budget = drawn, fitted, few
with gr.Blocks(analytics_enabled=False, delete_cache=(1, 10)) as page:
    api.register()
page.queue().launch(quiet=True, run_history=False)
