"""Files on the command line that are none: one sentence at once, before a model is loaded."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image

from cli import commands, main, parser, progress, weights_files
from drag import Algorithm
from drag.options import MaskForm
from editor import elastic
from editor.search import Preset, Space
from editor.view import Pixels
from inversion import BUDGETS

ROOT = Path(__file__).parents[2]
DRAG = "--drag", "9,9:20,20"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a photo and a mask; to load a model, or to wait for a pipe, would fail."""
    monkeypatch.setattr(commands, "Engine", None)
    monkeypatch.setattr(weights_files, "open_model", None)
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (80, 80)).save("photo.png")
    Image.new("RGB", (80, 80), "white").save("mask.png")
    return tmp_path


def _file(place: Path) -> Path:
    place.write_text("mine")
    return place / "below"


def _done(make: Callable[[Path], object]) -> Callable[[Path], Path]:
    def done(place: Path) -> Path:
        make(place)
        return place

    return done


NONE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda place: place, "There is no file "),
    "a folder": (_done(Path.mkdir), "is a folder, not a file."),
    "a pipe": (_done(os.mkfifo), "is a pipe or a device, not a file."),
    "a device": (_done(lambda place: place.symlink_to("/dev/zero")), "is a pipe or a device, not"),
    "a link to nowhere": (_done(lambda place: place.symlink_to("gone")), "There is no file "),
    "a link to itself": (_done(lambda p: p.symlink_to(p)), "Too many levels of symbolic links."),
    "a long name": (lambda place: place.with_name("n" * 300 + place.suffix), "File name too long."),
    "below a file": (_file, "There is no file "),
    "two lines": (lambda place: place.with_name(f"a\nb{place.suffix}"), "There is no file a\\nb"),
    "no text": (lambda place: place.with_name(f"a\udcff{place.suffix}"), "no file a\\udcff"),
}  # fmt: skip
READERS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "photo": ("a.png", lambda name: ["invert", name, "-o", "out.safetensors"]),
    "photo to drag": ("a.png", lambda name: ["drag", name, *DRAG, "-o", "out.png"]),
    "photo to bench": ("a.png", lambda name: ["bench", name]),
    "mask": ("a.png", lambda name: ["drag", "photo.png", *DRAG, "--mask", name, "-o", "out.png"]),
    "session": ("a.safetensors", lambda name: ["drag", name, *DRAG, "-o", "out.png"]),
    "model": ("a.safetensors", lambda name: ["render", "--model", name, "-o", "out.png"]),
    "model to fit": (
        "a.pkl", lambda name: ["invert", "photo.png", "--model", name, "-o", "out.safetensors"]
    ),
    "model to know": ("a.pkl", lambda name: ["weights", "info", name]),
    "model to convert": ("a.pkl", lambda name: ["weights", "convert", name, "out.safetensors"]),
}  # fmt: skip


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main.main(arguments)
    said = capsys.readouterr()
    assert left.value.code == 2, said.err
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("dragphoto: ")
    return said.err


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NONE)
def test_what_cannot_be_read_is_said_at_once(
    kind: str, reader: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (make, sentence), (name, command) = NONE[kind], READERS[reader]
    place = make(Path(name))
    if kind == "below a file":
        place = place.with_suffix(Path(name).suffix)
    before = sorted(folder.iterdir())
    assert sentence in refused(command(str(place)), capsys)
    assert sorted(folder.iterdir()) == before


WRITERS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "fit": ("o.safetensors", lambda name: ["invert", "photo.png", "-o", name]),
    "picture": ("o.png", lambda name: ["drag", "photo.png", *DRAG, "-o", name]),
    "face": ("o.png", lambda name: ["render", "-o", name]),
    "sheet": ("o.jpg", lambda name: ["bench", "photo.png", "-o", name]),
    "figures": ("o.json", lambda name: ["bench", "photo.png", "--json", name]),
    "model": ("o.safetensors", lambda name: ["weights", "convert", "mask.png", name]),
    **{
        option: (
            "o.out", lambda name, option=option:
            ["drag", "photo.png", *DRAG, "-o", "out.png", f"--{option}", name]
        )
        for option in ("session", "gif", "mp4")
    },
}  # fmt: skip
PLACES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a folder": (_done(Path.mkdir), "is a folder: name a file in it."),
    "a pipe": (_done(os.mkfifo), "is a pipe or a device: name a file."),
    "a device": (_done(lambda place: place.symlink_to("/dev/null")), "is a pipe or a device: name"),
    "a link to itself": (_done(lambda p: p.symlink_to(p)), "cannot be written: Too many"),
    "a long name": (lambda p: p.with_name("n" * 300 + p.suffix), "written: File name too long."),
    "in no folder": (lambda place: Path("none") / place, "There is no folder none: make it first."),
    "in a long folder": (lambda place: Path("n" * 300) / place, "written: File name too long."),
    "in a file": (lambda p: _file(Path("file")).parent / p, "There is no folder file: make"),
    "two lines": (lambda place: Path("a\nb") / place, "There is no folder a\\nb: make it first."),
}  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", PLACES)
def test_what_cannot_be_written_is_said_at_once(
    kind: str, writer: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (make, sentence), (name, command) = PLACES[kind], WRITERS[writer]
    place = make(Path(name))
    before = sorted(folder.iterdir())
    assert sentence in refused(command(str(place)), capsys)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_disk_that_takes_nothing_is_noticed_at_once(
    number: int, writer: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    default_crop = os.open

    def closed(path: Any, flags: int, *rest: int, **how: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), path)
        return default_crop(path, flags, *rest, **how)

    monkeypatch.setattr(os, "open", closed)
    name, command = WRITERS[writer]
    said = refused(command(name), capsys)
    assert "cannot be written: " in said
    assert said.endswith(f": {os.strerror(number)}.\n")


LIGHT = """
import sys
from cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*({"torch", "gradio", "cv2", "inversion", "editor"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    "words",
    [
        ["drag", "--help"],
        ["weights", "--help"],
        ["drag", "missing.png", *DRAG, "-o", "out.png"],
        ["drag", "text.png", *DRAG, "-o", "out.png"],
        ["bench", "--help"],
        ["bench", "text.png"],
        ["bench", "photo.png", "-o", "out.gif"],
        ["drag", "photo.png", *DRAG, "--mask", "text.png", "-o", "out.png"],
        ["drag", "photo.png", *DRAG, "-o", "gone/out.png"],
        ["invert", "photo.png", "--model", "unknown", "-o", "out.safetensors"],
        ["weights", "path", "ffhq-256"],
        ["weights", "info", "missing.pkl"],
        ["weights", "convert", "missing.pkl", "out.safetensors"],
    ],
)
def test_what_is_wrong_is_said_before_anything_heavy_is_loaded(
    words: list[str], folder: Path
) -> None:
    (folder / "text.png").write_text("no picture")
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "help" in words[-1] or done.stderr.startswith("dragphoto: ")
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("words", ["list", "list --json", "path faces", "fetch lions-512"])
def test_public_models_are_listed_found_and_fetched_without_anything_heavy(words: str) -> None:
    """To import torch takes seconds and 500 MB."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "weights", *words.split()], capture_output=True, text=True,
        check=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    *said, heavy = done.stdout.splitlines()
    assert heavy == ""
    assert said or "licence" in done.stderr


def test_the_command_line_knows_what_the_rooms_know() -> None:
    assert tuple(BUDGETS) == parser.BUDGETS
    assert get_args(Pixels) == parser.PIXELS
    assert get_args(Preset) == parser.PRESETS
    assert parser.NONE == elastic.NONE
    assert get_args(Space) == parser.SPACES
    assert get_args(MaskForm) == parser.MASK_FORMS
    assert get_args(Algorithm) == parser.ALGORITHMS


def test_a_log_has_a_line_now_and_then(monkeypatch, capsys) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    with progress.bar(desc="fit", total=3) as shown:
        for _ in range(3):
            shown.update(1)
    said = capsys.readouterr().err
    assert "\r" not in said
    assert said.splitlines()[-1].startswith("fit: 100%")
