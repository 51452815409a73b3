"""Which models the app offers, and how many of them it keeps."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import constants
from worlds import small_generator

from editor import fetched
from editor.engine import Engine
from ui import models
from weights import Model, WeightsError, save
from weights.cache import place
from weights.catalogue import public

FACES = "Faces (256 px)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(models.FOLDER, str(tmp_path))
    monkeypatch.setattr(models, "_kept", {})
    return tmp_path


@pytest.fixture
def lions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a public model, which is not fetched yet."""
    assert fetched() == {}, "what this machine has is no business of the tests"
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    file = place(public("lions-512"))
    file.parent.mkdir(parents=True)
    return file


def put(folder: Path, *names: str) -> None:
    for name in names:
        save(Model(small_generator(), 16), folder / f"{name}.safetensors")


def test_without_a_folder_there_is_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(models.FOLDER, raising=False)
    assert models.names() == [FACES]
    assert models.engine(FACES).side == 256


def test_the_models_of_the_folder_follow(folder: Path) -> None:
    put(folder, "cats", "birds")
    (folder / "notes.txt").write_text("no model")
    assert models.names() == [FACES, "Birds (32 px)", "Cats (32 px)"]
    assert models.engine("Cats (32 px)").side == 32


@pytest.mark.parametrize("made", [True, False])
def test_an_empty_or_missing_folder_is_no_harm(folder: Path, made: bool) -> None:
    if not made:
        folder.rmdir()
    assert models.names() == [FACES]


def test_what_cannot_be_read_is_listed_and_refused_when_chosen(folder: Path) -> None:
    (folder / "broken.safetensors").write_bytes(b"nonsense")
    assert models.names() == [FACES, "broken"]
    with pytest.raises(WeightsError, match="damaged or not a safetensors file"):
        models.engine("broken")
    assert models.engine(FACES).side == 256


def test_public_models_follow_once_they_are_fetched(folder: Path, lions: Path) -> None:
    put(folder, "cats")
    assert models.names() == [FACES, "Cats (32 px)"]
    model = Model(small_generator(), 16)
    save(model, lions)
    label = "Lions (512 px, 364 MB, CC BY 4.0)"
    assert models.names() == [FACES, "Cats (32 px)", label]
    assert models.engine(label).side == 32


def test_a_public_model_that_cannot_be_read_is_refused_when_chosen(
    folder: Path, lions: Path
) -> None:
    lions.write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="lions-512"):
        models.engine("Lions (512 px, 364 MB, CC BY 4.0)")


def test_a_name_is_no_path(folder: Path) -> None:
    put(folder, "cats")
    for name in (str(folder / "cats.safetensors"), "cats", "../cats", ""):
        with pytest.raises(WeightsError, match="There is no model"):
            models.engine(name)


def test_of_two_with_one_name_the_embedded_one_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "cats")
    monkeypatch.setattr(models, "model_name", lambda *_: FACES)
    assert models.names() == [FACES]
    assert models.engine(FACES).side == 256


def test_two_models_are_kept(folder: Path) -> None:
    put(folder, "a", "b", "c")
    first, second = models.engine("A (32 px)"), models.engine("B (32 px)")
    assert models.engine("A (32 px)") is first
    assert models.engine("B (32 px)") is second
    models.engine("C (32 px)")
    assert len(models._kept) == models.MOST_KEPT == 2
    assert models.engine("B (32 px)") is second
    assert models.engine("A (32 px)") is not first


def test_many_at_once_get_one_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "a")
    made: list[Path] = []

    def counted(file: Path) -> Engine:
        made.append(file)
        return Engine(file)

    monkeypatch.setattr(models, "Engine", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(models.engine, ["A (32 px)"] * 8))
    assert len(made) == 1
    assert all(engine is found[0] for engine in found)


def test_names_are_known_before_a_model_is_loaded() -> None:
    script = "from ui import gpu, models; print(models.names(), models._kept)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == f"['{FACES}'] {{}}"
