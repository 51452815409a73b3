"""Which models the app offers, and how many of them it keeps."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from worlds import small_generator

from benchmarks.trust.hostile.pickle_writer import nvidia, pickled, rosinality, snapshot, write
from editor import models
from editor.engine import Engine
from weights.files import WeightsError
from weights.formats import Model, save
from weights.hub import offers
from weights.hub.cache import cached, place
from weights.hub.catalogue import CATALOGUE, public
from weights.info import Outline, outline

FACES = "Faces (256 px)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(models.FOLDER, str(tmp_path))
    monkeypatch.setattr(models, "_kept", {})
    return tmp_path


@pytest.fixture
def lions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a public model, which is not fetched yet."""
    assert not any(map(cached, CATALOGUE)), "what this machine has is no business of the tests"
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
    assert models.domain(label) == models.engine(label).domain == "square"


def test_models_of_every_kind_of_file_are_offered(folder: Path) -> None:
    generator = small_generator()
    write(folder / "a.pkl", pickled(snapshot(nvidia(generator))))
    torch.save(rosinality(generator), folder / "b.pt")
    torch.save(rosinality(generator), folder / "c.pth")
    put(folder, "d")
    (folder / "e.ckpt").write_bytes((folder / "a.pkl").read_bytes())
    offered = [FACES, *(f"{name} (32 px)" for name in "ABCD")]
    assert models.names() == offered
    for name in offered[1:]:
        assert models.engine(name).side == 32
        assert models.domain(name) == models.engine(name).domain == "face"


def test_a_label_tells_what_a_model_is_for_and_under_which_licence(folder: Path) -> None:
    made = {"source_sha256": public("afhqcat-512").sha256}
    save(Model(small_generator(), 16, domain="animal"), folder / "toms.safetensors", notes=made)
    save(Model(small_generator(), 16, domain="car"), folder / "vans.safetensors")
    toms, vans = "Toms (32 px, animal, NVIDIA: research only)", "Vans (32 px, car)"
    assert models.names() == [FACES, toms, vans]
    for name, domain in ((toms, "animal"), (vans, "car"), (FACES, "face"), ("gone", "face")):
        assert models.domain(name) == domain


def test_files_are_read_once_until_they_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "cats")
    read: list[Path] = []

    def counted(file: Path) -> Outline:
        read.append(file)
        return outline(file)

    monkeypatch.setattr(offers, "outline", counted)
    for _ in range(3):
        assert models.names() == [FACES, "Cats (32 px)"]
    assert read.count(folder / "cats.safetensors") == 1
    save(Model(small_generator(), 16, domain="car"), folder / "cats.safetensors")
    assert models.names() == [FACES, "Cats (32 px, car)"]


BAD: dict[str, Callable[[Path], object]] = {
    "nonsense": lambda file: file.write_bytes(b"nonsense"),
    "empty": lambda file: file.write_bytes(b""),
    "folder": lambda file: file.mkdir(),
    "dead link": lambda file: file.symlink_to("gone"),
}


@pytest.mark.parametrize("suffix", offers.SUFFIXES)
@pytest.mark.parametrize("kind", BAD)
def test_what_ails_a_file_stops_nothing_else(folder: Path, kind: str, suffix: str) -> None:
    BAD[kind](folder / f"broken{suffix}")
    put(folder, "cats")
    assert models.names() == [FACES, "broken", "Cats (32 px)"]
    models.load_first()
    assert list(models._kept) == [FACES, "Cats (32 px)"]
    with pytest.raises(WeightsError):
        models.engine("broken")


def test_a_file_that_is_damaged_further_on_stops_nothing_else(folder: Path) -> None:
    generator = small_generator()
    generator.mapping.w_avg[0] = torch.nan
    save(Model(generator, 16), folder / "broken.safetensors")
    put(folder, "cats", "dogs")
    assert models.names() == [FACES, "Broken (32 px)", "Cats (32 px)", "Dogs (32 px)"]
    models.load_first()
    assert list(models._kept) == [FACES, "Cats (32 px)"]


LENT = """
import sys, types
sys.modules["spaces"] = types.SimpleNamespace(GPU=lambda task, duration: lambda job: task(job))
from ui import gpu
from editor import models
print(list(models._kept))
"""


def test_where_gpus_are_lent_a_broken_model_does_not_stop_the_start(folder: Path) -> None:
    (folder / "a.safetensors").write_bytes(b"nonsense")
    put(folder, "b")
    done = subprocess.run([sys.executable, "-c", LENT], capture_output=True, text=True, check=True)
    assert done.stdout == f"{[FACES, 'B (32 px)']}\n"


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
    told = offers.Offer(FACES, folder / "cats.safetensors")
    monkeypatch.setattr(offers, "_offer", lambda file: told)
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
    script = "from ui import gpu; from editor import models; print(models.names(), models._kept)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == f"['{FACES}'] {{}}"
