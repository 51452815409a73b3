"""What is no number, too little memory, who leaves early: what is there is kept, then let go."""

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from test_engine import knowing
from torch import Tensor
from worlds import slow

from cli import commands, inputs, main
from drag import Edit, EditError
from editor import USER_ERRORS
from editor.dragger import DragStep
from editor.engine import Engine, faces
from editor.machine.shortage import SENTENCE, ShortageError, enough_memory
from editor.search import GEOMETRY
from editor.session import Session
from inversion import FitError, Inversion, InvertOptions, ProjectOptions, TuneOptions

FIT = InvertOptions(
    ProjectOptions(steps=6), TuneOptions(steps=8, coarse=4, moves=2, every=2, patience=99)
)
DRAG = GEOMETRY.changed(steps=9, arrive=0.0)
EDIT = Edit.between((512, 512), [((200.0, 200.0), (260.0, 220.0))])
PREPARED = 6  # pictures until a search has its start: one, 3 times random ones, the best ones


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Anew each time: what is broken in it stays so."""
    return Engine(knowing(tmp_path), "cpu")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Inversion]:
    """A fit in which nothing breaks."""
    return list(Engine(knowing(tmp_path_factory.mktemp("model")), "cpu").fit(photo(), FIT))


def photo() -> Tensor:
    return torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(7)).clamp(-1, 1)


def parts(item: Any) -> Iterator[Tensor]:
    """All numbers of an item."""
    if isinstance(item, Inversion):
        yield from (item.ws, *item.delta.values())
        yield torch.tensor([item.distance, item.pivot_distance, item.done])
        return
    assert isinstance(item, DragStep)
    yield from (item.state.latent, item.state.handles, item.state.distances)
    yield from (item.state.confidence, item.state.moments.mean, item.state.moments.square)
    if item.version is not None:
        assert item.version.picture is not None
        assert item.version.picture.std() > 0  # it shows something
        change = item.version.change
        yield from (torch.from_numpy(part) for part in (change.flow, change.overlay))
        yield item.version.ws


def all_finite(items: list[Any]) -> bool:
    return all(bool(part.isfinite().all()) for item in items for part in parts(item))


def breaks(engine: Engine, first: int, last: float = float("inf")) -> list[int]:
    """Features are no numbers in these calls of a block, counted over all copies of it."""
    calls, seen = count(), list[int]()

    def hook(module: torch.nn.Module, given: Any, made: Tensor) -> Tensor:
        number = next(calls)
        seen.append(number)
        return made * torch.nan if first <= number <= last else made

    engine.generator.synthesis["b16"].conv1.register_forward_hook(hook)
    return seen


# What is no number

BROKEN = [1, *(PREPARED + more for more in (0, 5, 7, 10))]
BROKEN += [slow(4), *(slow(PREPARED + more) for more in (1, 9, 13))]


@pytest.mark.parametrize(
    "first",
    BROKEN,
)
@pytest.mark.parametrize("last", [0, float("inf")], ids=["once", "from then on"])
def test_a_fit_keeps_the_last_good_state(
    engine: Engine, whole: list[Inversion], first: int, last: float
) -> None:
    seen = breaks(engine, first, first + last)
    items = list(engine.fit(photo(), FIT))
    assert items
    assert all_finite(items)
    made = engine.picture(items[-1].ws, items[-1].delta) if last == 0 else None
    assert made is None or made.std() > 0
    assert last == 0 or len(seen) - first <= PREPARED + 8  # each stage ends within a step
    if first >= PREPARED:
        best = min(item.distance for item in whole)
        assert items[-1].distance >= best or items[-1].stage == "project"
        assert torch.equal(items[PREPARED - 1].ws, whole[PREPARED - 1].ws)


def test_a_fit_without_a_first_picture_says_so(engine: Engine) -> None:
    breaks(engine, 0)
    with pytest.raises(FitError, match="could not be fitted"):
        list(engine.fit(photo(), FIT))
    assert issubclass(FitError, USER_ERRORS)


@pytest.mark.parametrize("rate", [10.0, slow(1e4), 1e30])
def test_a_fit_that_leaps_keeps_the_best(engine: Engine, rate: float) -> None:
    options = replace(
        FIT, project=replace(FIT.project, rate=rate), tune=replace(FIT.tune, rate=rate)
    )
    items = list(engine.fit(photo(), options))
    assert all_finite(items)
    assert engine.picture(items[-1].ws, items[-1].delta).std() > 0


@pytest.mark.parametrize("first", [1, 2, 5, 9, *(slow(n) for n in (3, 6, 14))])
def test_a_drag_keeps_the_last_good_state(engine: Engine, first: int) -> None:
    session = engine.face(3)
    seen = breaks(engine, first)
    items, said = ended(engine.drag(session, EDIT, DRAG))
    if any(moved.version is not None for moved in items):
        assert said is None
        assert items[-1].state.end == "diverged"
        assert items[-1].version is not None
    else:
        assert isinstance(said, EditError)
    assert len(seen) - first <= 3  # the step, and the pictures of the last good state
    assert all_finite(items)


def ended(work: Iterator[Any]) -> tuple[list[Any], BaseException | None]:
    """(the items, what for a person to read ended them, if anything)."""
    items = list[Any]()
    try:
        for item in work:
            items.append(item)
    except USER_ERRORS as error:
        return items, error
    return items, None


def test_a_drag_of_a_broken_picture_says_so(engine: Engine) -> None:
    session = engine.face(3)
    breaks(engine, 0)
    with pytest.raises(EditError, match="Fit the photo again"):
        next(engine.drag(session, EDIT, DRAG))


@pytest.mark.parametrize("algorithm", ["draggan", "freedrag"])
def test_a_drag_that_leaps_stays_finite(engine: Engine, algorithm: Any) -> None:
    options = DRAG.changed(rate=1e30, algorithm=algorithm)
    items = list(engine.drag(engine.face(3), EDIT, options))
    assert all_finite(items)
    assert items[-1].version is not None


def test_a_picture_that_is_none_is_never_shown(engine: Engine) -> None:
    breaks(engine, 0)
    with pytest.raises(USER_ERRORS, match="shows no picture"):
        engine.random(3)


# Too little memory

SHORT: dict[str, Callable[[], Exception]] = {
    "a GPU's": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
    "Python's": MemoryError,
    "Linux's": lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes."),
    "Windows's": lambda: RuntimeError("DefaultCPUAllocator: not enough memory: 9 bytes."),
    "cuDNN's": lambda: RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "OpenCV's": lambda: cv2.error("OpenCV (-4:Insufficient memory) Failed to allocate 9 bytes"),
}
FITS = (
    ("editor.fitter", "guess"), ("editor.fitter", "landmark_loss"),
    ("inversion.target.ProjectionTarget", "pictures"), ("inversion.start", "_costs"),
    ("inversion.motion_augmentation", "matched_colours"), ("inversion.tune", "deepcopy"),
    ("inversion.tune._Tuning", "distance"), ("inversion.tune", "diff"),
)  # fmt: skip
DRAGS = (
    ("editor.dragger", "premodulated"), ("editor.motion.features.FeatureRenderer", "_made"),
    ("editor.motion.estimators", "to_uint8"), ("transfer.flow", "dis_flow"),
    ("editor.motion.estimators", "motion_between"), ("editor.motion.warps", "regularize_flow"),
    ("editor.motion.warps", "disocclusions"), ("drag.solve", "step"),
)  # fmt: skip
SITES = [*((site, "fit") for site in FITS), *((site, "drag") for site in DRAGS)]


def place(name: str) -> Any:
    """A module, or a class in one."""
    head, _, last = name.rpartition(".")
    is_class = last.lstrip("_")[:1].isupper()
    return getattr(import_module(head), last) if is_class else import_module(name)


def fails(patch: pytest.MonkeyPatch, site: tuple[str, str], call: int) -> None:
    """From this call on there is too little memory for what is called there."""
    where, name = place(site[0]), site[1]
    before, calls = getattr(where, name), count()

    def failing(*args: Any, **kwargs: Any) -> Any:
        if next(calls) >= call:
            raise MemoryError
        return before(*args, **kwargs)

    patch.setattr(where, name, failing)


def work(engine: Engine, session: Session, what: str) -> Iterator[Any]:
    return engine.fit(photo(), FIT) if what == "fit" else engine.drag(session, EDIT, DRAG)


@pytest.mark.parametrize("kind", SHORT)
def test_too_little_memory_is_told_in_many_ways(kind: str) -> None:
    with pytest.raises(ShortageError, match="not enough memory"), enough_memory():
        raise SHORT[kind]()


@pytest.mark.parametrize("call", [0, slow(1)])
@pytest.mark.parametrize(("site", "what"), SITES, ids=str)
def test_too_little_memory_ends_in_a_sentence(
    engine: Engine, site: tuple[str, str], what: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, emptied = engine.face(3), list[bool]()
    with monkeypatch.context() as patch:
        fails(patch, site, call)
        patch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
        items, said = ended(work(engine, session, what))
    if said is None:
        assert call, "it is called once at least"
    else:
        assert str(said) == SENTENCE
        assert emptied == [True]
    assert all_finite(items)
    assert all_finite([next(work(engine, session, what))])  # the next request works


def test_pictures_and_models_need_memory_too(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for site, act in (
        (("editor.motion.estimators", "to_uint8"), lambda: engine.face(3)),
        (("editor.engine", "open_model"), lambda: Engine(tmp_path / "knowing.safetensors")),
        (("photo.faces", "detect"), lambda: faces(np.zeros((64, 64, 3), np.uint8))),
    ):
        with monkeypatch.context() as patch:
            fails(patch, site, 0)
            with pytest.raises(ShortageError, match="not enough memory"):
                act()


def test_other_errors_stay_what_they_are() -> None:
    for error in (
        RuntimeError("shapes differ"),
        EditError("too little memory"),
        KeyboardInterrupt(),
    ):
        with pytest.raises(type(error)) as seen, enough_memory():
            raise error
        assert seen.value is error


def test_what_the_work_held_is_let_go() -> None:
    held: list[weakref.ref[Tensor]] = []

    def needs_much() -> None:
        large = torch.zeros(9)
        held.append(weakref.ref(large))
        raise MemoryError

    with pytest.raises(ShortageError) as seen, enough_memory():
        needs_much()
    assert seen.value.__context__ is not None
    assert held[0]() is None


# Who leaves early


def kept_alive(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    """References to all generators that are copied and to Adam's state."""
    found = list[weakref.ref[Any]]()

    def watch(where: str, name: str) -> None:
        make = getattr(import_module(where), name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            made = make(*args, **kwargs)
            found.append(weakref.ref(made))
            return made

        monkeypatch.setattr(import_module(where), name, watched)

    watch("inversion.tune", "deepcopy")
    watch("editor.dragger", "premodulated")
    watch("editor.engine", "apply")
    watch("torch.optim", "Adam")
    return found


@pytest.mark.parametrize("items", [1, 4, PREPARED + 7, PREPARED + 10, None])
@pytest.mark.parametrize("what", ["fit", "drag"])
def test_what_is_closed_lets_everything_go(
    engine: Engine, what: str, items: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, found = engine.face(3), kept_alive(monkeypatch)
    session = replace(session, subject=replace(session.subject, delta=bent(engine)))
    some = work(engine, session, what)
    list(islice(some, items))
    some.close()  # pyright: ignore[reportAttributeAccessIssue]
    del some
    gc.collect()
    assert found or items == 1
    assert [it() for it in found if it() is not None] == []


def bent(engine: Engine) -> dict[str, Tensor]:
    """What tunes a generator a little."""
    weight = engine.generator.state_dict()["synthesis.b16.conv1.weight"]
    return {"synthesis.b16.conv1.weight": (0.01 * weight).half()}


# On the command line


@pytest.mark.parametrize("cause", [KeyboardInterrupt(), ShortageError(SENTENCE)])
@pytest.mark.parametrize("after", [0, 2])
def test_the_command_line_keeps_what_there_is(
    engine: Engine,
    after: int,
    cause: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Any,
) -> None:
    whole = Engine.fit

    def fit(self: Engine, *args: Any) -> Iterator[Inversion]:
        yield from islice(whole(self, *args), after)
        raise cause

    monkeypatch.setattr(Engine, "fit", fit)
    monkeypatch.setattr(commands, "Engine", lambda _, domain: engine)
    monkeypatch.setattr(inputs, "read_photo", lambda _: np.zeros((64, 64, 3), np.uint8))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "me.jpg").write_bytes(b"a photo")
    out = tmp_path / "out.safetensors"
    arguments = ["invert", "me.jpg", "--box", "0,0:64", "--fresh", "-o", str(out)]
    if after:
        main.main(arguments)
    else:
        with pytest.raises(SystemExit) as end:
            main.main(arguments)
        assert end.value.code == (2 if str(cause) else 130)
    said = capsys.readouterr().err
    assert out.exists() == bool(after)
    assert ("so far is kept" in said) == bool(after)
    assert (SENTENCE in said) == bool(str(cause))
    assert ("before there was a result" in said) == (not after and not str(cause))
    assert "Traceback" not in said
