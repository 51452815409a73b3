"""Fits on disk that are not what was written: each is fitted anew, as if it had not been there."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile, zip_longest
from pathlib import Path
from shutil import copy

import pytest
import torch
from hostile.files import CHANGES, DAMAGES, rewritten
from test_fit_cache import photo, same
from worlds import slow, small_generator

from editor import fit_cache
from editor.engine import Engine
from editor.fit_cache import DIGEST, Fits, default_folder
from inversion import Inversion, InvertOptions, ProjectOptions, TuneOptions
from weights.formats import Model, save
from weights.tensors import dump

QUICK = {
    "empty", "cut in the middle", "words", "a header without end", "a deep header",
    "bit 7 of the length", "a bit at 49 % of the header", "a bit at 75 % of the file",
    "another kind of numbers", "a shape that is none", "another's", "a link to another's",
    "a link to itself", "a device", "a pipe", "a folder", "out of reach",
    "one tensor too few", "other shapes", "no numbers", "figures without end",
}  # fmt: skip
OPTIONS = InvertOptions(ProjectOptions(steps=4), TuneOptions(steps=4, coarse=2, moves=1))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_cache, "EVERY", 2)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    file = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(Model(small_generator(), 16), file)
    return Engine(file, "cpu")


@pytest.fixture(scope="module")
def whole(engine: Engine) -> list[Inversion]:
    return list(engine.fit(photo(), OPTIONS))


@pytest.fixture(scope="module")
def made(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[int | None, list[Path]]:
    """The files of fits that were stopped at this step, or not at all."""
    found: dict[int | None, list[Path]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_cache, "EVERY", 2)
        for stop in (3, 7, None):
            folder = tmp_path_factory.mktemp("fits")
            list(
                takewhile(
                    lambda fit, stop=stop: fit.step + 1 != stop,
                    engine.fit(photo(), OPTIONS, folder),
                )
            )
            found[stop] = sorted(folder.iterdir())
        list(engine.fit(photo(8), OPTIONS, folder))
    return found


def stage(file: Path) -> str:
    return file.name.split(".")[1]


def kept(made: dict[int | None, list[Path]], stop: int | None, folder: Path) -> list[Path]:
    """Copies of the files of a fit that was stopped there, or not at all."""
    folder.mkdir(exist_ok=True)
    return [Path(copy(file, folder)) for file in made[stop]]


def fitted_anew(engine: Engine, whole: list[Inversion], folder: Path) -> None:
    again = list(engine.fit(photo(), OPTIONS, folder))
    assert len(again) == len(whole)
    assert all(same(a, b) for a, b in zip(again, whole, strict=True))
    assert not list(folder.glob("dragphoto-*"))


@pytest.mark.parametrize(
    ("stop", "stages"), [(3, ["project"]), (7, ["project", "tune"]), (None, ["fit"])]
)
def test_what_is_whole_is_gone_on_with(
    stop: int | None, stages: list[str], made, engine: Engine, whole: list[Inversion],
    tmp_path: Path,
) -> None:  # fmt: skip
    assert [stage(file) for file in kept(made, stop, tmp_path)] == stages
    again = list(engine.fit(photo(), OPTIONS, tmp_path))
    assert same(again[-1], whole[-1])
    assert len(again) < len(whole)


def as_kept(file: Path) -> Fits:
    """The fit whose file this is."""
    fit = Fits(file.parent, photo())
    fit.key = file.name.split(".")[0]
    return fit


@pytest.mark.parametrize("name", [n if n in QUICK else slow(n) for n in DAMAGES])
def test_a_damaged_fit_is_fitted_anew(
    name: str, made, engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    (other,) = (file for file in made[None][0].parent.iterdir() if file != made[None][0])
    (result,) = kept(made, None, tmp_path / "result")
    for file in (result, *kept(made, 7, tmp_path / "fits")):
        DAMAGES[name](file, other)
        if name == "out of reach" and os.access(file, os.R_OK):
            pytest.skip("this user may read everything")
    assert as_kept(result).result(engine.fitter.shapes) is None
    assert os.path.lexists(result) == (name == "a folder")
    fitted_anew(engine, whole, tmp_path / "fits")
    folders = [file for file in (tmp_path / "fits").iterdir() if file.is_dir()]
    assert len(folders) == (2 if name == "a folder" else 0), "there is something else in it"
    (again,) = engine.fit(photo(), OPTIONS, tmp_path / "fits")
    assert same(again, whole[-1])


@pytest.mark.parametrize("name", [n if n in QUICK else slow(n) for n in CHANGES])
def test_other_contents_are_fitted_anew(
    name: str, made, engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    for file in kept(made, 7, tmp_path):
        rewritten(file, CHANGES[name])
    fitted_anew(engine, whole, tmp_path)
    (file,) = kept(made, None, tmp_path / "result")
    rewritten(file, CHANGES[name])
    assert as_kept(file).result(engine.fitter.shapes) is None
    assert not file.exists()


HARMLESS = {"no texts", "other texts", "texts nobody knows", "another stage"}


@pytest.mark.parametrize("name", CHANGES)
def test_other_contents_with_a_digest_that_fits_do_no_harm(
    name: str, made, engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    for file in (*kept(made, 7, tmp_path), *kept(made, None, tmp_path / "result")):
        tensors, facts = rewritten(file, CHANGES[name])
        facts.pop(DIGEST, None)
        facts[DIGEST] = fit_cache._digest(file.name, tensors, facts)
        with file.open("wb") as stream:
            dump(tensors, facts, stream)
    found = as_kept(file).result(engine.fitter.shapes)
    assert found is None or (name in HARMLESS and torch.equal(found.ws, whole[-1].ws))
    again = list(engine.fit(photo(), OPTIONS, tmp_path))
    assert same(again[-1], whole[-1])


@pytest.mark.parametrize("names", [("project", "tune"), ("tune", "project"), ("project", "fit")])
def test_a_file_of_another_stage_is_none(
    names: tuple[str, str], made, engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    files = {stage(file): file for file in kept(made, 7, tmp_path)}
    source = files[names[0]]
    target = source.with_name(source.name.replace(names[0], names[1]))
    source.replace(target)
    for file in tmp_path.iterdir():
        if file != target:
            file.unlink()
    fitted_anew(engine, whole, tmp_path)


def test_a_fit_that_is_not_finite_is_not_taken(
    engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    """Though it was kept: it could be neither dragged nor saved."""
    for spoilt in (
        replace(whole[-1], ws=whole[-1].ws * torch.nan),
        replace(whole[-1], delta={n: t + torch.inf for n, t in whole[-1].delta.items()}),
        replace(whole[-1], distance=float("nan")),
    ):
        one = Fits(tmp_path, photo())
        one.finish(spoilt)
        assert one.file().exists()
        assert one.result(engine.fitter.shapes) is None
    one.finish(whole[-1])
    found = one.result(engine.fitter.shapes)
    assert found is not None
    assert same(found, replace(whole[-1], done=1.0))
    assert one.result({**engine.fitter.shapes, "ws": torch.Size((3, 12))}) is None


def test_two_that_fit_one_photo_end_with_the_same(
    engine: Engine, whole: list[Inversion], tmp_path: Path
) -> None:
    both = [engine.fit(photo(), OPTIONS, tmp_path) for _ in range(2)]
    turns: Iterator[tuple[Inversion | None, ...]] = zip_longest(*both)
    one, other = (items[-1] for items in zip(*turns, strict=True))
    assert one is not None
    assert other is not None
    assert same(one, whole[-1])
    assert same(other, whole[-1])
    assert [stage(file) for file in tmp_path.iterdir()] == ["fit"]


# The folder itself


def _file(folder: Path) -> None:
    folder.write_text("mine")


FOLDERS = {
    "a file": _file,
    "a pipe": lambda folder: os.mkfifo(folder),
    "a link to nowhere": lambda folder: folder.symlink_to(folder.with_name("gone")),
    "a link to itself": lambda folder: folder.symlink_to(folder),
    "a device": lambda folder: folder.symlink_to("/dev/null"),
}


@pytest.mark.parametrize("variable", [fit_cache.FOLDER, "XDG_CACHE_HOME"])
@pytest.mark.parametrize("name", [*FOLDERS, "a long name", "below a file"])
def test_a_fit_goes_on_without_a_folder_that_is_none(
    name: str, variable: str, engine: Engine, whole: list[Inversion], tmp_path: Path, monkeypatch
) -> None:
    folder = tmp_path / ("n" * 300 if name == "a long name" else "fits")
    if name == "below a file":
        _file(folder)
        folder = folder / "below"
    if name in FOLDERS:
        FOLDERS[name](folder)
    before = sorted(tmp_path.iterdir())
    monkeypatch.delenv(fit_cache.FOLDER, raising=False)
    monkeypatch.setenv(variable, str(folder))
    again = list(engine.fit(photo(), OPTIONS, default_folder()))
    assert same(again[-1], whole[-1])
    assert sorted(tmp_path.iterdir()) == before


def test_a_user_whom_nobody_knows_has_no_folder(monkeypatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(fit_cache.FOLDER, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    assert default_folder() is None
