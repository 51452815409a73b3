"""A bench of somebody's own photo: a table, a sheet, figures, and what to expect."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from cli import bench, bench_report, commands, main
from cli.bench_report import WORDS, Known, Seen, Trial, expectations
from editor.engine import Engine
from editor.machine.shortage import SENTENCE, ShortageError
from editor.sheet import TILE, sheet_size
from photo.faces import find_faces

loaded = cache(Engine)  # a model is loaded once
FEW = {"smile": ((61, -0.15, -0.12), (291, 0.15, -0.12)), "mouth open": ((17, 0.0, 0.35),)}
ARRIVED = Trial("smile", "arrived", 20, 0.5, 0.2, 1.0, 0.3)
FACE = Seen(1, 300, 120, 2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a photo of a face, one without; and fewer drags than people get."""
    monkeypatch.setattr(commands, "Engine", loaded)
    monkeypatch.setattr("cli.samples.ON_FACE", FEW)
    monkeypatch.chdir(tmp_path)
    photo = skimage.data.astronaut()
    Image.fromarray(photo).save("photo.jpg", quality=92)
    Image.fromarray(photo[250:]).save("suit.png")
    (tmp_path / "words.txt").write_text("no picture")
    return tmp_path


def test_a_face_is_dragged_and_timed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["bench", "photo.jpg", "--json", "a.json"])
    said, known = capsys.readouterr(), json.loads((folder / "a.json").read_text())
    names = set(WORDS) - {"quick"}
    assert known["seconds"].keys() == names
    assert all(WORDS[name] in said.out for name in names)
    shown = "512 x 512 px", "model    faces", "smile ", "mouth open "
    assert all(words in said.out for words in shown)
    assert known["complete"]
    assert known["model"] == "faces"
    assert [drag["drag"] for drag in known["drags"]] == list(FEW)
    assert {drag["end"] for drag in known["drags"]} == {"arrived"}
    assert known["face"]["count"] == 1
    assert known["expect"].replace(" ", "") in said.out.replace("\n", "").replace(" ", "")
    assert "100%" in said.err


def test_the_sheet_shows_the_photo_and_what_came_of_it(folder: Path) -> None:
    main.main(["bench", "photo.jpg", "-o", "sheet.png"])
    with Image.open("sheet.png") as made:
        assert made.size == sheet_size(1 + len(FEW))
        assert "compositeWithTrainedAlgorithmicMedia" in str(made.info)
        columns = np.split(np.asarray(made)[12 : 12 + TILE, 12:].astype(int), 3, axis=1)
    first, *results = (column[:, :TILE] for column in columns)
    assert all(1 < np.abs(first - other).mean() < 30 for other in results)


def test_a_photo_without_a_face_is_pulled_without_a_model(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main.main(["bench", "suit.png", "--json", "a.json", "--model-pixels"])
    said, known = capsys.readouterr().out, json.loads((folder / "a.json").read_text())
    assert "No face was found" in said
    assert (known["model"], known["face"]) == ("none", None)
    assert [drag["drag"] for drag in known["drags"]] == ["left", "right", "up", "down", "wider"]
    assert not {"slider", "quick"} & known["seconds"].keys()
    with Image.open("suit-bench.jpg") as made:
        assert made.size == sheet_size(6, 196)  # a photo of 512 x 262 px, 384 wide
        assert b"compositeWithTrainedAlgorithmicMedia" in made.info["xmp"]


def test_no_model_may_be_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["bench", "photo.jpg", "--model", "none", "--json", "a.json"])
    known = json.loads((folder / "a.json").read_text())
    assert (known["model"], len(known["drags"])) == ("none", 5)
    assert "find" not in known["seconds"]
    assert "No face" not in capsys.readouterr().out


def test_the_models_pixels_are_timed_when_they_are_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(bench.BUDGETS["quick"].project, steps=2)
    budget = replace(bench.BUDGETS["quick"], project=few)
    monkeypatch.setattr(bench, "BUDGETS", {"quick": budget})
    main.main(["bench", "photo.jpg", "--model-pixels", "--json", "a.json"])
    assert json.loads((folder / "a.json").read_text())["seconds"]["quick"] > 0


@pytest.mark.parametrize(
    ("error", "words"), [(KeyboardInterrupt, "stopped"), (ShortageError(SENTENCE), SENTENCE)]
)
def test_what_is_known_is_kept_when_it_ends_early(
    error: BaseException, words: str, folder: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = bench._trial

    def stopped(engine, session, name, pairs):
        if name != "smile":
            raise error
        return trial(engine, session, name, pairs)

    monkeypatch.setattr(bench, "_trial", stopped)
    main.main(["bench", "photo.jpg", "--json", "a.json"])
    said, known = capsys.readouterr(), json.loads((folder / "a.json").read_text())
    assert words in said.err
    assert "the table so far is kept" in said.err.lower()
    assert [drag["drag"] for drag in known["drags"]] == ["smile"]
    assert not known["complete"]
    assert "slider" not in known["seconds"]
    with Image.open("photo-bench.jpg") as made:
        assert made.size == sheet_size(2)


def test_stopped_before_a_drag_there_is_no_sheet(
    folder: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Iterator[None]:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "faces", stopped)
    main.main(["bench", "photo.jpg"])
    said = capsys.readouterr().out
    assert WORDS["model"] in said
    assert WORDS["find"] not in said
    assert not (folder / "photo-bench.jpg").exists()


def test_what_nobody_named_is_not_replaced(folder: Path, capsys) -> None:
    (folder / "photo-bench.jpg").write_text("mine")
    refused(["bench", "photo.jpg"], "photo-bench.jpg is there already", capsys)
    assert (folder / "photo-bench.jpg").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["words.txt"], "JPEG, PNG"),
        (["missing.jpg"], "There is no file"),
        ([".."], "is a folder"),
        (["/"], "is a folder"),
        (["photo.jpg", "-o", "sheet.gif"], "named *.jpg or *.png"),
        (["photo.jpg", "--model", "none", "--model-pixels"], "leave --model-pixels out"),
        (["photo.jpg", "--model", "unknown"], "unknown"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], words: str, folder: Path, capsys) -> None:
    before = sorted(folder.iterdir())
    refused(["bench", *arguments], words, capsys)
    assert sorted(folder.iterdir()) == before


def refused(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main.main(arguments)
    said = capsys.readouterr().err
    assert (left.value.code, said.count("\n")) == (2, 1)
    assert words in said


def test_it_is_in_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["--help"])
    assert "bench" in capsys.readouterr().out


def known(face: Seen | None = FACE, *trials: Trial, looked: bool = True) -> Known:
    seconds = {"fit": 0.2, "frame": 0.04}
    return Known({}, (300, 400), seconds, looked=looked, face=face, trials=[*trials])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (known(FACE, ARRIVED), "first step after 0.2 s and ends within 1.0 s"),
        (known(FACE, ARRIVED), "painted in 0.3 s"),
        (known(FACE, replace(ARRIVED, paint=0.01)), "painted in less than 0.1 s"),
        (known(FACE, replace(ARRIVED, end="stuck")), "Not all the way: smile."),
        (known(replace(FACE, eyes=20)), "small, 20 px between the eyes"),
        (known(replace(FACE, turned=-30)), "turned by about 30 degrees"),
        (known(FACE), "Glasses and hands are not told"),
        (known(None), "No face was found"),
    ],
)
def test_what_to_expect_follows_from_what_was_found(found: Known, words: str) -> None:
    assert words in " ".join(expectations(found))


def test_nothing_is_foretold_that_was_not_found() -> None:
    said = " ".join(expectations(known(FACE, ARRIVED)))
    assert not any(words in said for words in ("small", "turned", "Not all", "No face"))
    assert list(expectations(known(None, looked=False))) == []
    assert bench_report.SMALL > 0


def test_a_face_that_looks_aside_is_told_from_one_that_does_not() -> None:
    session = loaded().open(skimage.data.astronaut())
    for asked in (-20, 0, 20):
        now = loaded().set(session, {"turn": asked}).now if asked else session.now
        (face,) = find_faces(bench.show(session.subject, now))
        assert bench.turned(face.mesh) == pytest.approx(asked, abs=5)
