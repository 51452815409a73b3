"""A visitor's photo behind the page: whose face is fitted, what is stopped, what is saved."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageSequence

from inversion import InvertOptions, ProjectOptions, TuneOptions, start
from photo.align import face_quad
from photo.crop import box_quad
from transfer.rig import wide_crop
from ui.canvas import write_drawn
from ui.door.uploads import Upload
from ui.page import handlers, messages, saving, settings, work
from ui.page.settings import Settings
from ui.page.tab_state import TabState

VALUES = tuple(vars(replace(Settings(), steps=10)).values())
NOSE = [256, 322, 286, 310]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Iterator[TabState]:
    """A tab whose fits take few steps, from a start among few faces."""
    monkeypatch.setattr(start, "START_SAMPLES", 16)
    few = InvertOptions(ProjectOptions(steps=2), TuneOptions(steps=0))
    monkeypatch.setattr(settings, "budget", lambda name, seed: few)
    visit = handlers.fresh()
    yield visit
    visit.close()


def chosen(visit: TabState, photo: np.ndarray, folder: Path) -> dict[str, Any]:
    """What the page shows of a photo that is uploaded."""
    file = folder / "photo.png"
    Image.fromarray(photo).save(file)
    (screen,) = handlers.choose(visit, Upload(file, file.unlink))
    return screen


def fitted(visit: TabState, **drawn: Any) -> list[str]:
    """The status lines of a fit of what is marked."""
    screens = work.fit(visit, write_drawn(visit.drawn, 0) | drawn, *VALUES)
    return [screen["status"] for screen in screens if "status" in screen]


def dragged(visit: TabState) -> np.ndarray:
    """Where a drag of the nose has changed the photo [h w]."""
    photo = visit.session.subject.photo
    list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES))
    return (visit.result() != photo).any(2)


def inside(quad: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """True in this part of the photo, and for a px around it."""
    part = cv2.fillConvexPoly(np.zeros(photo.shape[:2], np.uint8), np.round(quad).astype(int), 1)
    return cv2.dilate(part, np.ones((3, 3))) > 0


def is_fitted(visit: TabState, quad: np.ndarray, **drawn: Any) -> None:
    """This part of the photo, which a fit leaves as it is."""
    photo = visit.unfitted.photo
    fitted(visit, **drawn)
    assert np.allclose(visit.session.subject.quad, quad)
    assert (visit.result() == photo).all()


def test_where_no_face_is_found_it_is_marked_by_hand(visit: TabState, tmp_path: Path) -> None:
    screen = chosen(visit, np.full((200, 300, 3), 128, np.uint8), tmp_path)
    assert messages.NO_FACE in screen["status"]
    left, right, (x, y) = screen["canvas"]["value"]["marks"]
    marks = [left, right, [x, y + 10]]
    is_fitted(visit, face_quad(np.array(marks)), marks=marks)


def test_what_is_not_a_face_goes_into_a_box(visit: TabState, tmp_path: Path) -> None:
    assert "Then press Fit." in chosen(visit, skimage.data.chelsea(), tmp_path)["status"]
    is_fitted(visit, box_quad(80.0, 20.0, 240.0), kind="box", box=[80, 20, 240])


def test_of_several_faces_the_one_that_is_pressed_is_edited(
    visit: TabState, tmp_path: Path
) -> None:
    one = skimage.data.astronaut()[:300, 80:380]
    photo = np.hstack([one, one[:, ::-1]])
    screen = chosen(visit, photo, tmp_path)
    assert messages.FACES.format(2) in screen["status"]
    first, second = screen["canvas"]["faces"]
    assert screen["canvas"]["value"]["marks"] == first
    quad = face_quad(np.array(second))
    is_fitted(visit, quad, marks=second)
    changed = dragged(visit)
    assert changed.any()
    assert not changed[~inside(wide_crop(quad).quad, photo)].any()


def test_a_face_can_be_chosen_again_in_its_photo(visit: TabState) -> None:
    (screen,) = handlers.refit(visit)
    assert messages.ONE_FACE in screen["status"]
    assert screen["canvas"]["value"]["marks"] == screen["canvas"]["faces"][0]
    left, right, (x, y) = screen["canvas"]["faces"][0]
    marks = [left, right, [x, y + 10]]
    is_fitted(visit, face_quad(np.array(marks)), marks=marks)


def test_a_fit_that_is_stopped_is_kept_so_far(visit: TabState, monkeypatch) -> None:
    many = InvertOptions(ProjectOptions(steps=500), TuneOptions(steps=0))
    monkeypatch.setattr(settings, "budget", lambda name, seed: many)
    list(handlers.astronaut(visit))
    photo = visit.unfitted.photo
    said: list[str] = []
    for screen in work.fit(visit, write_drawn(visit.drawn, 0), *VALUES):
        said.append(screen.get("status", ""))
        if "step 1 of 500" in said[-1]:
            handlers.stop(visit)
    assert any("Stopped early: the fit so far is" in sentence for sentence in said)
    assert visit.session.subject.photo is photo


def test_the_motion_can_be_saved_as_gif_and_as_video(visit: TabState) -> None:
    dragged(visit)
    for save in (saving.gif, saving.mp4):
        *_, last = save(visit)
        assert "is ready." in last["status"]
    with Image.open(visit.file("dragphoto.gif")) as image:
        frames = [np.asarray(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(image)]
    assert len(frames) > 12
    assert np.abs(frames[0] - frames[len(frames) // 2]).max() > 20
    video = cv2.VideoCapture(str(visit.file("dragphoto.mp4")))
    read = [bool(video.read()[0]) for _ in range(25)]
    video.release()
    assert all(read)
