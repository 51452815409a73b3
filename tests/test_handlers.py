"""What stands behind the page: visits, handlers and their errors, without a browser."""

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drag import EditError
from inversion import PhotoError
from ui import handlers, words
from ui.errors import streaming, toast
from ui.picture import data_url, reduced
from ui.turn import MODEL, WAITING, alone
from ui.visit import Marking, Visit

ROOT = Path(__file__).parent.parent
NAMES = "visit photo canvas result status save fit mark drag stop undo redo clear"
PARTS = {name: name for name in NAMES.split()}


@pytest.fixture
def visit() -> Iterator[Visit]:
    visit = handlers.fresh()
    yield visit
    visit.close()


def press(x: float, y: float) -> SimpleNamespace:
    return SimpleNamespace(index=(x, y))


def placed(visit: Visit, *clicks: tuple[int, int]) -> Visit:
    for x, y in clicks:
        handlers.click(visit, press(x, y))  # pyright: ignore[reportArgumentType]
    return visit


BUILD = """
import json
from ui import handlers
handlers.engine = None
import app
events = app.demo.fns.values()
print(json.dumps([[event.api_name, event.api_visibility] for event in events]))
"""


def test_the_page_is_built_without_weights_and_its_events_are_private() -> None:
    # In a process of its own: Gradio leaves event loops open, which counts as a warning.
    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    events = json.loads(done.stdout)
    names = {name for name, _ in events}
    assert len(names) == len(events) == 11
    assert all(name.startswith("ui_") for name in names)
    assert {visibility for _, visibility in events} == {"private"}


@pytest.mark.parametrize(
    ("handle", "sentence"),
    [
        (lambda v: handlers.choose(v, None), "Choose a photo first."),
        (handlers.fit, "Choose a photo first."),
        (lambda v: handlers.drag(v, 5), "There is nothing to drag yet"),
        (lambda v: handlers.drag(placed(v, (200, 200)), 5), "no target yet"),
        (lambda v: handlers.drag(placed(v, (200, 200), (200, 200)), 5), "goes nowhere"),
        (lambda v: handlers.fit(marking(v, 2)), "Press on the left eye"),
        (lambda v: handlers.fit(marking(v, 3)), "the points lie too close together"),
        (lambda v: handlers.drag(marking(v, 3), 5), "Fit this photo first"),
        (lambda v: handlers.drag(busy(v), 5), "Work is in progress"),
        (lambda v: handlers.undo(busy(v)), "Work is in progress"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(visit: Visit, handle, sentence: str) -> None:
    with pytest.raises((EditError, PhotoError), match=sentence):
        list(handle(visit))


def marking(visit: Visit, marks: int) -> Visit:
    """A visit with this many marks, all in one place."""
    handlers.mark(visit)
    return placed(visit, *[(9, 9)] * marks)


def busy(visit: Visit) -> Visit:
    visit.busy = True
    return visit


def test_presses_during_work_change_nothing(visit: Visit) -> None:
    assert placed(busy(visit), (200, 200)).session.clicks == ()
    assert handlers.unchoose(visit) == {}


@pytest.mark.parametrize("contents", [b"", b"no picture"])
def test_a_file_is_removed_even_if_it_is_bad(visit: Visit, tmp_path: Path, contents) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(contents)
    with pytest.raises(PhotoError):
        list(handlers.choose(visit, str(file)))
    assert not file.exists()


def test_a_file_is_removed_once_it_is_read(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(skimage.data.astronaut()).save(file)
    (screen,) = handlers.choose(visit, str(file))
    assert words.FOUND in screen["status"]
    assert not file.exists()
    assert visit.marking is not None
    assert visit.marking.complete


def test_a_visit_that_was_forgotten_begins_anew() -> None:
    screens = list(streaming(handlers.clear, PARTS)(None))
    assert words.FORGOTTEN in screens[0]["status"]
    visit = screens[0]["visit"]
    assert isinstance(visit, Visit)
    visit.close()


def test_a_fault_tidies_the_page_and_shows_a_number_only(visit: Visit, caplog) -> None:
    def broken(visit: Visit) -> dict:
        raise RuntimeError("a secret")

    screens = streaming(broken, PARTS)(visit)
    assert "canvas" in next(screens)
    with pytest.raises(gr.Error) as error:
        next(screens)
    number = error.value.message.split("error ")[1].split(")")[0]
    assert len(number) == 6
    assert "secret" not in error.value.message
    assert number in caplog.text
    assert "a secret" in caplog.text


def test_sentences_cannot_smuggle_markup_in() -> None:
    assert "<" not in toast(PhotoError("There is no file <img src=x>.")).message


def test_work_waits_for_its_turn_and_can_be_stopped_meanwhile(visit: Visit) -> None:
    with MODEL:
        screens = alone(visit, iter(()))  # pyright: ignore[reportArgumentType]
        next(screens)
        assert WAITING in next(screens)["status"]
        handlers.stop(visit)
        with pytest.raises(StopIteration, match="before it began"):
            next(screens)
    assert not visit.busy


def test_a_tab_that_closes_in_mid_drag_frees_the_model(visit: Visit) -> None:
    screens = handlers.drag(placed(visit, (256, 320), (300, 300)), 5)
    for _ in range(3):
        next(screens)
    assert visit.busy
    assert MODEL.locked()
    screens.close()
    assert not visit.busy
    assert not MODEL.locked()


def test_a_download_lies_where_nobody_else_can_read_and_goes_with_the_visit(visit: Visit) -> None:
    file = Path(visit.download(visit.result()))
    assert file.parent.stat().st_mode & 0o077 == 0
    visit.close()
    assert not file.parent.exists()
    assert visit.stop.is_set()


@given(st.floats(0, 511), st.floats(0, 511))
def test_a_press_on_the_canvas_lands_where_it_is_drawn(x: float, y: float) -> None:
    visit = handlers.fresh()
    visit.click(x, y)
    assert np.allclose(visit._on_canvas(visit.session.clicks[0]), (x, y), atol=1e-3)


@given(st.tuples(st.floats(0, 600), st.floats(0, 300)))
def test_a_mark_lands_on_its_pixel_of_a_large_photo(place: tuple[float, float]) -> None:
    marking = Marking(np.zeros((1000, 2000, 3), np.uint8))
    assert marking.step == 3
    marking.click(*place)
    (mark,) = marking.marks
    assert np.allclose(mark, np.array(place) * 3 + 1)


def test_a_press_moves_the_nearest_mark_once_all_are_there() -> None:
    marking = Marking(np.zeros((100, 100, 3), np.uint8), ((30.0, 30.0), (60.0, 30.0), (45.0, 60.0)))
    marking.click(63, 33)
    assert marking.marks == ((30.0, 30.0), (63.0, 33.0), (45.0, 60.0))


def test_reduced_pictures_are_averaged_not_picked() -> None:
    stripes = np.zeros((600, 900, 3), np.uint8)
    stripes[:, ::2] = 200
    small, step = reduced(stripes, 450)
    assert (step, small.shape) == (2, (300, 450, 3))
    assert (small == 100).all()
    assert reduced(stripes, 900)[0] is stripes


def test_pictures_travel_in_the_page_itself() -> None:
    head, data = data_url(np.zeros((20, 30, 3), np.uint8)).split(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (30, 20)
