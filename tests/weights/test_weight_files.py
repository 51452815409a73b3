"""``dragphoto weights convert | info``."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from worlds import SMALL, small_generator

from benchmarks.trust import weights_read
from benchmarks.trust.hostile.pickle_writer import drawn_last, nvidia, pickled, snapshot, write
from cli.main import main
from editor.engine import Engine
from weights.checkpoints import open_model
from weights.files import FACES
from weights.formats import Model, load, save
from weights.hub import cache, catalogue
from weights.hub.catalogue import PublicModel, public
from weights.info import outline

GENERATOR = small_generator(replace(SMALL, conv_clamp=3.0))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write(tmp_path / "published.pkl", pickled(snapshot(nvidia(GENERATOR))))


def test_a_converted_model_is_the_same_to_the_bit(published: Path, tmp_path: Path) -> None:
    out = tmp_path / "ours.safetensors"
    main(["weights", "convert", str(published), str(out), "--domain", "car"])
    model = load(out)
    assert model.generator.config == GENERATOR.config
    assert (model.feature_side, model.domain) == (16, "car")
    assert model.statistics is not None  # so that they are made but once
    for name, value in GENERATOR.state_dict().items():
        assert torch.equal(model.generator.state_dict()[name], value)


def test_a_published_model_can_be_used_as_it_is(published: Path, tmp_path: Path) -> None:
    out = tmp_path / "face.png"
    main(["render", "--model", str(published), "-o", str(out)])
    assert out.stat().st_size > 0
    assert (Engine(published).random(0) == Engine(published).random(0)).all()


def test_info_tells_what_a_published_file_holds(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["weights", "info", str(published), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "format": "NVIDIA, PyTorch",
        "architecture": "StyleGAN2, skip, z 10, w 12",
        "resolution": 32,
        "parameters": sum(part.numel() for part in GENERATOR.parameters()),
        "domain": None,
        "licence": None,
        "sha256": hashlib.sha256(published.read_bytes()).hexdigest(),
        "size": published.stat().st_size,
        "source": None,
    }


def test_info_tells_an_architecture_and_counts_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of "orig" the last block alone makes the picture; converted, it is the same."""
    orig = write(tmp_path / "orig.pkl", pickled(snapshot(nvidia(GENERATOR, change=drawn_last(32)))))
    main(["weights", "convert", str(orig), str(tmp_path / "ours.safetensors")])
    capsys.readouterr()
    for file in (orig, tmp_path / "ours.safetensors"):
        main(["weights", "info", str(file), "--json"])
        found = json.loads(capsys.readouterr().out)
        assert found["architecture"] == "StyleGAN2, orig, z 10, w 12"
        named = GENERATOR.named_parameters()
        kept = [p for name, p in named if "torgb" not in name or "b32" in name]
        assert found["parameters"] == sum(part.numel() for part in kept)


def test_info_tells_where_a_converted_file_came_from(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.safetensors"
    main(["weights", "convert", str(published), str(out), "--json"])
    summary = json.loads(capsys.readouterr().out)
    assert summary == {"out": str(out), "resolution": 32, "bytes": out.stat().st_size}
    main(["weights", "info", str(out)])
    lines = capsys.readouterr().out.splitlines()
    assert "format: DragPhoto, safetensors" in lines
    assert "licence: unknown" in lines
    assert f"source: {hashlib.sha256(published.read_bytes()).hexdigest()}" in lines


@pytest.fixture
def lions(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublicModel:
    """A public model whose file is the one that is published here; it is not in its place."""
    checksum = hashlib.sha256(published.read_bytes()).hexdigest()
    known = replace(public("lions-512"), sha256=checksum, domain="animal")
    monkeypatch.setattr(catalogue, "CATALOGUE", (known,))
    monkeypatch.setattr(cache, "CATALOGUE", (known,))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return known


def test_a_fetched_model_is_for_the_photos_that_the_catalogue_says(
    published: Path, lions: PublicModel, tmp_path: Path
) -> None:
    place = cache.place(lions)
    place.parent.mkdir(parents=True)
    assert open_model(published).domain == "face"
    ours = tmp_path / "ours.safetensors"
    save(Model(GENERATOR, 16, domain="car"), ours)
    for file in (published, ours):
        place.write_bytes(file.read_bytes())
        assert open_model(place).domain == outline(place).domain == "animal"
    other = published.rename(place.parent / "mine.pkl")
    assert open_model(other).domain == "face"
    assert outline(other).domain is None


def told(file: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["weights", "info", str(file), "--json"])
    found = json.loads(capsys.readouterr().out)
    return [found["licence"], found["domain"]]


def test_what_a_public_file_is_for_is_known_by_its_checksum_and_passed_on(
    published: Path, lions: PublicModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(published, capsys) == [lions.licence.name, "animal"]
    out = tmp_path / "ours.safetensors"
    main(["weights", "convert", str(published), str(out)])
    assert told(out, capsys) == [lions.licence.name, "animal"]
    assert load(out).domain == "animal"
    main(["weights", "convert", str(published), str(out), "--domain", "square"])
    assert told(out, capsys) == [lions.licence.name, "square"]
    with published.open("ab") as end:
        end.write(b" ")
    with pytest.raises(SystemExit):
        main(["weights", "info", str(published)])


def test_an_outline_looks_at_no_numbers_and_sums_nothing_up(
    published: Path, lions: PublicModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "ours.safetensors"
    main(["weights", "convert", str(published), str(out)])
    monkeypatch.setattr(hashlib, "file_digest", None)
    monkeypatch.setattr("weights.formats.read", None)
    monkeypatch.setattr("weights.published.checkpoint.Checkpoint.generator", None)
    shapes = [outline(file).config for file in (published, out, FACES)]
    assert [shape.resolution for shape in shapes] == [32, 32, 256]
    assert outline(out).public == lions


@pytest.mark.parametrize("word", ["cat", "Face", ""])
def test_photos_of_another_kind_are_refused_before_the_work(
    word: str, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.safetensors"
    with pytest.raises(SystemExit):
        main(["weights", "convert", str(published), str(out), "--domain", word])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(known in said for known in ("face", "animal", "square", "car"))
    assert not out.exists()


def test_the_licence_of_the_embedded_model_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    main(["weights", "info", str(FACES), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["licence"] == "CC0-1.0"
    assert found["parameters"] == sum(part.numel() for part in load().generator.parameters())


def test_what_was_downloaded_is_not_overwritten(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published.read_bytes()
    with pytest.raises(SystemExit):
        main(["weights", "convert", str(published), str(published)])
    assert "name it *.safetensors" in capsys.readouterr().err
    assert published.read_bytes() == before


@pytest.mark.parametrize("command", [["info"], ["convert", "--json"]])
def test_a_file_that_is_no_model_takes_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "page.pkl", b"<html>404</html>")
    out = [str(tmp_path / "out.safetensors")] if command[0] == "convert" else []
    with pytest.raises(SystemExit) as left:
        main(["weights", command[0], str(file), *out, *command[1:]])
    said = capsys.readouterr()
    assert left.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "is a web page" in said.err
    assert list(tmp_path.iterdir()) == [file]


def test_the_benchmark_measures_what_it_writes(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.pkl"
    assert weights_read.snapshot_file(file, SMALL) == 4 * sum(
        part.numel() for part in GENERATOR.state_dict().values()
    )
    for name in ("read", "convert", "info"):
        seconds, peak = weights_read.task(name, file)
        assert 0 < seconds < 60
        assert 0 <= peak < 200e6
    assert load(tmp_path / "snapshot.safetensors").generator.config == SMALL
