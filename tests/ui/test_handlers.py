"""What stands behind the page: visits, handlers and their errors, without a browser."""

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from itertools import islice
from math import dist
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import gradio as gr
import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from worlds import small_generator

from drag import EditError
from editor import BusyError, OutputError, models
from editor.drawing import Drawing, Stroke
from editor.fit_cache import FOLDER
from editor.search import GEOMETRY, PAPER, PRINCIPAL, Search
from editor.view import show
from inversion import BUDGETS, Inversion, InvertOptions, ProjectOptions, TuneOptions, budget
from photo import PhotoError, read_photo
from photo.crop import box_quad
from photo.framing import default_quad
from stylegan import before_activation
from ui.canvas import read_drawn, write_drawn
from ui.door.guest import Guest
from ui.door.schema import KINDS
from ui.door.uploads import Upload
from ui.gpu import LONG, SHORT
from ui.page import handlers, messages, saving, settings, work
from ui.page.events import streaming
from ui.page.screen import Screen
from ui.page.settings import LIMITS, Settings
from ui.page.tab_state import PendingPhoto, TabState
from ui.page.tabs import ANEW, OPEN_TABS
from ui.picture import data_url, reduced
from ui.toast import toast
from ui.work_lock import WAITING, alone
from weights.formats import Model, save

ROOT = Path(__file__).parents[2]
BUTTONS = (
    "fit back drag refit another stop astronaut ready random open other png gif mp4 session forget"
)
PUBLIC = "model fetched accept decline halt shelf"
NAMES = (
    "visit photo canvas controls result status file pixels "
    f"{PUBLIC} {BUTTONS} {' '.join(vars(Settings()))}"
)
PARTS = {name: name for name in NAMES.split()}
NOSE = [256, 322, 276, 314]
VALUES = tuple(vars(replace(Settings(), steps=10)).values())


@pytest.fixture
def visit() -> Iterator[TabState]:
    visit = handlers.fresh()
    yield visit
    visit.close()


def asking(visit: TabState) -> Any:
    """A request of the tab whose visit this is."""
    OPEN_TABS.add(Guest("127.0.0.1", "tab"), visit)
    client = SimpleNamespace(host="127.0.0.1")
    return SimpleNamespace(client=client, session_hash="tab", request=None)


def drawn(visit: TabState, *drags: list[float], **more: Any) -> dict[str, Any]:
    """What the browser sends when these arrows are on the canvas."""
    return write_drawn(visit.drawn, 0) | {"drags": list(drags)} | more


def dragged(visit: TabState, *drags: list[float], stop_after: int | None = None) -> str:
    """The status line after a drag."""
    said = ""
    for number, screen in enumerate(work.drag(visit, drawn(visit, *drags), *VALUES)):
        said = screen.get("status", said)
        if number == stop_after:
            handlers.stop(visit)
    return said


BUILD = """
import json
from editor import models
models.engine = None
import app
events = [event for event in app.demo.fns.values() if event.fn]
kinds = {type(part).__name__ for event in events for part in event.inputs}
print(json.dumps([[[event.api_name, event.api_visibility] for event in events], sorted(kinds)]))
"""


def test_the_page_is_built_without_weights_and_only_the_api_is_public() -> None:
    """And every kind of its inputs is known to the door."""
    # In a process of its own: Gradio leaves event loops open, which counts as a warning.
    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    events, kinds = json.loads(done.stdout)
    assert set(kinds) == {kind.__name__ for kind in KINDS}
    assert len({name for name, _ in events}) == len(events)
    assert {name for name, seen in events if seen == "public"} == {"fit", "drag", "render"}
    assert all(name.startswith("ui_") for name, seen in events if seen == "private")
    assert {seen for _, seen in events} == {"public", "private"}


@pytest.mark.parametrize(
    ("handle", "sentence"),
    [
        (lambda v: handlers.choose(v, None), "Choose a photo first."),
        (lambda v: work.fit(v, drawn(v), *VALUES), "Choose a photo first."),
        (lambda v: work.drag(v, drawn(v), *VALUES), "There is nothing to drag yet"),
        (lambda v: work.drag(v, drawn(v, [9, 9, 9, 9]), *VALUES), "goes nowhere"),
        (lambda v: work.drag(v, drawn(v, NOSE, [-9, 9, 9, 9]), *VALUES), "Drag 2 starts out"),
        (lambda v: work.drag(v, drawn(v, NOSE, strokes=[DAB]), *VALUES), "mask forbids"),
        (lambda v: work.fit(v, unfitted(v, [[9, 9]] * 3), *VALUES), "too close together"),
        (lambda v: work.fit(v, unfitted(v, [[9, 9]] * 2), *VALUES), "Mark both eyes"),
        (lambda v: work.fit(v, unfitted(v, kind="box", box=[0, 0, 3]), *VALUES), "too small"),
        (lambda v: work.drag(v, unfitted(v), *VALUES), "Fit this photo first"),
        (lambda v: work.drag(busy(v), drawn(v, NOSE), *VALUES), "Work is in progress"),
        (lambda v: handlers.undo(busy(v), drawn(v)), "Work is in progress"),
        (lambda v: saving.png(busy(v)), "Work is in progress"),
        (lambda v: work.pixels(busy(v), drawn(v), "generated", *VALUES), "Work is in progress"),
        (
            lambda v: work.drag(v, drawn(v, NOSE), *VALUES[:2], None, *VALUES[3:]),
            "A field under Advanced",
        ),
        (lambda v: work.drag(v, {"drags": "x"}, *VALUES), "This drawing cannot be read"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(visit: TabState, handle, sentence: str) -> None:
    with pytest.raises((BusyError, EditError, PhotoError), match=sentence):
        list(handle(visit))
    assert visit.session.past == ()


def test_a_large_generator_is_measured_in_its_own_px(visit: TabState, monkeypatch) -> None:
    """Its motion is looked at in smaller pictures: here one of 256 px at 128, as 512 at 256."""
    monkeypatch.setattr("editor.dragger.SEEN_SIDE", 128)
    list(work.random(visit, *VALUES))
    assert visit.session.subject.rig is not None
    steps = work.drag(visit, drawn(visit, NOSE), *VALUES)
    first = next(screen for screen in steps if screen.get("canvas", {}).get("track"))
    (handle,) = first["canvas"]["track"]
    steps.close()
    assert dist(handle["at"], NOSE[:2]) < 1
    assert handle["away"] == pytest.approx(dist(NOSE[:2], NOSE[2:]), abs=1)
    assert f"{dist(NOSE[:2], NOSE[2:]):.0f} px to go" in first["status"]


DAB = {"radius": 9, "erase": False, "points": [[20, 20]]}


def test_a_transparent_photo_stays_one(visit: TabState, tmp_path: Path) -> None:
    own = np.dstack([read_photo(handlers.ASTRONAUT), np.full((512, 512), 90, np.uint8)])
    Image.fromarray(own).save(tmp_path / "clear.png")
    list(handlers.choose(visit, Upload(tmp_path / "clear.png")))
    list(work.fit(visit, drawn(visit), *VALUES))
    dragged(visit, NOSE)
    list(saving.png(visit))
    after = read_photo(visit.file("dragphoto.png"))
    assert np.array_equal(after[300:], own[300:])
    assert (after != own).any()
    assert visit.size >= own.nbytes
    list(handlers.refit(visit))
    assert np.array_equal(visit.unfitted.photo, own)


def unfitted(visit: TabState, marks: list | None = None, **more: Any) -> dict[str, Any]:
    """What the browser sends while a photo waits for its fit."""
    visit.choose(PendingPhoto(np.zeros((100, 120, 3), np.uint8), ()))
    return drawn(visit, **({} if marks is None else {"marks": marks}), **more)


def busy(visit: TabState) -> TabState:
    visit.busy = True
    return visit


@pytest.mark.parametrize(
    "bad",
    [
        None, 7, {}, {"drags": [[1, 2, 3]]}, {"drags": [[1, 2, 3, float("nan")]]},
        {"drags": [[1e9, 2, 3, 4]]}, {"strokes": [{"radius": 3, "erase": 0, "points": []}]},
        {"drags": [[1, 2, 3, 4]] * 40}, {"strokes": [DAB] * 300}, {"marks": [[1]]}, {"box": [1]},
        {"strokes": [DAB | {"points": [[1, 1]] * 30_000}]}, {"strokes": [DAB | {"radius": "x"}]},
    ],
)  # fmt: skip
def test_no_nonsense_of_a_browser_gets_through(visit: TabState, bad: object) -> None:
    sent = drawn(visit) | bad if bad and isinstance(bad, dict) else bad
    with pytest.raises(EditError):
        read_drawn(sent)


def test_what_is_drawn_survives_the_way_to_the_browser_and_back(visit: TabState) -> None:
    drawing = Drawing((((1.5, 2.0), (3.0, 4.25)),), (Stroke(((5.0, 6.0),), 7.0, True),))
    there = replace(visit.drawn, drawing=drawing)
    assert read_drawn(json.loads(json.dumps(write_drawn(there, 3)))) == there


def test_what_has_not_arrived_stays_to_be_dragged_on(visit: TabState) -> None:
    said = dragged(visit, [256, 322, 330, 300])
    assert "Press Drag it again" in said
    ((handle, target),) = visit.drawn.drawing.drags
    assert target == (330.0, 300.0)
    assert 256 < handle[0] < 330
    rig = visit.session.subject.rig
    assert rig is not None
    assert not visit.session.now.change.rests(rig)


def test_undo_brings_the_arrow_and_the_paint_back(visit: TabState) -> None:
    paint = {"radius": 90.0, "erase": False, "points": [[256.0, 322.0], [300.0, 322.0]]}
    list(work.drag(visit, drawn(visit, NOSE, strokes=[paint]), *VALUES))
    before = visit.session.past[-1].drawing
    assert before.strokes == visit.drawn.drawing.strokes
    list(handlers.undo(visit, write_drawn(visit.drawn, 0)))
    assert visit.drawn.drawing == before
    assert before.drags == (((256.0, 322.0), (276.0, 314.0)),)
    assert (visit.result() == visit.session.subject.photo).all()
    list(handlers.redo(visit, write_drawn(visit.drawn, 0)))
    assert (visit.result() != visit.session.subject.photo).any()


def test_stop_ends_within_a_step_and_keeps_what_there_is(visit: TabState) -> None:
    said = dragged(visit, [256, 322, 330, 300], stop_after=4)
    assert messages.STOPPED in said
    assert len(visit.session.past) == 1
    assert not visit.busy
    assert SHORT._working == [], "the model is free"


def test_a_jump_shows_that_version(visit: TabState) -> None:
    dragged(visit, NOSE)
    here = write_drawn(visit.drawn, 0)
    event: Any = gr.EventData(None, {"number": 0})
    list(handlers.jump(visit, here, event))
    assert len(visit.session.past) == 0
    assert len(visit.session.future) == 1


def test_a_random_face_comes_from_its_seed_and_can_be_dragged(visit: TabState) -> None:
    values = vars(replace(Settings(), steps=10, seed=5)).values()
    for _ in range(2):
        said = [screen.get("status", "") for screen in work.random(visit, *values)]
        assert any("Face 5." in words for words in said)
    photo = visit.session.subject.photo
    list(work.random(visit, *values))
    assert (visit.session.subject.photo == photo).all()
    dragged(visit, NOSE)
    assert (visit.result() != photo).any()


@pytest.mark.parametrize("contents", [b"", b"no picture"])
def test_a_file_is_removed_even_if_it_is_bad(visit: TabState, tmp_path: Path, contents) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(contents)
    with pytest.raises(PhotoError):
        list(handlers.choose(visit, Upload(file, file.unlink)))
    assert not file.exists()


def test_a_file_is_removed_once_it_is_read(visit: TabState, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(skimage.data.astronaut()).save(file)
    (screen,) = handlers.choose(visit, Upload(file, file.unlink))
    assert messages.ONE_FACE in screen["status"]
    assert not file.exists()
    assert visit.unfitted is not None
    assert visit.drawn.marks == visit.unfitted.faces[0]
    list(handlers.unchoose(visit))
    assert visit.unfitted is None


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Names of models that are not of faces, and of one that cannot be used."""
    monkeypatch.setenv(models.FOLDER, str(tmp_path))
    monkeypatch.setattr(models, "_kept", {})
    for domain in ("animal", "car", "square"):
        save(Model(small_generator(), 16, domain=domain), tmp_path / f"{domain}.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    names = models.names()[1:]
    return dict(zip(("animal", "broken", "car", "square"), names, strict=True))


def used(visit: TabState, model: str) -> Screen:
    """All that the page shows once another model is chosen."""
    return {n: new for screen in work.use(visit, model, *VALUES) for n, new in screen.items()}


@pytest.mark.parametrize("domain", ["animal", "car", "square"])
def test_models_of_other_things_than_faces_ask_for_a_box(
    visit: TabState, others: dict[str, str], domain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Picture " in used(visit, others[domain])["status"]
    monkeypatch.setattr(handlers, "faces", None)  # to look for faces would fail
    few = InvertOptions(ProjectOptions(steps=2), TuneOptions(steps=0))
    monkeypatch.setattr(settings, "budget", lambda name, seed: few)
    for chosen in (handlers.astronaut, handlers.refit):
        said = [screen.get("status", "") for screen in chosen(visit)]
        assert any(escape(messages.BOXES[domain]) in sentence for sentence in said)
        assert visit.drawn.kind == "box"
        photo = visit.unfitted.photo
        quad = default_quad(photo, domain)
        assert np.allclose(box_quad(*visit.drawn.box), quad)
        list(work.fit(visit, drawn(visit), *VALUES))
        assert np.allclose(visit.session.subject.quad, quad)


def test_a_photo_waits_on_when_the_model_changes(visit: TabState, others: dict[str, str]) -> None:
    list(handlers.astronaut(visit))
    photo = visit.unfitted.photo
    assert visit.drawn.kind == "face"
    for domain in ("car", "square"):
        screen = used(visit, others[domain])
        assert escape(messages.BOXES[domain]) in screen["status"]
        assert screen["canvas"]["scene"] == "fit"
        assert screen["canvas"]["value"]["kind"] == "box"
        assert screen["photo"] is not None
        assert screen["model"]["value"] == visit.model == others[domain]
        assert visit.unfitted.photo is photo
        assert visit.session.subject.ws.shape == (8, 12), "Back leads to a picture of this model"
    screen = used(visit, models.names()[0])
    assert messages.ONE_FACE in screen["status"]
    assert screen["canvas"]["value"]["kind"] == "face"
    assert len(screen["canvas"]["faces"]) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_a_model_that_cannot_be_used_changes_nothing(
    visit: TabState, others: dict[str, str], waits: bool
) -> None:
    if waits:
        list(handlers.astronaut(visit))
    before = visit.model, visit.unfitted, visit.session
    screens: list[dict[str, Any]] = []
    with pytest.raises(gr.Error, match="damaged or not a safetensors file"):
        screens.extend(streaming(work.use, PARTS)(asking(visit), others["broken"], *VALUES))
    after = visit.model, visit.unfitted, visit.session
    assert all(a is b for a, b in zip(after, before, strict=True))
    assert screens[-1]["model"]["value"] == before[0]


def test_a_session_is_saved_and_opened_as_it_was(visit: TabState, tmp_path: Path) -> None:
    dragged(visit, NOSE)
    list(saving.session(visit, drawn(visit, [100, 100, 120, 120]), *VALUES))
    saved = tmp_path / "a.safetensors"
    saved.write_bytes(visit.file("dragphoto.safetensors").read_bytes())
    other = handlers.fresh()
    screens = list(saving.open_file(other, Upload(saved, saved.unlink)))
    assert screens[0]["steps"] == 10
    assert other.drawn.drawing.drags == (((100.0, 100.0), (120.0, 120.0)),)
    assert (other.result() == visit.result()).all()
    assert len(other.session.past) == 1
    assert not saved.exists()
    other.close()


def switched(visit: TabState, whose: str, *drags: list[float]) -> dict[str, Any]:
    """All that the page shows once other pixels are chosen."""
    screens = list(work.pixels(visit, drawn(visit, *drags), whose, *VALUES))
    return {name: new for screen in screens for name, new in screen.items()}


def test_other_pixels_are_shown_at_once_and_what_is_drawn_stays(visit: TabState) -> None:
    dragged(visit, NOSE)
    own = visit.frame(visit.session.now), visit.result()
    arrow = [100.0, 100.0, 120.0, 120.0]
    seen = switched(visit, "generated", arrow)
    made = visit.frame(visit.session.now), visit.result()
    assert all((a != b).any() for a, b in zip(own, made, strict=True))
    assert (made[1] == show(visit.session.subject, visit.session.now, "generated")).all()
    assert seen["canvas"]["picture"] == data_url(made[0])
    assert seen["canvas"]["value"]["drags"] == [arrow]
    assert visit.session.now.drawing.drags == (((100.0, 100.0), (120.0, 120.0)),)
    list(saving.png(visit))
    assert (read_photo(visit.file("dragphoto.png")) == made[1]).all()
    strip = visit.strip()
    switched(visit, "photo", arrow)
    back = visit.frame(visit.session.now), visit.result()
    assert all((a == b).all() for a, b in zip(own, back, strict=True))
    assert visit.strip() == strip


def test_before_an_edit_all_pixels_are_the_photos(visit: TabState) -> None:
    switched(visit, "generated")
    assert (visit.result() == visit.session.subject.photo).all()
    assert (visit.frame(visit.session.now) == visit.small.photo).all()


def test_a_drag_shows_the_pixels_that_are_chosen(visit: TabState) -> None:
    switched(visit, "generated")
    shown = [
        screen["canvas"].get("picture")
        for screen in work.drag(visit, drawn(visit, NOSE), *VALUES)
        if "canvas" in screen
    ]
    now = visit.session.now
    assert data_url(show(visit.small, now, "generated")) in shown
    assert data_url(show(visit.small, now, "photo")) not in shown


def test_pixels_can_be_chosen_again_when_the_work_is_done(visit: TabState) -> None:
    switched(visit, "generated")
    choices = [
        screen["pixels"]
        for screen in work.drag(visit, drawn(visit, NOSE), *VALUES)
        if "pixels" in screen
    ]
    assert choices[0]["interactive"] is False
    assert choices[-1].interactive
    assert choices[-1].value == "generated"


def test_pixels_of_nobody_are_the_photos_own(visit: TabState) -> None:
    switched(visit, "mine")
    assert visit.pixels == "photo"


def test_pixels_can_be_chosen_while_a_photo_waits_for_its_fit(visit: TabState) -> None:
    sent = unfitted(visit, [[9.0, 9.0], [20.0, 9.0], [15.0, 20.0]])
    list(work.pixels(visit, sent, "generated", *VALUES))
    assert visit.unfitted is not None
    assert visit.drawn.marks == ((9.0, 9.0), (20.0, 9.0), (15.0, 20.0))


def test_the_models_pixels_of_a_photo_need_a_closer_fit(
    visit: TabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done stays done; it is fitted once, and not again for what is dragged then."""
    few, asked = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=2, moves=1)), list[str]()

    def budgeted(name: str, seed: int) -> InvertOptions:
        asked.append(name)
        return BUDGETS[name] if name == "geometry" else few

    monkeypatch.setattr(settings, "budget", budgeted)
    list(handlers.astronaut(visit))
    list(work.fit(visit, drawn(visit), *VALUES))
    assert not visit.session.subject.delta
    dragged(visit, NOSE)
    before, arrow = visit.session, [100.0, 100.0, 120.0, 120.0]
    seen = switched(visit, "generated", arrow)
    after = visit.session
    assert list(dict.fromkeys(asked)) == ["geometry", "balanced"]
    assert after.subject.delta
    assert (after.subject.photo == before.subject.photo).all()
    assert len(after.past) == 1
    moves = [before_activation(s.now.ws) - before_activation(s.subject.ws) for s in (before, after)]
    torch.testing.assert_close(moves[0], moves[1], atol=1e-4, rtol=1e-3)
    assert (after.now.picture != before.now.picture).any()
    assert after.now.change is before.now.change
    assert after.now.drawing.drags == (tuple(zip(arrow[::2], arrow[1::2], strict=True)),)
    assert seen["canvas"]["picture"] == data_url(show(visit.small, after.now, "generated"))
    asked.clear()
    switched(visit, "photo")
    switched(visit, "generated")
    assert asked == []


@pytest.fixture
def fitted(
    visit: TabState, others: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[str]]:
    """Fits a photo with a small model, in few steps; gives the status lines."""
    used(visit, others["square"])
    few = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=2, moves=1))
    monkeypatch.setattr(settings, "budget", lambda name, seed: few)

    def said() -> list[str]:
        visit.choose(PendingPhoto(skimage.data.astronaut(), ()))
        screens = work.fit(visit, drawn(visit, kind="box", box=[110, 0, 230]), *VALUES)
        return [screen["status"] for screen in screens if "status" in screen]

    return said


def test_the_same_photo_is_fitted_once_in_a_tab(visit: TabState, fitted, monkeypatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    said = fitted()
    assert any("Finding a similar face: step 1 of 5" in words for words in said)
    first, files = visit.session.subject, set(visit.fits().iterdir())
    assert len(files) == 1
    monkeypatch.setattr("editor.fitter.invert", None)  # to fit again would fail
    fitted()
    assert torch.equal(visit.session.subject.ws, first.ws)
    assert visit.session.subject.delta.keys() == first.delta.keys()
    assert set(visit.fits().iterdir()) == files


@pytest.mark.parametrize("how", [handlers.forget, lambda visit: visit.close() or ()])
def test_the_fits_of_a_tab_go_with_it_or_when_they_are_deleted(
    visit: TabState, fitted, monkeypatch, how
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    fitted()
    kept = visit.fits()
    assert any(kept.iterdir())
    assert kept.parent.stat().st_mode & 0o077 == 0
    list(how(visit))
    assert not kept.exists()
    assert not kept.parent.exists()


def test_tabs_do_not_share_their_fits_unless_a_folder_is_named(
    visit: TabState, fitted, monkeypatch, tmp_path: Path
) -> None:
    other = handlers.fresh()
    monkeypatch.delenv(FOLDER, raising=False)
    assert visit.fits() == visit.fits() != other.fits()
    monkeypatch.setenv(FOLDER, str(folder := tmp_path / "fits"))
    assert visit.fits() == other.fits() == folder
    fitted()
    list(handlers.forget(visit))
    assert len(list(folder.iterdir())) == 1, "whose folder it is decides what goes"
    other.close()


def test_a_morph_without_motion_is_refused(visit: TabState) -> None:
    with pytest.raises(OutputError, match="drag something first"):
        list(saving.gif(visit))


def test_a_visit_that_was_forgotten_begins_anew() -> None:
    request = SimpleNamespace(client=None, session_hash="unknown", request=None)
    screens = list(streaming(handlers.undo, PARTS)(request, None))
    assert ANEW in screens[0]["status"]
    visit = OPEN_TABS.find("unknown")
    assert visit is not None
    visit.close()


def test_deleted_is_deleted(visit: TabState) -> None:
    dragged(visit, NOSE)
    list(saving.png(visit))
    file = visit.file("dragphoto.png")
    assert file.exists()
    said = [screen.get("status", "") for screen in handlers.forget(visit)]
    assert any(messages.DELETED in sentence for sentence in said)
    assert not file.parent.exists()
    assert visit.session.past == ()
    dragged(visit, NOSE)


def test_a_fault_tidies_the_page_and_shows_a_number_only(visit: TabState, caplog) -> None:
    def broken(visit: TabState) -> Iterator[dict[str, Any]]:
        raise RuntimeError("a secret")
        yield {}

    screens = streaming(broken, PARTS)(asking(visit))
    assert "canvas" in next(screens)
    with pytest.raises(gr.Error) as error:
        next(screens)
    number = error.value.message.split("error ")[1].split(")")[0]
    assert len(number) == 6
    assert "secret" not in error.value.message
    assert number in caplog.text
    assert "a secret" in caplog.text


def test_a_handler_with_nothing_to_say_leaves_every_field_as_it_is(visit: TabState) -> None:
    """Gradio would empty the fields after a handler that gave nothing at all."""
    assert list(work.use(visit, visit.model, *VALUES)) == []
    (screen,) = streaming(work.use, PARTS)(asking(visit), visit.model, *VALUES)
    assert screen == {"status": gr.skip()}


def test_a_model_that_is_chosen_twice_at_once_is_no_error(visit: TabState) -> None:
    """Gradio tells of each choice two times."""
    visit.busy = True
    assert list(work.use(visit, visit.model, *VALUES)) == []


def test_sentences_cannot_smuggle_markup_in() -> None:
    assert "<" not in toast(PhotoError("There is no file <img src=x>.")).message


def test_work_waits_for_its_turn_and_can_be_stopped_meanwhile(
    visit: TabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHORT, "places", 1)
    ticket = SHORT.join(Guest("elsewhere"))
    assert SHORT.enter(ticket)
    screens = alone(visit, iter(()))  # pyright: ignore[reportArgumentType]
    next(screens)
    assert WAITING in next(screens)["status"]
    handlers.stop(visit)
    with pytest.raises(StopIteration, match="before it began"):
        next(screens)
    SHORT.leave(ticket)
    assert not visit.busy


def test_a_tab_that_closes_in_mid_drag_frees_the_model(
    visit: TabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHORT, "places", 1)
    screens = work.drag(visit, drawn(visit, NOSE), *VALUES)
    for _ in range(3):
        next(screens)
    assert visit.busy
    other = SHORT.join(Guest("elsewhere"))
    assert not SHORT.enter(other, 0.1)
    screens.close()
    assert not visit.busy
    assert SHORT.enter(other, 0.1)
    SHORT.leave(other)


def test_a_fit_is_passed_by_drags_and_waits_among_fits(
    visit: TabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHORT, "places", 1)
    monkeypatch.setattr(LONG, "places", 1)
    with LONG.place(Guest("elsewhere")):
        assert "Arrived" in dragged(visit, [256, 322, 258, 322])
        screens = work.fit_marked(marked(visit), *VALUES)
        assert any(WAITING in screen.get("status", "") for screen in islice(screens, 2))
        screens.close()
    assert LONG._waiting == LONG._working == []


def marked(visit: TabState) -> TabState:
    """A photo waits for its fit, which takes steps."""
    list(handlers.astronaut(visit))
    visit.pixels = "generated"
    return visit


def test_a_download_lies_where_nobody_else_can_read_and_goes_with_the_visit(
    visit: TabState,
) -> None:
    list(saving.png(visit))
    file = visit.file("dragphoto.png")
    assert file.parent.stat().st_mode & 0o077 == 0
    visit.close()
    assert not file.parent.exists()
    assert visit.stop.is_set()


def state(**parts: Any) -> Any:
    """The end of a drag of two arrows, the second of which fell 3 px short."""
    default_crop = {"end": "stuck", "step": 9, "distances": [0.5, 3.0], "texture": [1, 1]}
    numbers = default_crop | {"confidence": [1, 1]} | parts
    as_arrays = {n: np.array(v) if isinstance(v, list) else v for n, v in numbers.items()}
    return SimpleNamespace(**as_arrays)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"end": "arrived"}, "Arrived after 9 steps"),
        ({"end": "steps"}, "9 steps are done, 12 px short. Press Drag it again"),
        ({"end": "diverged"}, "It got lost, 12 px short"),
        ({"texture": [1, 0]}, "where arrow 2 starts there is no texture. Try a nearby edge."),
        ({"confidence": [1, 0]}, "what arrow 2 pulls changed too much to be followed"),
        ({"texture": [0, 1]}, "the model knows no such face"),
    ],
)
def test_the_end_of_a_drag_is_told_with_its_reason(parts: dict, sentence: str) -> None:
    assert sentence in messages.ended(state(**parts), 4.0)


def test_a_photo_with_a_rig_arrives_where_the_model_does_not() -> None:
    said = messages.ended(state(), 4.0, led=True)
    assert "your photo goes all the way, the model 12 px less" in said


def test_a_mask_that_freezes_a_drag_is_named() -> None:
    said = messages.ended(state(), 4.0, held=True)
    assert said.startswith("12 px short: what must not move holds it. Paint more")


def test_a_drag_that_the_mask_holds_says_so(visit: TabState) -> None:
    heavy = vars(replace(Settings(), steps=20, mask_weight=40.0, rate=0.1)).values()
    dab = {"points": [NOSE[:2]], "radius": 6, "erase": False}
    screens = list(work.drag(visit, drawn(visit, NOSE, strokes=[dab]), *heavy))
    assert any("what must not move holds it" in str(screen.get("status")) for screen in screens)


def test_settings_of_a_drag_follow_the_preset_and_the_model(visit: TabState) -> None:
    list(handlers.ready(visit))
    (shown,) = handlers.suit(visit, "paper")
    assert shown == Settings.suited(PAPER)
    assert (shown["space"], shown["radius"], shown["search"], shown["rate"]) == ("w+", 3, 12, 1)
    visit.suits = "another model"
    first, *later = list(handlers.ready(visit))
    changed = next(screen for screen in (first, *later) if "preset" in screen)
    assert {name: changed[name] for name in shown} == Settings.suited(GEOMETRY)
    assert changed["preset"] == "model"
    assert all("preset" not in screen for screen in handlers.ready(visit))


def test_settings_keep_to_their_limits() -> None:
    wild = {f"setting.{name}": 1e9 for name in LIMITS} | {"setting.space": "x"}
    wild |= {"setting.preset": "paper"}
    kept = Settings.of_facts(wild)
    assert all(getattr(kept, name) == most for name, (_, most, _) in LIMITS.items())
    assert (kept.space, kept.preset) == ("axes", "paper")
    named = {"setting.preset": "model", "setting.budget": "most"}
    assert Settings.of_facts(named).budget == "geometry"
    older = {"setting.rate": 0.07, "setting.space": "w+"}  # a preset tells what these mean
    assert Settings.of_facts(older) == Settings()
    assert Settings.of_facts(kept.facts()) == kept


def test_without_a_seed_each_face_is_another(visit: TabState) -> None:
    for seed in (None, 0, 0.0):  # what a browser makes of an empty field
        values = vars(replace(Settings(), steps=10)) | {"seed": seed}
        assert Settings.of(list(values.values())).seed is None
    seen = {str(list(work.random(visit, *values.values()))[-2]["status"]) for _ in range(3)}
    assert len(seen) == 3


def test_a_drag_is_what_the_fields_say_of_the_preset() -> None:
    for preset in (GEOMETRY, PRINCIPAL, PAPER):
        shown = Settings.suited(preset) | {"steps": preset.options.steps}
        assert replace(Settings(), **shown).drag(preset) == preset
        assert shown.keys() < vars(Settings()).keys()
        slower = replace(Settings(), **(shown | {"rate": 0.5, "radius": 9.0, "space": "w"}))
        options = replace(preset.options, rate=0.5 * preset.options.rate, radius=9.0)
        assert slower.drag(preset) == Search(options, "w")


def test_the_budget_and_the_seed_are_those_of_the_page() -> None:
    assert Settings().invert() == BUDGETS["geometry"]
    for name in BUDGETS:
        assert replace(Settings(), budget=name, seed=4).invert() == budget(name, 4)


def fit_so_far(stage: Literal["project", "tune"], step: int, done: float) -> Inversion:
    return Inversion(torch.zeros(2, 3), {}, 0.1, 0.1, stage, step, 160, done)


@pytest.mark.parametrize(
    ("fit", "sentence"),
    [
        (fit_so_far("project", 0, 0.02), "Finding a similar face: step 1 of 160"),
        (fit_so_far("project", 9, 0.2), "similar face: step 10 of 160, about 40 s left"),
        (fit_so_far("tune", 99, 0.5), "Making it look like the photo: step 100 of 160, about 10 s"),
    ],
)
def test_a_fit_tells_what_it_does_and_how_long_by_its_work(fit: Inversion, sentence: str) -> None:
    assert sentence in messages.fitting(fit, 10.0)
    assert ("left" in messages.fitting(fit, 10.0)) == (fit.done > 0.05)


def test_reduced_pictures_are_averaged_not_picked() -> None:
    stripes = np.zeros((600, 900, 3), np.uint8)
    stripes[:, ::2] = 200
    small = reduced(stripes, 450)
    assert small.shape == (300, 450, 3)
    assert (small == 100).all()
    assert reduced(stripes, 900) is stripes


def test_pictures_travel_in_the_page_itself() -> None:
    head, data = data_url(np.zeros((20, 30, 3), np.uint8)).split(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (30, 20)
