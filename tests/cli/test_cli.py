"""The command line: the whole chain without a browser, and one sentence for each bad input."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image, ImageSequence
from worlds import small_generator

from benchmarks.trust.hostile.pickle_writer import nvidia, pickled, snapshot, write
from cli import commands, main
from editor.dragger import DragStep
from editor.drawing import Drawing, Stroke
from editor.engine import Engine
from editor.export import FRAME_MS
from editor.fit_cache import FOLDER
from editor.search import LAYERS, PAPER
from editor.session import Session
from editor.session_file import load_session, save_session
from editor.view import VIEW_SIDE, show
from inversion import BUDGETS, InvertOptions, ProjectOptions, TuneOptions, budget
from photo import read_photo
from photo.align import face_quad
from photo.crop import Crop, box_quad
from photo.framing import default_quad
from transfer.rig import Pose, Rig, wide_crop
from weights.files import FACES
from weights.formats import Model, save

ROOT = Path(__file__).parents[2]
NOSE = "221,125:228,123"
MARKS = "200,110:240,110:220,150"
FEW = InvertOptions(ProjectOptions(steps=4), TuneOptions(steps=2, coarse=1, moves=1))


def few(name: str, seed: int = 0) -> InvertOptions:
    """Only the quick budget is plain."""
    project = replace(FEW.project, seed=seed)
    return replace(FEW, project=project, tune=TuneOptions(steps=0) if name == "quick" else FEW.tune)


loaded = cache(Engine)  # a model is loaded once


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, its session, and files that are no photos."""
    folder = tmp_path_factory.mktemp("cli")
    Image.fromarray(skimage.data.astronaut()).save(folder / "photo.jpg", quality=92)
    Image.new("RGB", (200, 100), "grey").save(folder / "empty.png")
    Image.new("L", (9, 9)).save(folder / "small.png")
    Image.new("L", (512, 512), 255).save(folder / "white.png")
    Image.new("L", (512, 512), 0).save(folder / "black.png")
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:9000])
    (folder / "words.txt").write_text("no picture")
    (folder / "words.safetensors").write_text("no session")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "budget", few)
        patch.setattr(commands, "Engine", loaded)
        patch.setenv(FOLDER, f"{folder}/fits")
        main.main(["invert", f"{folder}/photo.jpg", "-o", f"{folder}/photo.safetensors"])
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(commands, "budget", few)
    monkeypatch.setattr(commands, "Engine", loaded)
    monkeypatch.setenv(FOLDER, f"{folder}/fits")


def summary(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    """What a command says with --json."""
    main.main([*map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        main.main(["render", "--seed", str(seed), "-o", str(tmp_path / f"{name}.png")])
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_render_says_what_it_wrote(tmp_path: Path, capsys) -> None:
    said = summary(capsys, "render", "-o", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (said["side"], said["side"])


def opened(file: Path) -> Session:
    return load_session(file)[0]


def test_a_session_holds_the_photo_and_its_figures(folder: Path) -> None:
    session, facts = load_session(folder / "photo.safetensors")
    subject = session.subject
    assert (subject.photo == read_photo(folder / "photo.jpg")).all()
    assert np.allclose(subject.quad, default_quad(subject.photo, "face"), atol=1e-6)
    assert facts["fit_steps"] == 6
    assert "/" not in str(facts["distance"]), "a file may be passed on: no folder is named in it"
    assert len(session.versions) == 1
    assert isinstance(session.now.change, Pose)
    assert session.now.change.rests(rigged(session))


def test_a_session_can_be_dragged(folder: Path, tmp_path: Path, capsys) -> None:
    said = summary(
        capsys, "drag", folder / "photo.safetensors", "--drag", NOSE, "--steps", 5,
        "-o", tmp_path / "a.png",
    )  # fmt: skip
    before, after = read_photo(folder / "photo.jpg"), read_photo(tmp_path / "a.png")
    changed = (before != after).any(2)
    assert said["edited_pixels"] == changed.sum() > 0
    assert not changed[~reach(folder)].any()
    assert said["fit_steps"] == 6
    assert len(said["distances"]) == len(said["confidence"]) == 1


def test_a_transparent_photo_stays_one(folder: Path, tmp_path: Path, capsys) -> None:
    with Image.open(folder / "photo.jpg") as image:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(tmp_path / "clear.png")
        own = np.asarray(image)
    said = summary(
        capsys, "drag", tmp_path / "clear.png", "--drag", NOSE, "--steps", 5,
        "-o", tmp_path / "a.png", "--session", tmp_path / "photo.safetensors",
    )  # fmt: skip
    after = read_photo(tmp_path / "a.png")
    assert after.shape == (512, 512, 4)
    assert np.array_equal(after[~reach(tmp_path)], own[~reach(tmp_path)])
    assert said["edited_pixels"] == (after != own).any(2).sum() > 0
    assert np.array_equal(opened(tmp_path / "photo.safetensors").subject.sent, own)


def test_a_face_is_moved_by_name(folder: Path, tmp_path: Path, capsys) -> None:
    """A session's, a photo's, and after a drag."""
    out, kept = ("-o", tmp_path / "a.png"), tmp_path / "a.safetensors"
    values = {"smile": 0.6, "turn": -12.0}
    moved = ("--set", "smile=0.6", "--set", "turn=-12", *out, "--session", kept)
    said = summary(capsys, "drag", folder / "photo.safetensors", *moved)
    assert said["controls"] == opened(kept).now.controls == values
    assert said["edited_pixels"] > 0
    assert "steps" not in said
    both = ("--drag", NOSE, "--steps", 2, "--set", "turn=0", *out, "--session", kept)
    assert summary(capsys, "drag", kept, *both)["steps"] == 2
    known = [version.controls for version in opened(kept).versions]
    assert known == [{}, values, values, {"smile": 0.6}]


def rigged(session: Session) -> Rig:
    assert session.subject.rig is not None
    return session.subject.rig


def reach(folder: Path) -> np.ndarray:
    """Which pixels of the photo the head may move in."""
    quad = wide_crop(opened(folder / "photo.safetensors").subject.quad).quad
    inside = np.zeros((512, 512), np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad).astype(np.int32), 1)
    return cv2.dilate(inside, np.ones((3, 3), np.uint8)) > 0


def test_a_photo_can_be_dragged_with_everything(folder: Path, tmp_path: Path, capsys) -> None:
    mask = np.zeros((512, 512), np.uint8)
    mask[60:200, 150:300] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    said = summary(
        capsys, "drag", folder / "photo.jpg", "--drag", NOSE, "--drag", "223,148:223,152",
        "--mask", tmp_path / "mask.png", "--gif", tmp_path / "a.gif", "--mp4", tmp_path / "a.mp4",
        "--session", tmp_path / "a.safetensors", "--steps", 5, "-o", tmp_path / "a.png",
    )  # fmt: skip
    with Image.open(tmp_path / "a.gif") as gif, Image.open(tmp_path / "a.png") as image:
        shown = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
        assert sum(shown) == FRAME_MS * (2 * (commands.SLOW // 2) + commands.SLOW)
        assert len(shown) > commands.SLOW // 2  # pictures that are the same are written once
        assert gif.size == (VIEW_SIDE, VIEW_SIDE)
        assert image.size == (512, 512)
    with av.open(str(tmp_path / "a.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 2 * (commands.SMOOTH // 2) + commands.SMOOTH
    assert len(opened(tmp_path / "a.safetensors").past) == 1
    assert len(said["distances"]) == 2
    assert {"fit_seconds", "fit_distance", "fit_psnr", "seconds", "end", "steps"} <= set(said)


def test_a_photo_can_be_dragged_as_in_the_paper(folder: Path, tmp_path: Path, capsys) -> None:
    file, out = folder / "photo.safetensors", tmp_path / "a.safetensors"
    summary(
        capsys, "drag", file, "--drag", NOSE, "--preset", "paper", "--space", "w", "--rate", 2,
        "--radius", 4.5, "--steps", 3, "--session", out, "-o", tmp_path / "a.png",
    )  # fmt: skip
    before, after = opened(file), opened(out).now
    start, end = (tuple(map(float, place.split(","))) for place in NOSE.split(":"))
    search = PAPER.changed(2.0, "w", radius=4.5, steps=3)
    *_, last = Engine().drag(before, [(start, end)], search)
    assert torch.equal(after.ws, last.version.ws)
    assert torch.equal(after.ws[LAYERS:], before.now.ws[LAYERS:])


def test_an_edit_is_of_the_photos_pixels_or_of_the_models(
    folder: Path, tmp_path: Path, capsys
) -> None:
    default_crop = ["drag", folder / "photo.safetensors", "--drag", NOSE, "--steps", 8]
    said = {
        pixels: summary(
            capsys, *default_crop, "--pixels", pixels, "-o", tmp_path / f"{pixels}.png",
            "--session", tmp_path / f"{pixels}.safetensors",
        )
        for pixels in ("photo", "generated")
    }  # fmt: skip
    before = read_photo(folder / "photo.jpg")
    for pixels, told in said.items():
        session = opened(tmp_path / f"{pixels}.safetensors")
        after = read_photo(tmp_path / f"{pixels}.png")
        assert (after == show(session.subject, session.now, pixels)).all()
        assert told["edited_pixels"] == (after != before).any(2).sum() > 0
        assert not (after != before).any(2)[~reach(folder)].any()
    assert said["photo"]["distances"] == said["generated"]["distances"]
    one, other = (read_photo(tmp_path / f"{pixels}.png") for pixels in said)
    assert (one != other).any()


def fitted(folder: Path, out: Path, capsys, *how: str) -> tuple[dict, int]:
    """(what is said of the fit of the photo, how many files are kept after it)."""
    default_crop = "invert", folder / "photo.jpg", "--eyes-mouth", MARKS, "-o", out
    said = summary(capsys, *default_crop, *how)
    return said, len(list((folder / "fits").iterdir()))


def test_the_same_photo_is_fitted_once(folder: Path, tmp_path: Path, capsys) -> None:
    first, files = fitted(folder, tmp_path / "a.safetensors", capsys)
    again, same = fitted(folder, tmp_path / "b.safetensors", capsys)
    assert same == files
    figures = ("fit_steps", "fit_distance", "fit_psnr")
    assert [first[name] for name in figures] == [again[name] for name in figures]
    one, other = (opened(tmp_path / f"{name}.safetensors").subject for name in "ab")
    assert torch.equal(one.ws, other.ws)
    assert all(torch.equal(part, other.delta[name]) for name, part in one.delta.items())
    _, others = fitted(folder, tmp_path / "a.safetensors", capsys, "--seed", "5")
    assert others == files + 1


def test_a_fresh_fit_reads_and_keeps_nothing(
    folder: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    fitted(folder, tmp_path / "a.safetensors", capsys)  # it could be found
    monkeypatch.setattr("editor.fitter.Fits", None)  # to look for it would fail
    said, _ = fitted(folder, tmp_path / "a.safetensors", capsys, "--fresh")
    assert said["fit_steps"] == 6


@pytest.mark.parametrize("name", BUDGETS)
def test_the_budget_is_the_one_that_is_asked_for(
    name: str, folder: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    asked: list[tuple[str, int]] = []

    def spy(name: str, seed: int) -> InvertOptions:
        asked.append((name, seed))
        return few(name, seed)

    monkeypatch.setattr(commands, "budget", spy)
    said, _ = fitted(folder, tmp_path / "a.safetensors", capsys, "--fit", name, "--seed", "3")
    assert asked == [(name, 3)]
    assert said["fit_steps"] == (4 if name == "quick" else 6)
    assert bool(opened(tmp_path / "a.safetensors").subject.delta) == (name != "quick")


def test_a_session_goes_on_where_it_was(folder: Path, tmp_path: Path, capsys) -> None:
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    default_crop = ["--steps", 4, "-o", tmp_path / "a.png"]
    one = summary(
        capsys,
        "drag",
        folder / "photo.safetensors",
        "--drag",
        NOSE,
        "--session",
        first,
        *default_crop,
    )
    two = summary(capsys, "drag", first, "--drag", NOSE, "--session", second, *default_crop)
    start, after, end = (opened(file) for file in (folder / "photo.safetensors", first, second))
    assert [len(session.past) for session in (start, after, end)] == [0, 1, 2]
    assert torch.equal(end.past[0].ws, start.now.ws)
    assert torch.equal(end.past[1].ws, after.now.ws)
    assert not torch.equal(end.now.ws, after.now.ws)
    poses = [version.change for version in (end.past[1], after.now)]
    assert np.array_equal(*(pose.vertices for pose in poses))
    assert load_session(second)[1]["fit_steps"] == 6
    assert two["edited_pixels"] > 0 < one["edited_pixels"]


def test_facts_of_a_file_do_not_hide_what_was_done(folder: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "a.safetensors"
    save_session(opened(folder / "photo.safetensors"), {"steps": 7777, "seconds": 7777.0}, file)
    said = summary(capsys, "drag", file, "--drag", NOSE, "--steps", 2, "-o", tmp_path / "a.png")
    assert said["steps"] <= 2
    assert said["seconds"] < 7777


def test_without_drags_it_does_what_is_drawn(folder: Path, tmp_path: Path, capsys) -> None:
    file, default_crop = tmp_path / "drawn.safetensors", ["--steps", 6, "-o"]
    session = opened(folder / "photo.safetensors")
    arrow = [[float(x) for x in point.split(",")] for point in NOSE.split(":")]
    handle, target = Crop(session.subject.quad, VIEW_SIDE).from_photo(np.array(arrow)).tolist()
    drawing = Drawing(((tuple(handle), tuple(target)),))
    save_session(session.drawn(drawing), {}, file)
    drawn = summary(
        capsys,
        "drag",
        file,
        *default_crop,
        tmp_path / "a.png",
        "--session",
        tmp_path / "b.safetensors",
    )
    told = summary(
        capsys,
        "drag",
        folder / "photo.safetensors",
        "--drag",
        NOSE,
        *default_crop,
        tmp_path / "b.png",
    )
    assert drawn["distances"] == pytest.approx(told["distances"], abs=0.02)
    after = opened(tmp_path / "b.safetensors")
    assert after.past[0].drawing == drawing
    assert after.now.drawing == Drawing()
    assert after.subject.photo.shape == (512, 512, 3)
    a, b = (read_photo(tmp_path / name).astype(int) for name in ("a.png", "b.png"))
    assert np.abs(a - b).mean() < 0.05


DRAWN_BADLY = {
    "outside the picture (512 x 512 px)": Drawing((((900.0, 9.0), (20.0, 20.0)),)),
    "where the mask forbids motion": Drawing(
        (((250.0, 250.0), (270.0, 250.0)),), (Stroke(((9.0, 9.0), (90.0, 9.0)), 20.0),)
    ),
}


@pytest.mark.parametrize("sentence", DRAWN_BADLY)
def test_what_is_drawn_is_checked_before_the_work(
    sentence: str, folder: Path, tmp_path: Path, capsys
) -> None:
    file = tmp_path / "a.safetensors"
    save_session(opened(folder / "photo.safetensors").drawn(DRAWN_BADLY[sentence]), {}, file)
    with pytest.raises(SystemExit) as end:
        main.main(["drag", str(file), "-o", f"{tmp_path}/a.png"])
    complained_once(capsys, end.value, sentence)


def test_the_face_that_is_dragged_is_fitted(folder: Path, tmp_path: Path) -> None:
    """Of two in the photo; the larger one where nothing is dragged."""
    photo = read_photo(folder / "photo.jpg")
    small = np.asarray(Image.fromarray(photo[:350]).resize((512 * 4 // 5, 350 * 4 // 5)))
    both = np.full((512, 512 + small.shape[1], 3), 128, np.uint8)
    both[:, :512], both[: len(small), 512:] = photo, small
    Image.fromarray(both).save(tmp_path / "two.png")
    nose = 512 + 223 * 4 / 5, 125 * 4 / 5
    arrow = f"{nose[0]},{nose[1]}:{nose[0] + 5},{nose[1]}"
    for command, expected in ((["drag", "--drag", arrow], nose), (["invert"], (223, 125))):
        out = tmp_path / "a.safetensors"
        also = ["--session", str(out), "--steps", "2"] if command[0] == "drag" else []
        saved = tmp_path / "a.png" if also else out
        main.main([*command, str(tmp_path / "two.png"), "--fit", "quick", *also, "-o", str(saved)])
        assert np.linalg.norm(opened(out).subject.quad.mean(0) - expected) < 40


def test_marks_take_the_place_of_the_detector(folder: Path, tmp_path: Path) -> None:
    marks = "60,40:100,40:80,70"
    out = tmp_path / "a.safetensors"
    main.main(["invert", f"{folder}/empty.png", "--eyes-mouth", marks, "-o", str(out)])
    expected = face_quad(np.array([[60.0, 40.0], [100.0, 40.0], [80.0, 70.0]]))
    assert np.allclose(opened(out).subject.quad, expected)


@pytest.fixture(scope="module")
def cars(folder: Path) -> Path:
    """A model that is not of faces."""
    file = folder / "cars.safetensors"
    save(Model(small_generator(), 16, domain="car"), file)
    return file


def test_a_model_of_cars_needs_no_face(cars: Path, folder: Path, tmp_path: Path, capsys) -> None:
    default_crop = "--model", cars, "--fit", "quick", "--fresh"
    file = tmp_path / "a.safetensors"
    summary(capsys, "invert", folder / "empty.png", *default_crop, "-o", file)
    quad = opened(file).subject.quad
    assert np.allclose(quad, box_quad(200 / 6 - 0.5, -100 / 6 - 0.5, 400 / 3))
    drag = "--drag", "90,50:110,50", "--steps", 2
    summary(capsys, "drag", folder / "empty.png", *default_crop, *drag, "-o", tmp_path / "a.png")
    assert (tmp_path / "a.png").is_file()


def test_a_model_whose_file_does_not_say_it_can_be_of_anything(
    folder: Path, tmp_path: Path, capsys
) -> None:
    """One's own pickle counts as one of faces otherwise."""
    file = write(tmp_path / "own.pkl", pickled(snapshot(nvidia(small_generator()))))
    how = "--model", file, "--domain", "square", "--fit", "quick", "--fresh"
    out = tmp_path / "a.safetensors"
    summary(capsys, "invert", folder / "empty.png", *how, "-o", out)
    assert np.allclose(opened(out).subject.quad, default_quad(photo_of(folder), "square"))
    drag = "--drag", "90,50:110,50", "--steps", 2, "-o", tmp_path / "a.png"
    for source in (folder / "empty.png", out):
        assert summary(capsys, "drag", source, *how, *drag)["steps"] == 2


def photo_of(folder: Path) -> np.ndarray:
    return read_photo(folder / "empty.png")


def test_a_fit_that_is_poor_says_so(cars: Path, folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "a.safetensors"
    how = ["--model", str(cars), "--fit", "quick", "--fresh", "-o", str(out)]
    main.main(["invert", f"{folder}/photo.jpg", *how])
    said, facts = capsys.readouterr().err, load_session(out)[1]
    assert float(facts["fit_psnr"]) < 15
    assert f"far from the photo ({facts['fit_psnr']:.1f} dB): --fit best comes closest" in said


def test_a_face_in_the_wrong_place_says_so(
    folder: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(commands, "budget", budget)
    out = tmp_path / "a.safetensors"
    main.main(["invert", f"{folder}/photo.jpg", "--fresh", "-o", str(out)])
    assert load_session(out)[1]["quality"] == "close"
    assert "dragphoto: " not in capsys.readouterr().err
    marks = ["--eyes-mouth", "160,110:200,110:180,150", "--fresh"]
    main.main(["invert", f"{folder}/photo.jpg", *marks, "-o", str(out)])
    said, facts = capsys.readouterr().err, load_session(out)[1]
    assert "dragphoto: the fit is rough: edits may look odd.\n" in said
    assert f"are {100 * float(facts['fit_distance']):.1f} % of the crop's side away" in said


def test_a_fit_that_had_no_time_says_so(folder: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    short = replace(few("quick"), seconds=1e-9)
    monkeypatch.setattr(commands, "budget", lambda *_: short)
    how = ["--fit", "quick", "--fresh", "-o", str(tmp_path / "a.safetensors")]
    main.main(["invert", f"{folder}/photo.jpg", *how])
    assert "its seconds ended at step 1 of 4: fit it again when less" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["faces", "cars"])
def test_a_box_takes_the_place_of_what_is_usual(
    model: str, cars: Path, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.safetensors"
    name = model if model == "faces" else cars
    default_crop = ["--model", str(name), "--fit", "quick", "-o", str(file)]
    main.main(["invert", f"{folder}/empty.png", "--box", "30,-10:110.5", *default_crop])
    assert np.allclose(opened(file).subject.quad, box_quad(30.0, -10.0, 110.5))


BAD = {
    "marks for cars": (
        f"invert photo.jpg --model cars.safetensors --eyes-mouth {MARKS}",
        "use --box with this",
    ),
    "a drag above a car": (
        "drag photo.jpg --model cars.safetensors --drag 200,30:200,90",
        "starts outside the fitted",
    ),
    "a box that is none": ("invert photo.jpg --box 1,2", "write it as X,Y:SIDE"),
    "a box of no number": ("invert photo.jpg --box 1,nan:99", "write it as X,Y:SIDE"),
    "a box too small": ("invert photo.jpg --box 1,2:3", "too small"),
    "a box too large": (
        "invert photo.jpg --box=-9000,-9000:20000",
        "crop is too small or too large",
    ),
    "marks too far": (
        "invert photo.jpg --eyes-mouth 1e5,9:2e5,9:15e4,1e5",
        "too small or too large",
    ),
    "a box beside the photo": ("invert photo.jpg --box 511,2:30", "lies beside the photo"),
    "a box and marks": (f"invert photo.jpg --box 1,2:99 --eyes-mouth {MARKS}", "not allowed with"),
    "no such photo": ("drag gone.jpg --drag 1,1:9,9", "There is no file"),
    "not a picture": ("invert words.txt", "This is not a picture"),
    "a picture cut off": ("invert cut.jpg", "This picture is damaged or cut off"),
    "a tiny picture": ("invert small.png", "This picture has 9 x 9 px"),
    "no face": ("invert empty.png", "No face was found"),
    "marks too close": ("invert photo.jpg --eyes-mouth 9,9:9,9:9,9", "too close together"),
    "marks that are none": ("invert photo.jpg --eyes-mouth 9,9", "write it as X,Y:X,Y:X,Y"),
    "not a session": ("drag words.safetensors --drag 1,1:9,9", "is damaged or not a safetensors"),
    "nothing to drag": ("drag photo.safetensors", "There is nothing to drag yet"),
    "a control that is none": ("drag photo.safetensors --set grin=1", "There is no control grin"),
    "a control too far": ("drag photo.safetensors --set turn=90", "number from -20 to 20"),
    "a control in words": ("drag photo.safetensors --set smile=much", "write it as NAME=VALUE"),
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
    "no model of this name": ("render --model unicorns", "There is no model unicorns"),
    "a model that is not here": ("render --model lions-512", "`dragphoto weights fetch lions-512`"),
    "not a model": ("render --model words.safetensors", "is damaged or not a safetensors"),
    "a session for a model": ("render --model photo.safetensors", "is not a DragPhoto model"),
    "a model for a session": ("drag faces.safetensors --drag 1,1:9,9", "is not a session"),
    "a mask without drags": (
        "drag photo.safetensors --mask white.png",
        "There is nothing to drag yet",
    ),
    "a budget that is none": ("invert photo.jpg --fit most", "quick"),
    "the option of old": ("invert photo.jpg --tune", "--tune"),
    "pixels of nobody": (f"drag photo.safetensors --drag {NOSE} --pixels mine", "generated"),
    "no such option": ("render --colour red", "--colour"),
    "no command": ("", "COMMAND"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(
    name: str, cars: Path, folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    command, sentence = BAD[name]
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "faces.safetensors").symlink_to(FACES)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SystemExit) as end:
        main.main([*command.split(), *(["-o", "out.png"] if command else [])])
    complained_once(capsys, end.value, sentence)
    assert sorted(tmp_path.iterdir()) == before


def complained_once(capsys, end: SystemExit, sentence: str) -> None:
    said = capsys.readouterr().err
    assert end.code == 2, said
    assert said.count("\n") == 1, said
    assert said.startswith("dragphoto: "), said
    assert sentence in said


@pytest.mark.parametrize("option", ["-o", "--gif", "--mp4", "--session"])
def test_a_missing_folder_is_noticed_before_the_work(
    option: str, folder: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(commands, "Engine", None)  # work would fail
    places = {"-o": f"{folder}/out.png", "--gif": f"{folder}/out.gif"} | {option: "gone/a.out"}
    arguments = [word for pair in places.items() for word in pair]
    with pytest.raises(SystemExit) as end:
        main.main(["drag", f"{folder}/photo.jpg", "--drag", NOSE, *arguments])
    complained_once(capsys, end.value, "There is no folder gone: make it first.")


# A process that was started in the background may have inherited that Ctrl-C is ignored.
PROGRAM = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
from cli.main import main; main()
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
    """And the command runs without an installation."""
    out = tmp_path / "a.safetensors"
    code, said = interrupted(["invert", f"{folder}/photo.jpg", "-o", str(out)])
    assert code == 0, said
    assert "stopped: the fit so far is kept" in said
    assert "Traceback" not in said
    assert 1 <= float(load_session(out)[1]["fit_steps"]) < 300


def test_ctrl_c_keeps_the_drag_so_far(folder: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    whole, out = Engine.drag, tmp_path / "a.png"

    def stopped(self: Engine, *args: Any) -> Iterator[DragStep]:
        yield from islice(whole(self, *args), 5)
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "drag", stopped)
    main.main(["drag", f"{folder}/photo.safetensors", "--drag", "200,90:260,170", "-o", str(out)])
    assert "stopped: the result so far is kept" in capsys.readouterr().err
    assert read_photo(out).shape == (512, 512, 3)


def test_without_a_model_any_photo_is_pulled(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(commands, "Engine", None)
    photo, drag = skimage.data.rocket(), ("drag", "--model", "none", "-o", tmp_path / "out.png")
    Image.fromarray(photo).save(tmp_path / "rocket.png")
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[80:300, 280:420] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    pull, kept = ("--drag", "321,145:350,130"), tmp_path / "kept.safetensors"
    said = summary(
        capsys, *drag, tmp_path / "rocket.png", *pull, "--mask", tmp_path / "mask.png",
        "--session", kept, "--gif", tmp_path / "out.gif",
    )  # fmt: skip
    after = read_photo(tmp_path / "out.png")
    assert said["end"] == "arrived"
    assert said["edited_pixels"] == (after != photo).any(2).sum() > 500
    assert np.array_equal(after[310:], photo[310:])
    again = summary(capsys, *drag, kept, "--drag", "350,130:321,145")
    assert again["end"] == "arrived"
    main.main(["invert", f"{tmp_path}/rocket.png", "--model", "none", "-o", f"{kept}"])
    assert len(opened(kept).versions) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("drag photo.jpg --model none --drag 1,1:9,9 --pixels generated", "no pixels but"),
        ("drag photo.safetensors --model none --drag 1,1:9,9", "made with a model"),
        ("drag photo.jpg --model none --drag 1,1:999,9", "ends outside the picture"),
        ("render --model none", "none"),
    ],
)
def test_what_needs_a_model_is_refused_without_one(
    folder: Path, tmp_path: Path, capsys, monkeypatch, words: str, complaint: str
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as left:
        main.main([*words.split(), "-o", f"{tmp_path}/out.png"])
    assert left.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert complaint in said
