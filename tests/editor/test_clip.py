"""An edit on each frame of a clip."""

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from clips import EMPTY, FACE, UNIT, clip, head_moved, panned

from editor.clip import source
from editor.clip.follow import follow, track
from editor.clip.paint import Moved, moved, painted
from editor.clip.source import ClipError, Frame, open_clip
from editor.clip.write import save_clip
from editor.session import Session
from photo import Photo
from weights.files import WeightsError


@pytest.fixture(scope="module")
def edit() -> Session:
    return head_moved()


def shown(pictures: list[Photo]) -> list[Frame]:
    return [Frame(picture, Fraction(number, 25)) for number, picture in enumerate(pictures)]


def test_each_frame_is_edited_and_nothing_beside_the_head(edit: Session) -> None:
    frames = shown(panned(7))
    found = track(list(follow(frames)), 25.0)
    assert found.runs == [range(7)]
    after = list(painted(edit, frames, found))
    for k, (before, now) in enumerate(zip(frames, after, strict=True)):
        assert before.time == now.time
        differs = (before.picture != now.picture).any(2)
        assert 0.05 < differs.mean() < 0.6
        assert not differs[-20:, :20].any(), k


def test_the_head_moves_alike_in_all_frames(edit: Session) -> None:
    frames = shown(panned(9))
    found = track(list(follow(frames)), 25.0)
    every = [each for each in moved(edit, frames, found) if isinstance(each, Moved)]
    steps = np.array([each.pose.vertices - each.rig.vertices for each in every])[:, :468, 0]
    assert len(steps) == 9
    assert steps.mean() == pytest.approx(15, rel=0.05)
    assert (steps - steps.mean(0)).std() < 0.2  # px of 512 over the crop


def test_frames_without_a_face_stay_and_the_edit_fades_there(edit: Session) -> None:
    frames = shown([*panned(4), EMPTY, EMPTY, *panned(2)])
    faces = list(follow(frames))
    assert [face is not None for face in faces] == [True] * 4 + [False] * 4
    found = track(faces, 25.0)
    after = list(painted(edit, frames, found))
    strengths = [
        np.abs(a.picture.astype(int) - b.picture).mean() for a, b in zip(after, frames, strict=True)
    ]
    assert strengths[0] > strengths[3] > 0
    assert not any(strengths[4:])


def test_a_face_that_comes_back_is_found_again() -> None:
    faces = list(follow(shown([FACE, *[EMPTY] * 5, *panned(2)])))
    assert [face is not None for face in faces] == [True, *[False] * 5, True, True]


def test_of_two_faces_the_one_that_is_meant_is_followed() -> None:
    two = [np.hstack([p, q]) for p, q in zip(panned(2), panned(2), strict=True)]
    places = [
        face.mesh[:, 0].mean() for at in ((100.0, 110.0), (380.0, 110.0))
        for face in follow(shown(two), at) if face is not None
    ]  # fmt: skip
    assert [place > 256 for place in places] == [False, False, True, True]


def test_a_clip_has_its_own_times(tmp_path: Path) -> None:
    times = [0, 512, 2048, 2560]
    found = open_clip(clip(tmp_path / "a.mp4", panned(4), times))
    assert [frame.time for frame in found.frames()] == [time * UNIT for time in times]
    list(save_clip(found, lambda frames: frames, tmp_path / "b.mp4"))
    again = open_clip(tmp_path / "b.mp4")
    assert [frame.time for frame in again.frames()] == [time * UNIT for time in times]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_clip_is_upright(tmp_path: Path, turns: int) -> None:
    wide = FACE[:128]
    found = open_clip(clip(tmp_path / "a.mp4", [wide], rotation=90 * turns))
    (frame,) = found.frames()
    away = frame.picture.astype(int) - np.rot90(wide, turns)
    assert np.abs(away).mean() < 6


@pytest.mark.parametrize(
    ("name", "sound"), [("a.mp4", "aac"), ("a.mkv", "libopus"), ("a.mkv", "pcm_s16le")]
)
def test_the_sound_is_kept(tmp_path: Path, name: str, sound: str) -> None:
    found = open_clip(clip(tmp_path / name, panned(25), sound=sound))
    assert found.sounds
    *_, count = save_clip(found, lambda frames: frames, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as made:
        heard = np.concatenate([f.to_ndarray()[0] for f in made.decode(made.streams.audio[0])])
    assert count == 25
    assert len(heard) == pytest.approx(48000, abs=4000)
    assert np.abs(heard).max() > 0.5


def test_who_stops_has_what_is_done(tmp_path: Path) -> None:
    found = open_clip(clip(tmp_path / "a.mp4", panned(20), sound="aac"))
    saving = save_clip(found, lambda frames: frames, tmp_path / "b.mp4")
    assert list(islice(saving, 5)) == [1, 2, 3, 4, 5]
    saving.close()
    assert len(list(open_clip(tmp_path / "b.mp4").frames())) == 5


def test_an_interrupt_keeps_what_is_done_and_is_told(tmp_path: Path) -> None:
    found = open_clip(clip(tmp_path / "a.mp4", panned(20)))

    def change(frames):
        yield from islice(frames, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(save_clip(found, change, tmp_path / "b.mp4"))
    assert len(list(open_clip(tmp_path / "b.mp4").frames())) == 3
    with pytest.raises(KeyboardInterrupt):
        list(save_clip(found, lambda frames: change(iter(())), tmp_path / "c.mp4"))
    assert not (tmp_path / "c.mp4").exists()


def test_what_is_no_clip_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = clip(tmp_path / "a.mp4", panned(4))
    (tmp_path / "cut.mp4").write_bytes(good.read_bytes()[:900])
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.mp4\n")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\na.mp4\n")
    for name, words in (
        ("cut.mp4", "damaged"),
        ("list.m3u8", "no clip known here"),
        ("list.mp4", "damaged"),
    ):
        with pytest.raises(ClipError, match=words):
            open_clip(tmp_path / name)
    with pytest.raises(WeightsError, match="no file"):
        open_clip(tmp_path / "missing.mp4")
    clip(tmp_path / "small.mp4", [FACE[:32, :32]])
    with pytest.raises(ClipError, match="32 x 32 px"):
        open_clip(tmp_path / "small.mp4")
    clip(tmp_path / "bright.mp4", [FACE], curve=16)
    with pytest.raises(ClipError, match="HDR"):
        open_clip(tmp_path / "bright.mp4")
    found = open_clip(good)
    monkeypatch.setattr(source, "MOST_FRAMES", 3)
    with pytest.raises(ClipError, match="has 4 frames: cut it"):
        open_clip(good)
    with pytest.raises(ClipError, match="cut it"):  # though it says that it has fewer
        list(found.frames())
    monkeypatch.setattr(source, "MOST_SECONDS", -1)
    with pytest.raises(ClipError, match="lasts 0 s"):
        open_clip(good)
