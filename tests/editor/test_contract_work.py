"""What every backend keeps to: the same bits as right here, one by one, stoppable, light."""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import backends
import numpy as np
import pytest
import skimage.data
import torch
from backends import BACKENDS, NOWHERE, SECRET, same

from drag import Edit, EditError
from editor import USER_ERRORS, models
from editor.backend.contract import Contract, Fitted
from editor.backend.job import Backend, Job, again, heard, told
from editor.backend.processes import Workers
from editor.backend.store import Store
from editor.backend.wire import packed
from editor.dragger import DragStep
from editor.elastic import NONE
from editor.engine import Engine
from editor.machine.shortage import GONE, LostWorkError
from editor.search import GEOMETRY
from editor.session import Session
from editor.view import show
from inversion import InvertOptions, ProjectOptions, TuneOptions, start
from photo.crop import box_quad
from weights.files import WeightsError

MODEL = models.names()[0]
PHOTO = skimage.data.astronaut()
QUAD = box_quad(110.0, 0.0, 230.0)
INVERT = InvertOptions(ProjectOptions(steps=2), TuneOptions(steps=2, moves=1))
DRAG = GEOMETRY.changed(steps=6)
LONG = DRAG.changed(steps=300, patience=300, arrive=-1.0)
EDIT = Edit.between(PHOTO.shape[:2], [((222.0, 128.0), (236.0, 128.0))])
OTHER = Edit.between(PHOTO.shape[:2], [((222.0, 128.0), (214.0, 122.0))])
VALUES = {"smile": 0.5, "turn": -8.0}
EVERY = 2
HEAVY = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
"""Ray takes half a minute to start, and uses what is deprecated."""
MOST_BYTES = 200_000


@dataclass(frozen=True)
class Here:
    """The work as the engine does it in this process; each is made when it is first asked for."""

    fits: list[Any]
    session: Session
    moves: list[DragStep]

    @property
    def engine(self) -> Engine:
        engine = models.engine(MODEL)
        assert isinstance(engine, Engine)
        return engine

    @property
    def image(self) -> Any:
        return self.engine.crop(PHOTO, QUAD)

    @property
    def dragged(self) -> Session:
        """With versions before and after the one that is shown."""
        made = [move.version for move in self.moves if move.version is not None]
        session = self.session.moved(made[0]).moved(made[-1])
        assert len(session.past) == 2
        return session.at(1)


@pytest.fixture(scope="module")
def whole_start() -> Iterator[None]:
    """Fits begin with as many faces as workers elsewhere look at, see worlds.py."""
    patch = pytest.MonkeyPatch()
    for name in ("START_SAMPLES", "SHORTLIST"):
        patch.setattr(start, name, getattr(sys.modules["inversion.invert"], name))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def here(whole_start: None) -> Here:
    engine = models.engine(MODEL)
    assert isinstance(engine, Engine)
    fits = list(engine.fit(engine.crop(PHOTO, QUAD), INVERT))
    session = engine.begin(PHOTO, QUAD, fits[-1])
    return Here(fits, session, list(engine.drag(session, EDIT, DRAG)))


@pytest.fixture(scope="module")
def started() -> Iterator[Callable[[str], Any]]:
    """Each of them once."""
    made: dict[str, Any] = {}
    with ExitStack() as stack:

        def start(name: str) -> Any:
            if name not in made:
                made[name] = stack.enter_context(BACKENDS[name]())
            return made[name]

        yield start


@pytest.fixture(
    params=[pytest.param(name, marks=HEAVY) if name == "ray" else name for name in BACKENDS]
)
def backend(request: pytest.FixtureRequest, started: Callable[[str], Any]) -> Backend:
    return started(request.param)


@pytest.fixture
def contract(backend: Backend) -> Contract:
    return Contract(backend)


@pytest.fixture
def workers(started: Callable[[str], Any]) -> Workers:
    return started("processes")


def job(work: Callable[..., Iterator[Any]], *arguments: Any, **more: Any) -> Job:
    return Job(NONE, work, arguments, **more)


def waits_for(file: Path) -> bool:
    """Whether it comes; a worker elsewhere may take its time to notice."""
    for _ in range(1000):
        if file.exists():
            return True
        time.sleep(0.01)
    return False


def test_contract_fit(contract: Contract, here: Here) -> None:
    fits = list(contract.fit(MODEL, here.image, INVERT, EVERY))
    assert same([fit.inversion for fit in fits], here.fits)
    assert {fit.inversion.stage for fit in fits} == {"geometry", "project", "tune"}
    shown = [fit.inversion.step for fit in fits if fit.picture is not None]
    assert shown == [0, 2, 3]
    last = fits[-1].inversion
    assert last.delta
    assert same(fits[-1].picture, here.engine.picture(last.ws, last.delta))


def test_contract_drag(contract: Contract, here: Here) -> None:
    assert same(list(contract.drag(MODEL, here.session, EDIT, DRAG)), here.moves)
    masked = replace(EDIT, mask=free_part())
    wide = list(contract.drag(MODEL, here.dragged, masked, DRAG.changed(space="w")))
    assert same(wide, list(here.engine.drag(here.dragged, masked, DRAG.changed(space="w"))))
    assert wide[-1].state.latent.shape[0] == 1


def free_part() -> Any:
    mask = torch.zeros(PHOTO.shape[:2], dtype=torch.bool)
    mask[60:200, 150:290] = True
    return mask


def test_contract_control(contract: Contract, here: Here) -> None:
    made = contract.control(MODEL, here.dragged, VALUES)
    assert same(made, here.engine.set(here.dragged, VALUES))
    more = contract.control(MODEL, made, {"smile": 0.9})
    assert same(more, here.engine.set(made, {"smile": 0.9}))
    assert contract.control(MODEL, made, VALUES) is made


def test_contract_refined(contract: Contract, here: Here) -> None:
    fit, session = here.fits[-1], here.dragged
    made = contract.refined(MODEL, session, fit)
    assert same(made, session.refined(fit.ws, fit.delta, here.engine.picture))
    assert len(made.versions) == 3


def test_contract_face_and_picture(contract: Contract, here: Here) -> None:
    assert same(contract.face(MODEL, 3), here.engine.face(3))
    assert same(contract.picture(MODEL, 3, 0.5), here.engine.random(3, 0.5))


def test_contract_each_item_is_usable_when_it_comes(contract: Contract, here: Here) -> None:
    begun = here.engine.begin(PHOTO, QUAD, here.fits[0])
    with closing(contract.fit(MODEL, here.image, INVERT, EVERY)) as fits:
        first = here.engine.begin(PHOTO, QUAD, next(fits).inversion)
        assert same(first, begun)
        with closing(contract.drag(MODEL, first, EDIT, LONG)) as moves:
            moved = next(step.version for step in moves if step.version is not None)
            session = first.moved(moved)
            assert show(session.subject, session.now).shape == PHOTO.shape
            assert next(fits).inversion.step == 0, "two pieces of work at once"


def test_contract_to_close_is_to_stop(backend: Backend, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):  # one more than there are hands
        (folder := tmp_path / name).mkdir()
        with closing(backend(job(backends.endless, folder))) as items:
            assert [next(items), next(items)] == [0, 1]
            assert not (folder / "ended").exists()
        assert waits_for(folder / "ended")
        with pytest.raises(StopIteration):
            next(items)
    assert list(backend(job(backends.echo, 1, 2))) == [1, 2]


def test_contract_what_is_never_begun_is_not_done(backend: Backend, tmp_path: Path) -> None:
    backend(job(backends.endless, tmp_path)).close()
    assert list(backend(job(backends.echo, 1))) == [1]
    assert list(tmp_path.iterdir()) == []


def test_contract_the_users_errors_keep_class_and_sentence(contract: Contract, here: Here) -> None:
    outside = Edit.between(PHOTO.shape[:2], [((5.0, 5.0), (9.0, 9.0))])
    with pytest.raises(EditError) as ours:
        list(here.engine.drag(here.session, outside, DRAG))
    with pytest.raises(EditError) as theirs:
        list(contract.drag(MODEL, here.session, outside, DRAG))
    assert str(theirs.value) == str(ours.value)
    with pytest.raises(WeightsError, match="There is no model Nobody here: choose another one"):
        contract.face("Nobody", 1)
    items = contract.backend(job(backends.refused))
    assert next(items) == 1
    with pytest.raises(EditError) as late:
        next(items)
    assert str(late.value) == NOWHERE


def test_contract_a_fault_of_ours_is_not_hidden(backend: Backend) -> None:
    for _ in range(3):
        items = backend(job(backends.broken))
        assert next(items) == 1
        with pytest.raises(Exception, match=SECRET) as raised:
            next(items)
        assert not isinstance(raised.value, USER_ERRORS)
    assert list(backend(job(backends.echo, 1))) == [1]


def test_contract_several_at_once_get_each_their_own(contract: Contract, here: Here) -> None:
    def drag(edit: Edit) -> list[DragStep]:
        return list(contract.drag(MODEL, here.session, edit, DRAG))

    seeds = range(6)
    with ThreadPoolExecutor(8) as visitors:
        drags = [visitors.submit(drag, edit) for edit in (EDIT, OTHER)]
        pictures = list(visitors.map(lambda seed: contract.picture(MODEL, seed, 0.7), seeds))
        one, other = (each.result() for each in drags)
    assert same(pictures, [here.engine.random(seed, 0.7) for seed in seeds])
    assert same(one, here.moves)
    assert same(other, list(here.engine.drag(here.session, OTHER, DRAG)))


def test_contract_heavy_values_of_all_kinds_arrive(backend: Backend) -> None:
    source = np.random.default_rng(0)
    values = (
        torch.from_numpy(source.normal(size=(300, 300))),
        {"a": torch.zeros(400, 200).half(), "b": torch.tensor(2.0)},
        source.integers(0, 256, (250, 300, 3), np.uint8),
        source.random((900, 900)) > 0.5,
        np.array(7.0),
    )
    assert same(list(backend(job(backends.echo, *values))), list(values))


def carried(store: Store, sizes: dict[str, int]) -> Backend:
    """Does the work here, and weighs what would go to a worker and come back."""

    def weighed(name: str, value: Any) -> Any:
        data = bytes(ForkingPickler.dumps(value))
        sizes[name] = max(sizes.get(name, 0), len(data))
        return ForkingPickler.loads(data)

    def run(job: Job) -> Generator[Any, None, None]:
        there = told(weighed("job", packed(job, store)), store)
        yield from heard((weighed(type(item).__name__, item) for item in there), store)

    return run


def test_a_drag_is_light_however_large_its_photo_and_history(here: Here, tmp_path: Path) -> None:
    sizes: dict[str, int] = {}
    assert sum(part.nbytes for part in here.session.subject.delta.values()) > MOST_BYTES
    version = here.moves[-1].version
    large = np.zeros((5000, 8000, 3), np.uint8)
    large[: len(PHOTO), : len(PHOTO[0])] = PHOTO
    session = replace(here.session, subject=replace(here.session.subject, photo=large))
    for _ in range(30):
        session = session.moved(replace(version))
    edit = Edit.between(large.shape[:2], [((222.0, 128.0), (236.0, 128.0))])
    work = Contract(carried(Store(str(tmp_path)), sizes))
    assert same(
        list(work.drag(MODEL, session, edit, DRAG)), list(here.engine.drag(session, edit, DRAG))
    )
    work.control(MODEL, session, VALUES)
    print("bytes at most:", sizes)
    assert {"job", "DragStep"} <= sizes.keys()
    assert max(sizes.values()) < MOST_BYTES


def test_the_items_of_a_fit_are_light(here: Here, tmp_path: Path) -> None:
    sizes: dict[str, int] = {}
    shown = here.engine.picture(here.fits[-1].ws, here.fits[-1].delta)
    fits = [Fitted(fit, shown, "good") for fit in here.fits]
    image, *came = carried(Store(str(tmp_path)), sizes)(job(backends.echo, here.image, *fits))
    print("bytes at most:", sizes)
    assert same([image, *came], [here.image, *fits])
    del sizes["job"]  # which is none of a fit: all of them went there at once
    assert max(sizes.values()) < MOST_BYTES


def kill(workers: Workers) -> None:
    for number in workers.processes:
        os.kill(number, signal.SIGKILL)
        os.waitid(os.P_PID, number, os.WEXITED | os.WNOWAIT)


def test_work_of_a_worker_that_is_killed_is_lost(workers: Workers, here: Here) -> None:
    items = Contract(workers).drag(MODEL, here.session, EDIT, LONG)
    next(items)
    before = workers.processes
    kill(workers)
    with pytest.raises(LostWorkError) as lost:
        list(items)
    assert str(lost.value) == GONE
    for _ in range(3):
        assert list(workers(job(backends.echo, 1))) == [1], "others take their place"
    assert len(workers.processes) == len(before) == backends.COUNT
    assert before[1] not in workers.processes or before[0] not in workers.processes


def test_work_of_a_worker_that_is_killed_is_done_again(workers: Workers, here: Here) -> None:
    items = Contract(again(workers)).drag(MODEL, here.session, EDIT, DRAG)
    some = [next(items) for _ in range(6)]
    kill(workers)
    assert same(some + list(items), here.moves)


def test_who_stops_is_not_told_that_the_worker_is_gone(workers: Workers, tmp_path: Path) -> None:
    items = workers(job(backends.endless, tmp_path))
    next(items)
    kill(workers)
    items.close()
    assert list(workers(job(backends.echo, 1))) == [1]


def test_a_fault_costs_no_worker(workers: Workers) -> None:
    list(workers(job(backends.echo, 1)))
    before = workers.processes
    with pytest.raises(RuntimeError, match=SECRET):
        list(workers(job(backends.broken)))
    assert workers.processes == before


def test_workers_end_with_their_backend() -> None:
    with backends.processes() as workers:
        numbers, folder = workers.processes, Path(workers.store.address)
        assert folder.is_dir()
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    assert not folder.exists()


def losing(*after: int | None) -> tuple[Backend, list[int]]:
    """A backend that is lost after so many items of its first tries; how far each came."""
    came: list[int] = []

    def run(job: Job) -> Generator[Any, None, None]:
        last = after[len(came)]
        came.append(0)
        for item in job.arguments[len(came) - 1]:
            if came[-1] == last:
                raise LostWorkError
            came[-1] += 1
            yield item

    return run, came


def test_what_came_does_not_come_again() -> None:
    work, came = losing(3, None)
    assert list(again(work)(job(backends.echo, range(5), range(5)))) == [0, 1, 2, 3, 4]
    assert came == [3, 5]


def test_what_goes_on_from_a_checkpoint_comes_whole() -> None:
    work, _ = losing(3, None)
    resumed = job(backends.echo, range(5), range(2, 5), resumes=True)
    assert list(again(work)(resumed)) == [0, 1, 2, 2, 3, 4]


def test_work_is_lost_when_it_is_lost_each_time() -> None:
    work, came = losing(3, 4)
    items = again(work)(job(backends.echo, range(5), range(5)))
    assert [next(items) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(LostWorkError, match=GONE):
        next(items)
    assert came == [3, 4]
