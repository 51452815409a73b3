"""``dragphoto apply``: what was done to one photo is done to another."""

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from cli import main
from editor.engine import default_crop
from editor.motion.poses import rigged
from editor.session import FittedPhoto, Session, Version
from editor.session_file import save_session
from editor.view import untouched
from transfer.rig import Pose


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, sessions on it with an edit and without, the photo beside itself mirrored."""
    folder, photo = tmp_path_factory.mktemp("apply"), skimage.data.astronaut()
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(np.hstack([photo, photo[:, ::-1]])).save(folder / "two.png")
    Image.new("RGB", (200, 100), "grey").save(folder / "empty.png")
    (folder / "words.safetensors").write_text("no session")
    quad = default_crop(photo, "face")
    assert quad is not None
    rig, ws = rigged(photo, quad), torch.zeros(2, 3)
    assert rig is not None
    plain = untouched(FittedPhoto(photo, quad, ws, {}, rig), 0)
    moved = Pose(rig.vertices + rig.follow[:, None] * (15, 0, 0), np.zeros((2, 2)))
    headless = untouched(FittedPhoto(photo, quad, ws, {}), 8)
    for name, session in (
        ("plain", plain), ("edit", plain.moved(Version(ws, moved))), ("warp", headless),
    ):  # fmt: skip
        written(session, folder / f"{name}.safetensors")
    return folder


def written(session: Session, file: Path) -> None:
    save_session(session, {}, file)


def apply(folder: Path, *arguments: str) -> None:
    main.main(["apply", *(f"{folder}/{a}" if "." in a else a for a in arguments)])


def changed(before: Path, after: Path) -> np.ndarray:
    """The columns in which two pictures differ."""
    first, second = (np.asarray(Image.open(file)).astype(int) for file in (before, after))
    return np.flatnonzero((first != second).any((0, 2)))


def test_a_photo_is_edited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply(folder, "edit.safetensors", "photo.png", "-o", "out.png", "--json")
    said = json.loads(capsys.readouterr().out)
    after = np.asarray(Image.open(said["out"]))
    assert said["edited_pixels"] == (after != skimage.data.astronaut()).any(2).sum() > 1000


@pytest.mark.parametrize("right", [False, True])
def test_of_two_faces_the_one_that_is_meant_moves(folder: Path, right: bool) -> None:
    at = "800,110" if right else "220,110"
    apply(folder, "edit.safetensors", "two.png", "-o", "two-out.png", "--at", at)
    columns = changed(folder / "two.png", folder / "two-out.png")
    assert (columns >= 512).all() if right else (columns < 512).all()


def test_eyes_and_mouth_can_be_marked(folder: Path) -> None:
    marks = ("--eyes-mouth", "200,110:240,110:220,150")
    apply(folder, "edit.safetensors", "photo.png", "-o", "marked.png", *marks)
    assert len(changed(folder / "photo.png", folder / "marked.png"))


@pytest.mark.parametrize(
    ("edit", "photo", "words"),
    [
        ("plain", "photo.png", "Nothing is edited in this session"),
        ("warp", "photo.png", "none of a face"),
        ("words", "photo.png", "not a safetensors file"),
        ("missing", "photo.png", "There is no file"),
        ("edit", "empty.png", "No face was found"),
        ("edit", "words.safetensors", "JPEG, PNG"),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, edit: str, photo: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        apply(folder, f"{edit}.safetensors", photo, "-o", "bad.png")
    said = capsys.readouterr().err
    assert (left.value.code, said.count("\n")) == (2, 1)
    assert words in said
    assert not (folder / "bad.png").exists()
