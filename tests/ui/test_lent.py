"""Work on a GPU that is lent: what crosses to the borrower and back, and that nothing else does."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, pairwise
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

import borrower
import gradio as gr
import pytest
import spaces
import torch
from backends import same
from borrower import DRAG, EDIT, MODEL, PHOTO
from lender import lender, run
from worlds import small_generator

from drag import EditError
from editor import fit_cache, models
from editor.backend.job import Job
from editor.backend.wire import packed
from editor.engine import Engine
from editor.machine.shortage import SENTENCE, ShortageError
from editor.search import GEOMETRY
from editor.session import Session
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions
from photo.crop import box_quad
from ui import gpu, lent
from ui.lent import LOST, MORE, MOST_PIECES, NO_ANSWER, Lent, piece, seconds
from weights.formats import Model, save

MOST_BYTES = 3_000_000
MOST_BYTES_TUNED = 12_000_000  # with what bends a model of 4.3 million weights to the photo
HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def done() -> tuple[Any, ...]:
    """The work, done in this process."""
    return borrower.work()


@pytest.fixture
def borrowed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the app's work done by a task of a borrower's."""

    def move(task: Callable[[Any], Iterator[Any]]) -> None:
        monkeypatch.setattr(gpu.WORK, "backend", Lent(task))

    return move


def crossed(value: Any, sizes: dict[str, int]) -> Any:
    """The value after a way through a queue between processes."""
    data = bytes(ForkingPickler.dumps(value))
    name = value.kind if isinstance(value, Job) else type(value).__name__
    sizes[name] = max(sizes.get(name, 0), len(data))
    return ForkingPickler.loads(data)


def test_what_goes_in_and_what_comes_out_can_cross(
    done: tuple[Any, ...], borrowed: Callable[..., None]
) -> None:
    sizes: dict[str, int] = {}

    def across(job: Any) -> Iterator[Any]:
        for item in piece(crossed(job, sizes)):
            yield crossed(item, sizes)

    borrowed(across)
    again = borrower.work()
    print("bytes at most:", sizes)
    assert same(done, again)
    assert sizes.pop("Fitted") < MOST_BYTES_TUNED
    assert sizes.pop("drag") < MOST_BYTES_TUNED
    assert sizes.keys() == {"fit", "face", "picture", "DragStep", "Session", "Packed"}
    assert max(sizes.values()) < MOST_BYTES


def test_a_plain_fit_is_light(done: tuple[Any, ...]) -> None:
    light = [fit for fit in done[0] if fit.inversion.stage == "project"]
    assert len({fit.inversion.step for fit in light}) == 5
    picture = 3 * models.engine(MODEL).side ** 2
    assert max(len(ForkingPickler.dumps(packed(fit))) for fit in light) < picture + 20_000


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
    assert facts["lost"] == ["ShortageError", LOST]
    assert paths.count("/schedule") == paths.count("/release") == 7  # none for Nobody
    assert paths.count("/allow") == 2  # one borrower for all the work, another when it was killed
    failed = [query["fail"] for path, query in asked if path == "/release"]
    assert failed == ["false"] * 5 + ["true", "false"]
    times = [int(query["durationSeconds"]) for path, query in asked if path == "/schedule"]
    assert times == [10, 10, 10, 10, 30, 30, 10]


def test_a_gpu_is_asked_for_no_longer_than_needed(
    done: tuple[Any, ...], borrowed: Callable[..., None]
) -> None:
    asked: list[int] = []

    def task(job: Job) -> Iterator[Any]:
        asked.append(seconds(job))
        yield packed(done[3])

    borrowed(task)
    image, session = torch.zeros(3, 8, 8), Session(done[1].subject, done[1].now)
    plain = InvertOptions(ProjectOptions(steps=80), TuneOptions(steps=0))
    endless = replace(plain, project=ProjectOptions(steps=5000))
    for options in (plain, replace(plain, tune=TuneOptions(steps=150)), *BUDGETS.values(), endless):
        list(gpu.fit(MODEL, image, options, 10))
    list(gpu.drag(MODEL, session, EDIT, GEOMETRY))
    gpu.face(MODEL, 1)
    assert (asked[:2], asked[-2:]) == ([15, 25], [18, 10])
    assert max(asked) == 60  # more is not lent at once


def test_elsewhere_nothing_is_decorated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spaces.GPU(piece, duration=seconds) is piece
    assert lent.lent() is None
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert lent.lent() is None


def test_to_close_is_to_stop(
    monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...], borrowed: Callable[..., None]
) -> None:
    ended: list[str] = []

    def endless(*_: Any) -> Iterator[Any]:
        try:
            while True:
                yield done[2][0]
        finally:
            ended.append("here")

    monkeypatch.setattr(Engine, "drag", endless)
    borrowed(piece)
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    assert same(next(work), done[2][0])
    assert not ended
    work.close()
    assert ended == ["here"]
    with pytest.raises(StopIteration):
        next(work)


def test_an_error_of_the_users_keeps_its_kind_and_its_sentence(
    monkeypatch: pytest.MonkeyPatch, done: tuple[Any, ...], borrowed: Callable[..., None]
) -> None:
    def refused(*_: Any) -> Iterator[Any]:
        yield done[2][0]
        raise EditError("This drag goes nowhere.")

    monkeypatch.setattr(Engine, "drag", refused)
    borrowed(piece)
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    next(work)
    with pytest.raises(EditError, match="This drag goes nowhere"):
        next(work)


COMPLAINTS: dict[str, tuple[Exception, str]] = {
    "quota": (
        gr.Error(
            "You have exceeded your quota. Try again in 0:12:00. ", title="ZeroGPU quota exceeded"
        ),
        "There is no GPU for you now. You have exceeded your quota. Try again in 0:12:00.",
    ),
    "killed": (gr.Error("GPU task aborted", title="ZeroGPU worker error"), LOST),
    "memory": (gr.Error("OutOfMemoryError", title="ZeroGPU worker error"), SENTENCE),
    "no answer": (RuntimeError("ZeroGPU API /schedule error: 500"), NO_ANSWER),
    "silence": (Empty(), NO_ANSWER),
    "ours": (gr.Error("KeyError", title="ZeroGPU worker error"), "KeyError where a GPU was lent"),
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_the_lender_complains_about_is_told_in_a_sentence(
    name: str, done: tuple[Any, ...], borrowed: Callable[..., None]
) -> None:
    error, sentence = COMPLAINTS[name]
    fails = [True]

    def task(job: Any) -> Iterator[Any]:
        yield packed(done[2][0])
        if fails.pop():
            raise error

    borrowed(task)
    work = gpu.drag(MODEL, done[1], EDIT, DRAG)
    next(work)
    with pytest.raises(RuntimeError if name == "ours" else ShortageError) as said:
        next(work)
    assert str(said.value) == sentence
    fails.append(False)
    assert len(list(gpu.drag(MODEL, done[1], EDIT, DRAG))) == 1  # the next request works


def test_where_gpus_are_lent_they_are_borrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lend(task: Any, duration: Any) -> Any:
        assert (task, duration) == (piece, seconds)
        return borrowing

    def borrowing(job: Any) -> Iterator[Any]:
        return piece(job)

    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lend))
    assert lent.lent() == Lent(borrowing)
    place = gpu.chosen()
    assert (place.backend, place.short) == (Lent(borrowing), place.long)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a small model, whose fits are kept after each step."""
    monkeypatch.setenv(models.FOLDER, str(tmp_path))
    monkeypatch.setattr(models, "_kept", {})
    monkeypatch.setattr(fit_cache, "EVERY", 1)
    save(Model(small_generator(), 16, domain="square"), tmp_path / "own.safetensors")
    return models.names()[1]


def in_pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has each piece end after a few items; how many each has made."""
    clock, made = count(), list[int]()
    monkeypatch.setattr(lent, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    def task(job: Any) -> Iterator[Any]:
        made.append(0)
        for item in piece(job):
            made[-1] += item != MORE if isinstance(item, str) else 1
            yield item

    monkeypatch.setattr(gpu.WORK, "backend", Lent(task))
    return made


FIT = InvertOptions(ProjectOptions(steps=12), TuneOptions(steps=3, moves=1))


def test_a_fit_goes_on_in_another_piece(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = models.engine(small)
    assert isinstance(engine, Engine)
    image = engine.crop(PHOTO, box_quad(110.0, 0.0, 230.0))
    whole = list(engine.fit(image, FIT))
    made = in_pieces(monkeypatch)
    fits = [fit.inversion for fit in gpu.fit(small, image, FIT, 2, tmp_path / "fits")]
    assert same(fits[-1], whole[-1]), "it ends with the same bits"
    assert 1 < len(made) < MOST_PIECES
    assert max(made) < len(whole)
    steps = [fit.step for fit in fits]
    assert set(steps) == set(range(15))
    repeated = [step for before, step in pairwise(steps) if step < before]
    assert len(repeated) <= len(made) - 1, "only where a piece begins"
    again = list(gpu.fit(small, image, FIT, 2, tmp_path / "fits"))
    assert same(again[-1].inversion.ws, fits[-1].ws), "it is kept"
    assert len(again) == 1


def test_what_does_not_resume_is_not_cut(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = models.engine(small)
    assert isinstance(engine, Engine)
    image = engine.crop(PHOTO, box_quad(110.0, 0.0, 230.0))
    made = in_pieces(monkeypatch)
    fits = [fit.inversion for fit in gpu.fit(small, image, FIT, 2)]
    assert same(fits, list(engine.fit(image, FIT)))
    assert made == [len(fits)]


def test_there_is_an_end_to_the_pieces_of_a_fit() -> None:
    begun: list[Any] = []

    def task(job: Any) -> Iterator[Any]:
        begun.append(job)
        yield len(begun)
        yield MORE

    job = Job(MODEL, borrower.Engine.fit, (), resumes=True)
    items = Lent(task)(job)
    assert [next(items) for _ in range(MOST_PIECES)] == list(range(1, MOST_PIECES + 1))
    with pytest.raises(ShortageError, match="takes longer than GPUs are lent for"):
        next(items)
    assert len(begun) == MOST_PIECES


def test_a_gpu_that_is_lacking_for_the_second_piece_is_said() -> None:
    begun: list[Any] = []

    def task(job: Any) -> Iterator[Any]:
        begun.append(job)
        if len(begun) == 2:
            raise gr.Error("No more today", title="ZeroGPU quota exceeded")
        yield 1
        yield MORE

    items = Lent(task)(Job(MODEL, borrower.Engine.fit, (), resumes=True))
    assert next(items) == 1
    with pytest.raises(ShortageError, match=r"There is no GPU for you now\. No more today"):
        next(items)
