"""Serves the HTTP API and nothing else, with few steps."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import inversion
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions, start
from ui import gpu
from ui.api import routes
from ui.door import page as page_module
from ui.door.folder import private_folder
from ui.door.page import Page, launch_options
from ui.door.uploads import UPLOADS
from ui.page.tabs import OPEN_TABS

start.START_SAMPLES, start.SHORTLIST = 48, 2  # fits begin with fewer random faces: it is quicker
FOLDER = Path(tempfile.gettempdir())
FAULTY, LONG, MANY = 12, 13, 77  # seeds
STEPS = {"quick": 4, "balanced": 6, "best": 8}  # the better, the more
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
    if name == "geometry":
        options = BUDGETS[name]
        return replace(options, project=replace(options.project, seed=seed))
    project = ProjectOptions(steps=STEPS[name], seed=seed)
    return InvertOptions(project, TuneOptions(steps=0 if name == "quick" else 2, moves=1))


def fitted(model: str, image: Any, options: InvertOptions, every: int) -> Any:
    many = replace(options, project=replace(options.project, steps=20_000))
    return fit(model, image, many if options.project.seed == MANY else options, every)


gpu.picture, gpu.fit, inversion.budget = drawn, fitted, few
gpu.SHORT.places = gpu.LONG.places = 1  # so that somebody waits


def swept(now: float | None = None) -> None:
    """As if an hour had passed, if the test says so."""
    sweep(time.monotonic() + 3600 if (FOLDER / "time passes").exists() else now)


sweep, UPLOADS.sweep = UPLOADS.sweep, swept
page_module.SWEEP_SECONDS = 0.5
private_folder()
with Page(analytics_enabled=False) as page:
    routes.register()
page.launch(quiet=True, **launch_options(page, OPEN_TABS))
