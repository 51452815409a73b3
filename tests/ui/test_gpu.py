"""Which backend does this app's work, and how much at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import skimage.data

from drag import Edit
from editor import models
from editor.backend.job import Job
from editor.backend.threads import Hands
from editor.elastic import NONE, Elastic
from ui import gpu
from ui.gpu import LONG, SHORT, WORK, WORKERS, Place

ROOT = Path(__file__).parents[2]
PHOTO = skimage.data.astronaut()


@pytest.mark.parametrize("said", ["", "0", "many", "-2"])
def test_threads_of_this_process_do_it_unless_somebody_wants_others(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKERS, said)
    place = gpu.chosen()
    assert isinstance(place.backend, Hands)
    assert place.short >= place.long == place.backend.hands


class Counted:
    """Stands for processes."""

    def __init__(self, count: int):
        self.count = count

    def __call__(self, job: Job) -> Iterator[Any]:
        yield PHOTO


@pytest.mark.parametrize(("count", "fits"), [(1, 1), (3, 2)])
def test_processes_do_it_where_the_host_wants_it(
    count: int, fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit leaves one of them to what is short."""
    monkeypatch.setenv(WORKERS, str(count))
    monkeypatch.setattr(gpu, "Workers", Counted)
    place = gpu.chosen()
    assert (place.short, place.long) == (count, fits)
    (made,) = place.backend(Job(NONE, Elastic.drag, ()))
    assert made is PHOTO


FACES = """
from editor import models
from ui import gpu
face = gpu.face(models.names()[0], 3)
assert not models._kept, "the page itself makes no network"
print(float(face.now.ws.sum()))
"""


def test_a_page_whose_work_processes_do_works_as_any_other() -> None:
    variables = os.environ | {WORKERS: "1"}
    done = subprocess.run(
        [sys.executable, "-c", FACES], cwd=ROOT, env=variables, capture_output=True, text=True,
        check=True, timeout=300,
    )  # fmt: skip
    here = float(models.faces().face(3).now.ws.sum())
    assert float(done.stdout) == pytest.approx(here, rel=1e-5)  # of several threads: not its bits
    assert done.stderr == "", "and it ends in peace"


def test_work_can_move(monkeypatch: pytest.MonkeyPatch) -> None:
    for part, name in ((WORK, "backend"), (SHORT, "places"), (LONG, "places")):
        monkeypatch.setattr(part, name, getattr(part, name))  # put back at the end
    gpu.move_to(Place(Counted(7), 7, 5))
    assert (SHORT.places, LONG.places) == (7, 5)
    assert gpu.picture("any", 1, 0.5) is PHOTO


def test_without_a_model_a_photo_is_pulled_right_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WORK, "backend", None)  # nobody is asked
    engine = models.engine(NONE)
    assert isinstance(engine, Elastic)
    assert NONE not in models.names()
    assert models.named(NONE) == NONE
    session = engine.open(PHOTO)
    edit = Edit.between(PHOTO.shape[:2], [((60.0, 60.0), (66.0, 60.0))])
    *_, last = gpu.drag(NONE, session, edit, engine.search())
    assert last.state.end == "arrived"
    assert last.version is not None
