"""``dragphoto apply``: what was done to one photo is done to another."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from clips import EMPTY, clip, head_moved, panned
from PIL import Image

from cli import main
from cli.inputs import CLIPS
from editor.clip.source import FORMATS, open_clip
from editor.session_file import save_session
from editor.view import untouched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, sessions on it with an edit and without, the photo beside itself mirrored."""
    folder, photo = tmp_path_factory.mktemp("apply"), skimage.data.astronaut()
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(np.hstack([photo, photo[:, ::-1]])).save(folder / "two.png")
    Image.new("RGB", (200, 100), "grey").save(folder / "empty.png")
    (folder / "words.safetensors").write_text("no session")
    edit = head_moved()
    headless = untouched(replace(edit.subject, rig=None), 8)
    for name, session in (("plain", edit.at(0)), ("edit", edit), ("warp", headless)):
        save_session(session, {}, folder / f"{name}.safetensors")
    clip(folder / "clip.mp4", panned(6), sound="aac")
    clip(folder / "empty.mp4", [EMPTY])
    return folder


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


def test_a_clip_is_edited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply(folder, "edit.safetensors", "clip.mp4", "-o", "out.mp4", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["frames"], said["with_face"], said["sound"]) == (6, 6, True)
    made, before = open_clip(folder / "out.mp4"), open_clip(folder / "clip.mp4")
    assert made.sounds
    for old, new in zip(before.frames(), made.frames(), strict=True):
        assert old.time == new.time
        assert np.abs(old.picture.astype(int) - new.picture).mean() > 1


def test_a_clip_that_is_stopped_is_kept_so_far(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.apply.save_clip", stopped)
    apply(folder, "edit.safetensors", "clip.mp4", "-o", "out.mp4")
    assert "the 1 frames so far are kept" in capsys.readouterr().err


def test_clips_are_known_before_anything_heavy_is_loaded() -> None:
    assert tuple(FORMATS) == CLIPS


@pytest.mark.parametrize(
    ("edit", "photo", "words"),
    [
        ("plain", "photo.png", "Nothing is edited in this session"),
        ("warp", "photo.png", "none of a face"),
        ("words", "photo.png", "not a safetensors file"),
        ("missing", "photo.png", "There is no file"),
        ("edit", "empty.png", "No face was found"),
        ("edit", "words.safetensors", "JPEG, PNG"),
        ("edit", "clip.mp4", "named *.mp4"),
        ("edit", "missing.mp4", "There is no file"),
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


def test_a_clip_without_a_face_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        apply(folder, "edit.safetensors", "empty.mp4", "-o", "bad.mp4")
    assert "No face was found in this clip." in capsys.readouterr().err
    marks = ("--eyes-mouth", "200,110:240,110:220,150")
    with pytest.raises(SystemExit):
        apply(folder, "edit.safetensors", "clip.mp4", "-o", "bad.mp4", *marks)
    assert "told by --at" in capsys.readouterr().err
    assert not (folder / "bad.mp4").exists()
