"""The command line: the whole chain without a browser, and one sentence for each bad input."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from editor import cli
from inversion import ProjectOptions, TuneOptions, face_quad, find_faces, read_photo
from weights import load_fit

ROOT = Path(__file__).parent.parent
NOSE = "221,125:228,123"
FEW = replace(cli.INVERT_OPTIONS, project=ProjectOptions(steps=12), tune=TuneOptions(steps=4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, its fit, and files that are no photos."""
    folder = tmp_path_factory.mktemp("cli")
    Image.fromarray(skimage.data.astronaut()).save(folder / "photo.jpg", quality=92)
    Image.new("RGB", (200, 100), "grey").save(folder / "empty.png")
    Image.new("L", (9, 9)).save(folder / "small.png")
    Image.new("L", (512, 512), 255).save(folder / "white.png")
    Image.new("L", (512, 512), 0).save(folder / "black.png")
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:9000])
    (folder / "words.txt").write_text("no picture")
    (folder / "words.safetensors").write_text("no fit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "INVERT_OPTIONS", FEW)
        cli.main(["invert", f"{folder}/photo.jpg", "-o", f"{folder}/photo.safetensors"])
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "INVERT_OPTIONS", FEW)


def summary(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    """What a command says with --json."""
    cli.main([*map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        cli.main(["render", "--seed", str(seed), "-o", str(tmp_path / f"{name}.png")])
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_render_says_what_it_wrote(tmp_path: Path, capsys) -> None:
    said = summary(capsys, "render", "-o", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (said["side"], said["side"])


def test_a_fit_holds_the_photo_and_its_figures(folder: Path) -> None:
    fit = load_fit(folder / "photo.safetensors")
    assert (fit.photo == read_photo(folder / "photo.jpg")).all()
    assert np.allclose(fit.quad, face_quad(find_faces(fit.photo)[0]), atol=1e-6)
    assert fit.facts["fit_steps"] == 16


def test_a_fit_can_be_dragged(folder: Path, tmp_path: Path, capsys) -> None:
    said = summary(
        capsys, "drag", folder / "photo.safetensors", "--drag", NOSE, "--steps", 8,
        "-o", tmp_path / "a.png",
    )  # fmt: skip
    before, after = read_photo(folder / "photo.jpg"), read_photo(tmp_path / "a.png")
    changed = (before != after).any(2)
    assert said["edited_pixels"] == changed.sum() > 0
    assert not changed[~crop(folder)].any()
    assert said["fit_steps"] == 16
    assert len(said["distances"]) == len(said["confidence"]) == 1


def crop(folder: Path) -> np.ndarray:
    """Which pixels of the photo were fitted."""
    quad = load_fit(folder / "photo.safetensors").quad
    inside = np.zeros((512, 512), np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad).astype(np.int32), 1)
    return cv2.dilate(inside, np.ones((3, 3), np.uint8)) > 0


def test_a_photo_can_be_dragged_with_everything(folder: Path, tmp_path: Path, capsys) -> None:
    mask = np.zeros((512, 512), np.uint8)
    mask[60:200, 150:300] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    said = summary(
        capsys, "drag", folder / "photo.jpg", "--drag", NOSE, "--drag", "223,148:223,152",
        "--mask", tmp_path / "mask.png", "--gif", tmp_path / "a.gif", "--steps", 8,
        "-o", tmp_path / "a.png",
    )  # fmt: skip
    with Image.open(tmp_path / "a.gif") as gif, Image.open(tmp_path / "a.png") as image:
        assert gif.n_frames >= 2
        assert image.size == (512, 512)
    assert len(said["distances"]) == 2
    assert {"fit_seconds", "fit_distance", "fit_psnr", "seconds", "end", "steps"} <= set(said)


def test_marks_take_the_place_of_the_detector(folder: Path, tmp_path: Path) -> None:
    marks = "60,40:100,40:80,70"
    out = tmp_path / "a.safetensors"
    cli.main(["invert", f"{folder}/empty.png", "--eyes-mouth", marks, "-o", str(out)])
    expected = face_quad(np.array([[60.0, 40.0], [100.0, 40.0], [80.0, 70.0]]))
    assert np.allclose(load_fit(out).quad, expected)


BAD = {
    "no such photo": ("drag gone.jpg --drag 1,1:9,9", "There is no file"),
    "not a picture": ("invert words.txt", "This is not a picture"),
    "a picture cut off": ("invert cut.jpg", "This picture is damaged or cut off"),
    "a tiny picture": ("invert small.png", "This picture has 9 x 9 px"),
    "no face": ("invert empty.png", "No face was found"),
    "marks too close": ("invert photo.jpg --eyes-mouth 9,9:9,9:9,9", "too close together"),
    "marks that are none": ("invert photo.jpg --eyes-mouth 9,9", "write it as X,Y:X,Y:X,Y"),
    "not a fit": ("drag words.safetensors --drag 1,1:9,9", "is damaged or not a safetensors"),
    "nothing to drag": ("drag photo.safetensors", "There is nothing to drag yet"),
    "a drag that is none": ("drag photo.safetensors --drag 1,x:2,2", "write it as X,Y:X,Y"),
    "a drag of no length": ("drag photo.safetensors --drag 200,99:200,99", "goes nowhere"),
    "a drag from outside": ("drag photo.safetensors --drag 900,9:20,20", "outside the picture"),
    "a drag off the face": ("drag photo.safetensors --drag 9,500:20,500", "outside the fitted"),
    "a mask of another size": (
        f"drag photo.safetensors --drag {NOSE} --mask empty.png",
        "The mask has 200 x 100 px",
    ),
    "an empty mask": (f"drag photo.safetensors --drag {NOSE} --mask black.png", "mask is empty"),
    "no steps": (f"drag photo.safetensors --drag {NOSE} --steps 0", "at least 1"),
    "steps in words": (f"drag photo.safetensors --drag {NOSE} --steps ten", "at least 1"),
    "no such model": ("render --model gone.safetensors", "There is no file"),
    "not a model": ("render --model words.safetensors", "is damaged or not a safetensors"),
    "a fit for a model": ("render --model photo.safetensors", "is not a DragPhoto model"),
    "a model for a fit": ("drag faces.safetensors --drag 1,1:9,9", "is not a fit"),
    "no such option": ("render --colour red", "--colour"),
    "no command": ("", "COMMAND"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(
    name: str, folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    command, sentence = BAD[name]
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "faces.safetensors").symlink_to(ROOT / "weights" / "faces.safetensors")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SystemExit) as end:
        cli.main([*command.split(), *(["-o", "out.png"] if command else [])])
    complained_once(capsys, end.value, sentence)
    assert sorted(tmp_path.iterdir()) == before


def complained_once(capsys, end: SystemExit, sentence: str) -> None:
    said = capsys.readouterr().err
    assert end.code == 2, said
    assert said.count("\n") == 1, said
    assert said.startswith("dragphoto: "), said
    assert sentence in said


@pytest.mark.parametrize("option", ["-o", "--gif"])
def test_a_missing_folder_is_noticed_before_the_work(
    option: str, folder: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(cli, "Engine", None)  # work would fail
    places = {"-o": f"{folder}/out.png", "--gif": f"{folder}/out.gif"} | {option: "gone/a.out"}
    arguments = [word for pair in places.items() for word in pair]
    with pytest.raises(SystemExit) as end:
        cli.main(["drag", f"{folder}/photo.jpg", "--drag", NOSE, *arguments])
    complained_once(capsys, end.value, "There is no folder gone: make it first.")


def test_it_runs_without_an_installation(tmp_path: Path) -> None:
    with run(["render", "-o", str(tmp_path / "a.png")]) as process:
        assert process.wait(120) == 0
    assert (tmp_path / "a.png").is_file()


# A process that was started in the background may have inherited that Ctrl-C is ignored.
PROGRAM = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
from editor.cli import main; main()
"""


def run(arguments: list[str]) -> subprocess.Popen[str]:
    """The real command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def interrupted(arguments: list[str]) -> tuple[int, str]:
    """(exit code, stderr) of a command that gets Ctrl-C once its bar has moved on from 0."""
    with run(arguments) as process:
        assert process.stderr is not None
        said = ""
        while not re.search(r"[1-9]\d*/\d+ \[.*, ", said):
            new = process.stderr.read(1)
            assert new, said
            said += new
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=120)[1]
    return process.returncode, said + rest


def test_ctrl_c_keeps_the_fit_so_far(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.safetensors"
    code, said = interrupted(["invert", f"{folder}/photo.jpg", "-o", str(out)])
    assert code == 0, said
    assert "stopped: the fit so far is kept" in said
    assert "Traceback" not in said
    assert 1 <= float(load_fit(out).facts["fit_steps"]) < 300


def test_ctrl_c_keeps_the_drag_so_far(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    far = ["--drag", "200,90:260,170", "--steps", "2000", "-o", str(out)]
    code, said = interrupted(["drag", f"{folder}/photo.safetensors", *far])
    assert code == 0, said
    assert "stopped: the result so far is kept" in said
    assert "Traceback" not in said
    assert read_photo(out).shape == (512, 512, 3)
