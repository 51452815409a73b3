"""Work on a GPU that is lent: what crosses to the borrower and back, and that nothing else does."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from queue import Empty
from threading import current_thread
from types import SimpleNamespace
from typing import Any

import borrower
import gradio as gr
import numpy as np
import pytest
import spaces
import torch
from borrower import DRAG, EDIT, INVERT, MODEL, PHOTO, QUAD
from lender import lender, run

from drag import Edit, EditError
from editor import models
from editor.elastic import NONE, Elastic
from editor.engine import Engine
from editor.machine.shortage import SENTENCE, ShortageError
from editor.search import GEOMETRY
from editor.session import Session
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from ui import gpu

MOST_BYTES = 3_000_000
MOST_BYTES_TUNED = 12_000_000  # with what bends a model of 4.3 million weights to the photo
HERE = Path(__file__).parents[1]


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
    name = value.work.__name__ if isinstance(value, gpu._Job) else type(value).__name__
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
    assert sizes.pop("drag") < MOST_BYTES_TUNED
    assert sizes.keys() == {"_fit", "_face", "_picture", "DragStep", "Session", "ndarray"}
    assert max(sizes.values()) < MOST_BYTES


def test_a_plain_fit_is_light(done: tuple[Any, ...]) -> None:
    light = [fit for fit in done[0] if fit.inversion.stage == "project"]
    assert len({fit.inversion.step for fit in light}) == 5
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
    assert {fit.inversion.stage for fit in fits} == {"geometry", "project", "tune"}
    shown = [fit.inversion.step for fit in fits if fit.picture is not None]
    assert list(dict.fromkeys(fit.inversion.step for fit in fits)) == list(range(7))
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
    together = list(gpu.drag(MODEL, session, EDIT, DRAG.changed(space="w")))
    assert same(together, list(engine.drag(session, EDIT, DRAG.changed(space="w"))))
    assert together[-1].state.latent.shape[0] == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GPUs are lent on Linux only")
@pytest.mark.slow
def test_with_the_real_package_where_gpus_are_lent(done: tuple[Any, ...], tmp_path: Path) -> None:
    with lender() as (url, asked):
        facts = run(HERE / "borrower.py", url, tmp_path)
    print({name: value for name, value in facts.items() if name != "figures"})
    assert facts["device"].startswith("cuda")
    assert facts["figures"] == borrower.figures(*done)  # as on the CPU of this process, bit by bit
    assert facts["face"] == facts["figures"]["face"][1]
    assert facts["error"] == ["WeightsError", "There is no model Nobody here: choose another one."]
    assert facts["closed"] < 30  # 300 steps would take longer
    assert facts["spent"] < 0.3
    assert facts["handles"] < 40
    assert len(facts["workers"]) == 1
    assert not Path(f"/proc/{facts['workers'][0]}").exists()
    paths = [path for path, _ in asked]
    assert facts["lost"] == ["ShortageError", gpu.LOST]
    assert paths.count("/schedule") == paths.count("/release") == 7  # none for Nobody
    assert paths.count("/allow") == 2  # one borrower for all the work, another when it was killed
    failed = [query["fail"] for path, query in asked if path == "/release"]
    assert failed == ["false"] * 5 + ["true", "false"]
    times = [int(query["durationSeconds"]) for path, query in asked if path == "/schedule"]
    assert times == [10, 10, 10, 10, 30, 30, 10]


def test_a_gpu_is_asked_for_no_longer_than_needed(
    done: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def lent(job: gpu._Job) -> Iterator[Any]:
        asked.append(gpu._seconds(job))
        yield SimpleNamespace()

    monkeypatch.setattr(gpu, "_run", lent)
    image, session = torch.zeros(3, 8, 8), Session(done[1].subject, done[1].now)
    plain = InvertOptions(ProjectOptions(steps=80), TuneOptions(steps=0))
    for options in (plain, replace(plain, tune=TuneOptions(steps=150)), *BUDGETS.values()):
        list(gpu.fit(MODEL, image, options, 10))
    list(gpu.drag(MODEL, session, EDIT, GEOMETRY))
    gpu.face(MODEL, 1)
    assert (asked[:2], asked[-2:]) == ([15, 25], [18, 10])
    assert max(asked) < 60  # more is not lent at once


def test_elsewhere_nothing_is_decorated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spaces.GPU(gpu._work, duration=gpu._seconds) is gpu._work
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert gpu._lent(gpu._work) is gpu._work


def test_one_thread_does_all_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()

    def face(self: Engine, seed: int, truncation_psi: float) -> int:
        seen.add(current_thread().name)
        return seed

    monkeypatch.setattr(Engine, "face", face)
    with ThreadPoolExecutor(4) as visitors:
        made = list(visitors.map(lambda seed: gpu.face(MODEL, seed), range(8)))
    assert made == list(range(8))
    assert len(seen) == 1
    assert "engine" in seen.pop()


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


COMPLAINTS: dict[str, tuple[Exception, str]] = {
    "quota": (
        gr.Error(
            "You have exceeded your quota. Try again in 0:12:00. ", title="ZeroGPU quota exceeded"
        ),
        "There is no GPU for you now. You have exceeded your quota. Try again in 0:12:00.",
    ),
    "killed": (gr.Error("GPU task aborted", title="ZeroGPU worker error"), gpu.LOST),
    "memory": (gr.Error("OutOfMemoryError", title="ZeroGPU worker error"), SENTENCE),
    "no answer": (RuntimeError("ZeroGPU API /schedule error: 500"), gpu.NO_ANSWER),
    "silence": (Empty(), gpu.NO_ANSWER),
    "ours": (gr.Error("KeyError", title="ZeroGPU worker error"), "KeyError where a GPU was lent"),
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_the_lender_complains_about_is_told_in_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...]
) -> None:
    error, sentence = COMPLAINTS[name]
    fails = [True]

    def lent(job: Any) -> Iterator[Any]:
        yield gpu._packed(done[2][0])
        if fails.pop():
            raise error

    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lambda task, duration: lent))
    monkeypatch.setattr(gpu, "_run", gpu._lent(gpu._work))
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    next(work)
    with pytest.raises(RuntimeError if name == "ours" else ShortageError) as said:
        next(work)
    assert str(said.value) == sentence
    fails.append(False)
    assert len(list(gpu.drag(MODEL, done[1], EDIT, DRAG))) == 1  # the next request works


def test_without_a_model_a_photo_is_pulled_right_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_run", None)  # nothing is lent
    engine = models.engine(NONE)
    assert isinstance(engine, Elastic)
    assert NONE not in models.names()
    assert models.named(NONE) == NONE
    session = engine.open(PHOTO)
    edit = Edit.between(PHOTO.shape[:2], [((60.0, 60.0), (66.0, 60.0))])
    *_, last = gpu.drag(NONE, session, edit, engine.search())
    assert last.state.end == "arrived"
    assert last.version is not None
