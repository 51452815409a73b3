"""The app as it is, but its fits take fewer steps, and three things can be made to happen.

A photo of 77 x 77 px finds a fault of ours; a drag of at most 300 steps shows 40 pictures, one of
at most 290 never ends, nor does the best fit. Work that no page follows soon gives way to others.
One drag and one fit are done at a time.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

import app
from editor.search import Search
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions, start
from ui import gpu
from ui.page import handlers, settings, tabs

read, drag = handlers.read_photo, gpu.drag
FORTY, ENDLESS = 300, 290
STEPS = {"quick": 12, "balanced": 60, "best": 5000}


def few(budget: str, seed: int) -> InvertOptions:
    if budget == "geometry":
        return BUDGETS[budget]
    tuning = TuneOptions(steps=2 if budget == "quick" else 6, moves=2)
    return InvertOptions(ProjectOptions(steps=STEPS[budget], seed=seed), tuning)


def faulty(file: Any) -> Any:
    photo = read(file)
    if photo.shape[:2] == (77, 77):
        raise RuntimeError("a secret of the program")
    return photo


def staged(model: str, session: Any, edit: Any, search: Search) -> Iterator[Any]:
    """The real thing, or the first picture of it again and again, always a little further."""
    work, steps = drag(model, session, edit, search), search.options.steps
    if steps not in (FORTY, ENDLESS):
        yield from work
        return
    moved = next(item for item in work if item.version is not None)
    change = moved.version.change
    for number in range(1, 41) if steps == FORTY else count(1):
        aside = change.vertices + np.array([number % 50 / 10, 0, 0])
        end = "steps" if steps == FORTY and number == 40 else ""
        state = replace(moved.state, step=number, end=end)
        yield replace(
            moved,
            state=state,
            version=replace(moved.version, change=replace(change, vertices=aside)),
        )
        time.sleep(0.03 if steps == FORTY else 0.2)


tabs.ALONE_SECONDS = gpu.SHORT.places = gpu.LONG.places = 1
handlers.read_photo, gpu.drag, settings.budget = faulty, staged, few
start.START_SAMPLES = 32  # of 256

if __name__ == "__main__":
    app.main()
