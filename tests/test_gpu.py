"""Work on a GPU that is lent: what crosses to the borrower and back, and that nothing else does."""

import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import borrower
import numpy as np
import pytest
import spaces
import torch
from borrower import DRAG, EDIT, INVERT, MODEL, PHOTO, QUAD
from lender import lender, run

from drag import EditError
from editor.dragging import DRAG_OPTIONS
from editor.engine import Engine
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from ui import gpu, models

MOST_BYTES = 3_000_000
MOST_BYTES_TUNED = 12_000_000  # with what bends a model of 4.3 million weights to the photo
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def done() -> tuple[Any, ...]:
    """The work, done in this process."""
    return borrower.work()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    return one == other


def crossed(value: Any, sizes: dict[str, int]) -> Any:
    """The value after a way through a queue between processes."""
    data = bytes(ForkingPickler.dumps(value))
    name = type(value).__name__
    sizes[name] = max(sizes.get(name, 0), len(data))
    return ForkingPickler.loads(data)


def test_what_goes_in_and_what_comes_out_can_cross(
    done: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: dict[str, int] = {}

    def across(job: Any) -> Iterator[Any]:
        for item in gpu._work(crossed(job, sizes)):
            yield crossed(item, sizes)

    monkeypatch.setattr(gpu, "_run", across)
    again = borrower.work()
    print("bytes at most:", sizes)
    assert same(done, again)
    assert sizes.pop("Fitted") < MOST_BYTES_TUNED
    assert sizes.pop("_Drag") < MOST_BYTES_TUNED
    assert sizes.keys() == {"_Fit", "_Face", "_Picture", "Moved", "Session", "ndarray"}
    assert max(sizes.values()) < MOST_BYTES


def test_a_plain_fit_is_light(done: tuple[Any, ...]) -> None:
    light = [fit for fit in done[0] if fit.inversion.stage == "project"]
    assert len(light) == 5
    picture = 3 * models.engine(MODEL).side ** 2
    assert max(len(ForkingPickler.dumps(gpu._packed(fit))) for fit in light) < picture + 20_000


def test_a_large_photo_and_its_history_stay_here(
    done: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def across(job: Any) -> Iterator[Any]:
        sent.append(len(ForkingPickler.dumps(job)))
        return gpu._work(job)

    session, version = done[1], done[2][-1].version
    large = np.zeros((5000, 8000, 3), np.uint8)
    large[: len(PHOTO), : len(PHOTO[0])] = PHOTO
    old = replace(session, subject=replace(session.subject, photo=large, delta={}))
    for _ in range(30):
        old = old.moved(version)
    monkeypatch.setattr(gpu, "_run", across)
    assert next(gpu.drag(MODEL, old, EDIT, DRAG)).state.step == 0
    assert sent[0] < MOST_BYTES


def test_pictures_come_every_few_steps_and_at_last(done: tuple[Any, ...]) -> None:
    fits = done[0]
    assert {fit.inversion.stage for fit in fits} == {"project", "tune"}
    shown = [fit.inversion.step for fit in fits if fit.picture is not None]
    assert [fit.inversion.step for fit in fits] == list(range(7))
    assert shown == [0, 2, 4, 6]
    last = fits[-1].inversion
    assert same(fits[-1].picture, models.engine(MODEL).picture(last.ws, last.delta))


def test_the_work_is_what_the_engine_does(done: tuple[Any, ...]) -> None:
    fits, session, moves, face, picture = done
    engine = models.engine(MODEL)
    assert same([fit.inversion for fit in fits], list(engine.invert(PHOTO, QUAD, INVERT)))
    assert same(moves, list(engine.drag(session, EDIT, DRAG)))
    assert same(face, engine.face(borrower.FACE))
    assert same(picture, engine.random(borrower.FACE, 0.5))
    together = list(gpu.drag(MODEL, session, EDIT, DRAG, "w"))
    assert same(together, list(engine.drag(session, EDIT, DRAG, "w")))
    assert together[-1].state.latent.shape[0] == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GPUs are lent on Linux only")
def test_with_the_real_package_where_gpus_are_lent(done: tuple[Any, ...], tmp_path: Path) -> None:
    with lender() as (url, asked):
        facts = run(HERE / "borrower.py", url, tmp_path)
    print({name: value for name, value in facts.items() if name != "figures"})
    assert facts["device"] == "cuda"
    assert facts["figures"] == borrower.figures(*done)  # as on the CPU of this process, bit by bit
    assert facts["face"] == facts["figures"]["face"][1]
    assert facts["error"] == ["WeightsError", "There is no model Nobody here: choose another one."]
    assert facts["closed"] < 5  # 300 steps would take longer
    assert facts["spent"] < 0.3
    assert facts["handles"] < 40
    assert len(facts["workers"]) == 1
    assert not Path(f"/proc/{facts['workers'][0]}").exists()
    paths = [path for path, _ in asked]
    assert paths.count("/schedule") == paths.count("/release") == 7
    assert paths.count("/allow") == 1  # one borrower for all the work
    assert all(query["fail"] == "false" for path, query in asked if path == "/release")
    times = [int(query["durationSeconds"]) for path, query in asked if path == "/schedule"]
    assert times == [10, 10, 10, 10, 30, 10, 10]


def test_a_gpu_is_asked_for_no_longer_than_needed() -> None:
    image = torch.zeros(3, 8, 8)
    plain = InvertOptions(ProjectOptions(steps=80), TuneOptions(steps=0))
    session = SimpleNamespace()
    jobs = [
        gpu._Fit(MODEL, image, plain, 10, None),
        gpu._Fit(MODEL, image, replace(plain, tune=TuneOptions(steps=150)), 10, None),
        gpu._Drag(MODEL, session, EDIT, DRAG_OPTIONS, "w+"),  # pyright: ignore[reportArgumentType]
        gpu._Face(MODEL, 1),
    ]
    assert [gpu._seconds(job) for job in jobs] == [15, 25, 18, 10]
    fits = [gpu._Fit(MODEL, image, options, 10, None) for options in BUDGETS.values()]
    assert max(gpu._seconds(fit) for fit in fits) < 60  # more is not lent at once


def test_elsewhere_nothing_is_decorated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spaces.GPU(gpu._work, duration=gpu._seconds) is gpu._work
    assert gpu._run is gpu._work
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert gpu._lent(gpu._work) is gpu._work


def test_to_close_is_to_stop(monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...]) -> None:
    ended: list[float] = []

    def endless(*_: Any) -> Iterator[Any]:
        try:
            while True:
                yield done[2][0]
        finally:
            ended.append(time.monotonic())

    monkeypatch.setattr(Engine, "drag", endless)
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    next(work)
    assert not ended
    work.close()
    assert len(ended) == 1
    with pytest.raises(StopIteration):
        next(work)


def test_an_error_keeps_its_kind_and_its_sentence(
    monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...]
) -> None:
    def refused(*_: Any) -> Iterator[Any]:
        yield done[2][0]
        raise EditError("This drag goes nowhere.")

    monkeypatch.setattr(Engine, "drag", refused)
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    next(work)
    with pytest.raises(EditError, match="This drag goes nowhere"):
        next(work)


def test_a_fault_of_ours_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...]
) -> None:
    def broken(*_: Any) -> Iterator[Any]:
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr(Engine, "drag", broken)
    with pytest.raises(RuntimeError):
        next(gpu.drag(MODEL, done[1], EDIT, DRAG))
