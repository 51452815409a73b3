"""A photo comes: how soon it can be dragged, and that the one before it is not lost."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from editor.session import SessionError
from photo import PhotoError
from ui.canvas import write_drawn
from ui.door.uploads import Upload
from ui.page import arriving, carrying, handlers, people, saving, work
from ui.page.settings import Settings
from ui.page.tab_state import TabState

VALUES = tuple(vars(Settings()).values())
NOSE = [256, 322, 276, 314]


@pytest.fixture
def visit() -> Iterator[TabState]:
    visit = handlers.fresh()
    yield visit
    visit.close()


def sent(folder: Path, photo: np.ndarray) -> Upload:
    file = folder / "photo.png"
    Image.fromarray(photo).save(file)
    return Upload(file, file.unlink)


def test_the_only_face_is_ready_without_a_press(visit: TabState, tmp_path: Path) -> None:
    screens = list(arriving.choose(visit, sent(tmp_path, skimage.data.astronaut()), *VALUES))
    assert visit.unfitted is None
    assert visit.session.subject.rig is not None
    assert visit.session.subject.photo.shape == (512, 512, 3)
    shown = [screen["canvas"]["scene"] for screen in screens if "scene" in screen.get("canvas", {})]
    assert shown[-1] == "drag"
    assert screens[-2]["canvas"]["preview"]["picture"].startswith("data:image/webp")


def test_of_two_faces_one_is_asked_for(visit: TabState, tmp_path: Path) -> None:
    face = skimage.data.astronaut()[:400]
    list(arriving.choose(visit, sent(tmp_path, np.hstack([face, face[:, ::-1]])), *VALUES))
    assert visit.unfitted is not None
    assert len(visit.unfitted.faces) == 2


def test_an_edited_photo_comes_back(visit: TabState) -> None:
    list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES))
    edited = visit.result()
    screens = list(arriving.astronaut(visit, *VALUES))
    assert screens[-2]["back"].visible
    assert not np.array_equal(visit.result(), edited)
    *_, shown, _ = handlers.back(visit)
    assert np.array_equal(visit.result(), edited)
    assert not shown["back"].visible


def test_nothing_is_fitted_where_nothing_waits(visit: TabState) -> None:
    with pytest.raises(PhotoError, match="Choose a photo first"):
        list(work.fit_marked(visit, *VALUES))


def test_two_faces_are_edited_in_turn_and_both_edits_are_saved(
    visit: TabState, tmp_path: Path
) -> None:
    face = skimage.data.astronaut()[:400]
    photo = np.hstack([face, face[:, ::-1]])
    list(arriving.choose(visit, sent(tmp_path, photo), *VALUES))
    assert visit.unfitted is not None
    first, second = (np.array(marks).tolist() for marks in visit.unfitted.faces)

    def picked(marks: list[list[float]]) -> None:
        list(people.pick(visit, write_drawn(visit.drawn, 0) | {"marks": marks}, *VALUES))

    def dragged() -> np.ndarray:
        list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES))
        return visit.result()

    picked(first)
    one = dragged()
    (screen,) = people.another(visit)
    assert screen["another"].visible is False
    picked(second)
    assert np.array_equal(visit.result(), one)
    both = dragged()
    halves = (both != photo).any((0, 2)).reshape(2, -1).any(1)
    assert halves.tolist() == [True, True]
    list(people.another(visit))
    picked(first)  # its own history is still there
    assert np.array_equal(visit.result(), both)
    list(handlers.undo(visit, write_drawn(visit.drawn, 0)))
    alone = (visit.result() != photo).any((0, 2)).reshape(2, -1).any(1)
    assert alone.tolist() == sorted(alone.tolist(), reverse=first[0][0] > 512)
    assert alone.sum() == 1


def test_a_photo_without_a_face_is_pulled_without_a_model(visit: TabState, tmp_path: Path) -> None:
    cat = skimage.data.chelsea()
    *_, shown, _ = arriving.choose(visit, sent(tmp_path, cat), *VALUES)
    assert visit.model == "none"
    assert "No face was found" in shown["status"]
    assert shown["canvas"]["preview"]["reach"] > 0
    list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [[150, 130, 150, 100]]}, *VALUES))
    changed = (visit.result() != cat).any(2)
    assert 0.001 < changed.mean() < 0.3
    list(handlers.refit(visit))
    assert visit.unfitted is not None
    assert visit.unfitted.domain == "face"
    list(handlers.back(visit))
    assert visit.model == "none"
    list(arriving.astronaut(visit, *VALUES))
    assert visit.session.subject.rig is not None
    list(handlers.back(visit))
    assert visit.model == "none"
    assert np.array_equal((visit.result() != cat).any(2), changed)


def test_no_model_is_chosen_and_its_session_opened_by_any(visit: TabState, tmp_path: Path) -> None:
    list(arriving.astronaut(visit, *VALUES))
    list(work.use(visit, "none", *VALUES))
    assert visit.session.subject.rig is None
    list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES))
    pulled = visit.result()
    list(saving.session(visit, write_drawn(visit.drawn, 0), *VALUES))
    file = tmp_path / "pulled.safetensors"
    file.write_bytes(visit.file("dragphoto.safetensors").read_bytes())
    list(handlers.ready(visit))
    assert visit.model != "none"
    list(saving.open_file(visit, Upload(file, file.unlink)))
    assert visit.model == "none"
    assert np.array_equal(visit.result(), pulled)


def test_an_edit_is_done_to_another_photo(visit: TabState, tmp_path: Path) -> None:
    photo = skimage.data.astronaut()
    with pytest.raises(SessionError, match="Nothing is edited"):
        list(carrying.carry(visit, sent(tmp_path, photo), *VALUES))
    list(work.drag(visit, write_drawn(visit.drawn, 0) | {"drags": [NOSE]}, *VALUES))
    before = visit.session
    with pytest.raises(PhotoError, match="No face was found in it"):
        list(carrying.carry(visit, sent(tmp_path, skimage.data.chelsea()), *VALUES))
    assert visit.session is before
    list(carrying.carry(visit, sent(tmp_path, photo), *VALUES))
    assert len(visit.session.past) == 1
    changed = (visit.result() != photo).any(2)
    assert 0.02 < changed.mean() < 0.6
    list(handlers.undo(visit, write_drawn(visit.drawn, 0)))
    assert np.array_equal(visit.result(), photo)
    list(handlers.back(visit))
    assert visit.session.subject is before.subject
