"""Fits on disk: found again at once, gone on with after a kill, private, and swept."""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from worlds import by_step, small_generator, until

from editor import fit_cache
from editor.engine import Engine
from editor.fit_cache import MOST, OLDEST, Fits, default_folder, sweep
from inversion import Inversion, InvertOptions, ProjectOptions, TuneOptions
from weights.files import WeightsError
from weights.formats import Model, save, write

ROOT = Path(__file__).parents[2]
OPTIONS = InvertOptions(ProjectOptions(steps=15), TuneOptions(steps=15, coarse=7, moves=2))
EVERY = 6  # steps between two checkpoints
FEW = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=2, moves=1))


def photo(seed: int = 7) -> Tensor:
    return torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_cache, "EVERY", EVERY)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(Model(small_generator(), 16), file)
    return file


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return Engine(model, "cpu")


@pytest.fixture(scope="module")
def whole(engine: Engine) -> Inversion:
    """The end of the fit that nobody stopped and nobody kept."""
    return list(engine.fit(photo(), OPTIONS))[-1]


def same(one: Inversion, other: Inversion) -> bool:
    """To the last bit."""
    return (
        torch.equal(one.ws, other.ws)
        and one.delta.keys() == other.delta.keys()
        and all(torch.equal(part, other.delta[name]) for name, part in one.delta.items())
        and replace(one, ws=other.ws, delta={}) == replace(other, delta={})
    )


def files(folder: Path) -> list[str]:
    """What kinds of files there are."""
    return sorted(file.name.split(".", 1)[1] for file in folder.iterdir())


def test_the_same_photo_comes_back_at_once(engine: Engine, tmp_path: Path) -> None:
    *_, first = engine.fit(photo(), FEW, tmp_path / "fits")
    (again,) = engine.fit(photo(), FEW, tmp_path / "fits")
    assert same(first, again)
    assert again.done == 1
    assert files(tmp_path / "fits") == ["fit.safetensors"]


def test_nothing_is_kept_without_a_folder(engine: Engine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fit_cache, "write", None)
    assert len(by_step(engine.fit(photo(), FEW))) == 5
    assert list(tmp_path.iterdir()) == []


def brighter(image: Tensor) -> Tensor:
    changed = image.clone()
    changed[0, 0, 0] += 1e-3
    return changed


OTHERS = {
    "a pixel": (brighter(photo()), FEW),
    "the seed": (photo(), replace(FEW, project=replace(FEW.project, seed=1))),
    "the steps": (photo(), replace(FEW, project=replace(FEW.project, steps=4))),
    "the tuning": (photo(), replace(FEW, tune=replace(FEW.tune, rate=2e-2))),
    "the time": (photo(), replace(FEW, seconds=1e5)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_differs_is_fitted_anew(name: str, engine: Engine, tmp_path: Path) -> None:
    list(engine.fit(photo(), FEW, tmp_path))
    assert len(list(engine.fit(*OTHERS[name], tmp_path))) > 1
    assert files(tmp_path) == ["fit.safetensors"] * 2


def test_another_model_fits_anew(engine: Engine, tmp_path: Path) -> None:
    list(engine.fit(photo(), FEW, tmp_path / "fits"))
    other = small_generator()
    other.synthesis["b32"].torgb.bias += 1  # pyright: ignore[reportOperatorIssue]
    save(Model(other, 16), tmp_path / "other.safetensors")
    again = Engine(tmp_path / "other.safetensors", "cpu")
    assert len(by_step(again.fit(photo(), FEW, tmp_path / "fits"))) == 5


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
parts = st.lists(words, max_size=3)


@given(parts, parts)
def test_a_key_tells_apart_whatever_a_fit_depends_on(one: list[str], other: list[str]) -> None:
    keys = [Fits(Path(), photo(), *words).key for words in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_only_its_owner_may_read_them(engine: Engine, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        list(until(engine.fit(photo(), OPTIONS, tmp_path / "a" / "fits"), EVERY + 1))
        checkpoint = list((tmp_path / "a" / "fits").iterdir())
        list(engine.fit(photo(), FEW, tmp_path / "a" / "fits"))
    finally:
        os.umask(before)
    folder = tmp_path / "a" / "fits"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(checkpoint) == 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


# Stopped, and gone on with


@pytest.mark.parametrize("stopped", [8, 14, 23, 29])
def test_a_fit_that_was_stopped_goes_on(
    stopped: int, model: Path, engine: Engine, whole: Inversion, tmp_path: Path
) -> None:
    first = list(until(engine.fit(photo(), OPTIONS, tmp_path), stopped))
    rest = list(Engine(model, "cpu").fit(photo(), OPTIONS, tmp_path))
    assert same(rest[-1], whole)
    again = {item.step for item in rest if item.stage == first[-1].stage and item.step < stopped}
    assert len(again) <= EVERY
    assert files(tmp_path) == ["fit.safetensors"]


@pytest.mark.parametrize(
    "facts", [{}, {"stage": "tune"}, {"stage": "tune", "figures": "1 2"}, {"figures": "a b c d"}]
)
def test_a_result_that_is_none_is_fitted_anew(
    facts: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    *_, first = engine.fit(photo(), FEW, tmp_path)
    (file,) = tmp_path.iterdir()
    write(file, {"ws": first.ws.contiguous()}, facts)
    assert len(by_step(engine.fit(photo(), FEW, tmp_path))) == 5
    (again,) = engine.fit(photo(), FEW, tmp_path)
    assert same(first, again)


# It is really killed: nothing can be tidied up.
PROGRAM = """
import os, signal, sys
from pathlib import Path
import torch
sys.path[:0] = ["tests", "tests/editor"]
from test_fit_cache import EVERY, OPTIONS, photo
from editor import fit_cache
from editor.engine import Engine
torch.set_num_threads(1)
fit_cache.EVERY = EVERY
for item in Engine(Path(sys.argv[1]), "cpu").fit(photo(), OPTIONS, Path(sys.argv[2])):
    if item.step == 28:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def test_a_fit_that_was_killed_goes_on_and_ends_with_the_same_bits(
    model: Path, engine: Engine, whole: Inversion, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model), str(tmp_path)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    rest = list(engine.fit(photo(), OPTIONS, tmp_path))
    assert len({item.step for item in rest if 15 <= item.step < 29}) <= EVERY
    assert same(rest[-1], whole)
    (found,) = engine.fit(photo(), OPTIONS, tmp_path)
    assert same(found, whole)


# Room


def put(folder: Path, name: str, age: float, size: int = 10) -> Path:
    file = folder / name
    with file.open("wb") as stream:
        stream.truncate(size)  # a hole: it takes no room
    os.utime(file, (1e9 - age, 1e9 - age))
    return file


def test_what_is_old_goes(tmp_path: Path) -> None:
    young, old = (put(tmp_path, f"{n}.fit.safetensors", n) for n in (OLDEST - 9, OLDEST + 9))
    half = put(tmp_path, "b.tune.safetensors.part", OLDEST + 9)  # somebody was killed writing it
    part = put(tmp_path, "dragphoto-a.part", 0)  # so was this one
    other = put(tmp_path, "mine.txt", OLDEST + 9)
    sweep(tmp_path, 1e9)
    assert not part.exists()
    assert young.exists()
    assert not old.exists()
    assert not half.exists()
    assert other.exists(), "it is none of ours"


def test_of_too_much_the_oldest_goes(tmp_path: Path) -> None:
    ages = [5, 1, 4, 2, 3]
    made = {age: put(tmp_path, f"{age}.fit.safetensors", age, MOST // 3) for age in ages}
    sweep(tmp_path, 1e9)
    assert [age for age in sorted(ages) if made[age].exists()] == [1, 2, 3]


def test_there_may_be_nothing_to_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "none")


def test_a_fit_sweeps_when_it_is_done(engine: Engine, tmp_path: Path) -> None:
    old = put(tmp_path, "a.fit.safetensors", 0)  # from 2001
    list(engine.fit(photo(), FEW, tmp_path))
    assert not old.exists()


def test_a_file_that_goes_meanwhile_is_no_harm(tmp_path: Path, monkeypatch) -> None:
    gone = put(tmp_path, "a.fit.safetensors", 9)
    old = put(tmp_path, "b.fit.safetensors", OLDEST + 9)
    listed = [gone, old]
    gone.unlink()
    monkeypatch.setattr(Path, "glob", lambda *_: iter(listed))  # as another process would see it
    sweep(tmp_path, 1e9)
    assert not old.exists()


def test_a_full_disk_does_not_hurt_the_fit(
    engine: Engine, whole: Inversion, tmp_path: Path, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise WeightsError("No space left on device")

    monkeypatch.setattr(fit_cache, "write", full)
    assert same(list(engine.fit(photo(), OPTIONS, tmp_path / "fits"))[-1], whole)
    assert list((tmp_path / "fits").iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/fits"])
def test_a_folder_that_cannot_be_made_does_not_hurt_the_fit(
    place: str, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert len(by_step(engine.fit(photo(), FEW, tmp_path / place))) == 5
    assert (tmp_path / "file").read_text() == "no folder"


def test_the_folder_is_the_one_that_is_named_or_lies_in_the_cache(monkeypatch) -> None:
    monkeypatch.setenv(fit_cache.FOLDER, "/named")
    assert default_folder() == Path("/named")
    monkeypatch.delenv(fit_cache.FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert default_folder() == Path("/cache/dragphoto/fits")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_folder() == Path.home() / ".cache" / "dragphoto" / "fits"
