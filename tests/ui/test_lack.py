"""Work that loses its GPU, or its worker, on the way: what has come is kept, and why is said."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from worlds import small_generator

from editor import models
from editor.backend.job import Job, LostWorkError, perform
from editor.machine.shortage import ShortageError
from inversion import InvertOptions, ProjectOptions, TuneOptions
from ui import gpu
from ui.canvas import write_drawn
from ui.lent import LOST
from ui.page import handlers, messages, settings, work
from ui.page.settings import Settings
from ui.page.tab_state import PendingPhoto, TabState
from ui.page.work import kept_so_far
from weights.formats import Model, save

NOSE = [256, 322, 276, 314]
VALUES = tuple(vars(Settings(steps=10)).values())


@pytest.fixture
def visit() -> Iterator[TabState]:
    visit = handlers.fresh()
    yield visit
    visit.close()


@pytest.fixture
def lost_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, Exception], None]]:
    """Has the GPU taken away after so many items of the next piece of work."""
    whole = gpu.WORK.backend
    ended: list[bool] = []

    def lose(count: int, error: Exception) -> None:
        def run(job: Job) -> Generator[Any, None, None]:
            monkeypatch.setattr(gpu.WORK, "backend", whole)
            try:
                for number, item in enumerate(perform(job)):
                    if number == count:
                        raise error
                    yield item
            finally:
                ended.append(True)

        monkeypatch.setattr(gpu.WORK, "backend", run)

    yield lose
    assert ended == [True]


def last_said(screens: Iterator[dict[str, Any]]) -> str:
    said = ""
    for screen in screens:
        said = screen.get("status", said)
    return said


def drag(visit: TabState) -> Iterator[dict[str, Any]]:
    return work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES)


@pytest.mark.parametrize("error", [ShortageError(LOST), LostWorkError()])
def test_a_drag_keeps_how_far_it_came(
    visit: TabState, lost_after: Callable[..., None], error: Exception
) -> None:
    lost_after(9, error)
    said = last_said(drag(visit))
    assert f"{error} {messages.STOPPED}" in said
    assert not visit.busy
    assert len(visit.session.past) == 1
    assert not same_photo(visit), "the photo has moved"
    ((handle, target),) = visit.drawn.drawing.drags
    assert target == (276.0, 314.0)
    assert 256 < handle[0] < 276, "the rest of the way is left to be dragged"
    said = last_said(drag(visit))
    assert str(error) not in said
    assert len(visit.session.past) == 2


def same_photo(visit: TabState) -> bool:
    return np.array_equal(visit.result(), visit.session.subject.photo)


def test_a_drag_that_cannot_begin_changes_nothing(
    visit: TabState, lost_after: Callable[..., None]
) -> None:
    lost_after(0, ShortageError(LOST))
    with pytest.raises(ShortageError, match=LOST):
        list(drag(visit))
    assert not visit.busy
    assert visit.session.past == ()
    assert same_photo(visit)
    assert messages.STOPPED not in last_said(drag(visit))
    assert len(visit.session.past) == 1


@pytest.fixture
def fit(
    visit: TabState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Iterator[dict[str, Any]]]:
    """Fits a photo with a small model, in few steps."""
    monkeypatch.setenv(models.FOLDER, str(tmp_path))
    monkeypatch.setattr(models, "_kept", {})
    save(Model(small_generator(), 16, domain="square"), tmp_path / "own.safetensors")
    list(work.use(visit, models.names()[1], *VALUES))
    few = InvertOptions(ProjectOptions(steps=5), TuneOptions(steps=2, moves=1))
    monkeypatch.setattr(settings, "budget", lambda name, seed: few)

    def fit() -> Iterator[dict[str, Any]]:
        visit.choose(PendingPhoto(skimage.data.astronaut(), ()))
        box = write_drawn(visit.drawn, 0) | {"kind": "box", "box": [110, 0, 230]}
        return work.fit(visit, box, *VALUES)

    return fit


def test_a_fit_keeps_what_came(
    visit: TabState, fit: Callable[..., Any], lost_after: Callable[..., None]
) -> None:
    before = visit.session.subject
    lost_after(3, ShortageError(LOST))
    said = last_said(fit())
    assert f"{LOST} Stopped early: the fit so far is " in said
    assert visit.unfitted is None
    assert visit.session.subject is not before
    assert visit.facts["fit_steps"] < 7
    assert not visit.busy
    said = last_said(fit())
    assert LOST not in said
    assert "Ready: the fit" in said
    assert visit.facts["fit_steps"] == 7


def test_a_photo_whose_fit_cannot_begin_waits_on(
    visit: TabState, fit: Callable[..., Any], lost_after: Callable[..., None]
) -> None:
    before = visit.session
    lost_after(0, ShortageError(LOST))
    with pytest.raises(ShortageError, match=LOST):
        list(fit())
    assert visit.unfitted is not None
    assert visit.session is before
    assert not visit.busy


def test_faults_and_what_the_user_can_mend_are_not_kept_quiet(visit: TabState) -> None:
    ended: list[bool] = []

    def items(error: Exception) -> Generator[int, None, None]:
        try:
            yield 1
            raise error
        finally:
            ended.append(True)

    for error in (RuntimeError("ours"), ValueError("theirs")):
        kept = kept_so_far(visit, items(error))
        assert next(kept) == 1
        with pytest.raises(type(error)):
            next(kept)
        assert visit.lack == ""
    kept = kept_so_far(visit, items(ShortageError(LOST)))
    assert list(kept) == [1]
    assert visit.lack == LOST
    kept = kept_so_far(visit, items(ShortageError(LOST)))
    next(kept)
    kept.close()
    assert ended == [True] * 4
