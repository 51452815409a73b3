"""Portraits of a made-up head, drawn with OpenGL: pictures, coordinates, landmarks, files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from makehuman import expect_opengl, write

from training.renderer import traits as T
from training.renderer.assets import read_assets
from training.renderer.mesh import vertex_normals
from training.renderer.portrait import Portrait, Portraits
from training.renderer.render import code
from training.renderer.scene import BOX, COARSE, LABELS, SIDE, quantised

ROOT = Path(__file__).parents[2]
CODES = range(4)
SKIN = LABELS.index("skin")
FACING = 0.5  # cosine at which a landmark surely is seen


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    expect_opengl()
    return write(tmp_path_factory.mktemp("makehuman"))


@pytest.fixture(scope="module")
def portraits(folder: Path) -> Portraits:
    return Portraits(read_assets(folder))


def places(portraits: Portraits, portrait: Portrait, side: int = SIDE) -> np.ndarray:
    return portraits.scene.places(portrait.parts, portrait.shading, side)


def facing(portrait: Portrait) -> np.ndarray:
    """How much each vertex of the skin faces the viewer: 1 is straight at them."""
    skin = portrait.parts[0]
    normals = vertex_normals(skin.view, skin.surface.vertex[skin.surface.triangles])
    to_viewer = np.array([0, 0, 14.0]) - skin.view
    return (normals * to_viewer).sum(1) / np.linalg.norm(to_viewer, axis=1)


@pytest.mark.parametrize("index", CODES)
def test_a_portrait_has_a_face_before_a_background(portraits: Portraits, index: int) -> None:
    portrait = portraits.portrait(code(1, index))
    picture = portraits.scene.picture(portrait.parts, portrait.shading)
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture.dtype == np.uint8
    labels = places(portraits, portrait)[..., 3]
    assert set(np.unique(labels)) <= set(range(len(LABELS)))
    assert 0.2 < (labels == SKIN).mean() < 0.8
    assert 0.1 < (labels == 0).mean() < 0.8
    assert labels[140, 128] == SKIN
    assert labels[5, [5, -6]].tolist() == [0, 0]
    skin, behind = (picture[labels == label].mean(0) for label in (SKIN, 0))
    assert np.abs(skin - behind).max() > 20
    assert picture[labels == SKIN].std() > 5


def test_eyes_mouth_hair_and_clothes_are_all_seen(portraits: Portraits) -> None:
    drawn = (portraits.portrait(code(1, index)) for index in CODES)
    seen = {label for portrait in drawn for label in np.unique(places(portraits, portrait)[..., 3])}
    assert seen == set(range(len(LABELS)))


@pytest.mark.parametrize("index", CODES)
def test_the_pixel_of_a_landmark_shows_its_neutral_place(portraits: Portraits, index: int) -> None:
    portrait = portraits.portrait(code(1, index))
    marks = portraits.landmarks
    at = portraits.points(portrait.head)[:-2].round().astype(int)  # the last are inside the head
    rest = marks.on(portraits.assets.base)[:-2]
    seen = facing(portrait)[np.searchsorted(portraits.skin, marks.vertices)] > FACING
    seen &= ((at >= 0) & (at < SIDE)).all(1)
    shown = places(portraits, portrait)[at[seen, 1], at[seen, 0]]
    apart = shown[:, :3] - rest[seen]
    away = np.linalg.norm(apart, axis=1)
    assert seen.sum() > 50
    hidden = shown[:, 3] != SKIN  # by hair, or at the corner of an eye or the mouth
    assert hidden.mean() < 0.1
    assert np.quantile(away[~hidden], 0.9) < 0.02
    assert away[~hidden].max() < 0.06
    assert np.abs(apart[~hidden, :2].mean(0)).max() < 0.002  # half a pixel would be 0.005


@pytest.mark.parametrize("index", CODES)
def test_a_mirrored_code_shows_the_mirrored_places(portraits: Portraits, index: int) -> None:
    here, there = (portraits.portrait(code(1, index) * sign) for sign in (1, T.MIRROR))
    one = places(portraits, here)
    other = places(portraits, there)[:, ::-1] * [-1, 1, 1, 1]
    same = one[..., 3] == other[..., 3]
    assert same.mean() > 0.998
    assert np.quantile(np.abs(one - other)[same].max(1), 0.99) < 0.01
    order = portraits.landmarks.mirrored(portraits.assets.base)
    points, others = portraits.points(here.head), portraits.points(there.head)[order]
    np.testing.assert_allclose(SIDE - 1 - others[:, 0], points[:, 0], atol=0.02)
    np.testing.assert_allclose(others[:, 1], points[:, 1], atol=0.02)
    pictures = [portraits.scene.picture(p.parts, p.shading).astype(float) for p in (here, there)]
    assert np.abs(pictures[0] - pictures[1][:, ::-1]).mean() < 1


def test_the_same_code_is_drawn_the_same_to_the_last_bit(portraits: Portraits) -> None:
    def drawn(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        portrait = portraits.portrait(code(1, index))
        picture = portraits.scene.picture(portrait.parts, portrait.shading)
        return picture, places(portraits, portrait, COARSE), portraits.points(portrait.head)

    first, _, again = drawn(0), drawn(1), drawn(0)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_opening_the_mouth_moves_the_lips_and_not_the_crop(portraits: Portraits) -> None:
    shut, wide = (code(1, 2) for _ in range(2))
    shut[T.DIMS["open"]], wide[T.DIMS["open"]] = -1.5, 1.5
    heads = [portraits.portrait(z).head for z in (shut, wide)]
    np.testing.assert_allclose(heads[0].crop, heads[1].crop, rtol=1e-6)
    moved = np.linalg.norm(portraits.points(heads[0]) - portraits.points(heads[1]), axis=1)
    assert moved.max() > 0.3


@given(
    arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32)),
    arrays(np.uint8, (3, 4), elements=st.integers(0, len(LABELS) - 1)),
)
def test_quantised_places_come_back(shares: np.ndarray, labels: np.ndarray) -> None:
    inside = (BOX[0] + shares * (BOX[1] - BOX[0])).astype(np.float32)
    stored = quantised(np.concatenate([inside, labels[..., None]], 2).astype(np.float32))
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored[..., 3], labels)
    assert (stored[labels == 0] == 0).all()
    back = BOX[0] + stored[..., :3] / 65535 * (BOX[1] - BOX[0])
    np.testing.assert_allclose(back[labels > 0], inside[labels > 0], atol=1e-4)


def test_places_outside_the_box_are_stored_at_its_border() -> None:
    far = np.array([[[-9, 9.5, 0, 1], [9, 0, 99, 2]]], dtype=np.float32)
    assert quantised(far)[0, :, [0, 1]].T.tolist() == [[0, 65535], [65535, 0]]
    assert quantised(far)[0, 1, 2] == 65535


def test_all_that_is_drawn_lies_in_the_box(portraits: Portraits) -> None:
    for index in CODES:
        shown = places(portraits, portraits.portrait(code(1, index)))
        covered = shown[shown[..., 3] > 0][:, :3]
        assert (covered >= BOX[0]).all()
        assert (covered <= BOX[1]).all()


def command(folder: Path, out: Path, count: int) -> list[str]:
    words = ["--assets", str(folder), "--out", str(out), "--count", str(count), "--workers", "1"]
    return [sys.executable, "-m", "training.renderer.render", *words]


def render(folder: Path, out: Path, count: int) -> dict[str, np.ndarray]:
    subprocess.run(command(folder, out, count), cwd=ROOT, check=True)
    names = ("images", "coordinates", "landmarks", "z", "done")
    return {name: np.load(out / f"{name}.npy") for name in names}


def render_until_interrupted(folder: Path, out: Path, count: int) -> np.ndarray:
    """Press Ctrl-C once something is drawn; what is done then."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # else children may ignore it
    with subprocess.Popen(
        command(folder, out, count), cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 300
        while time.monotonic() < until and process.poll() is None:
            if (out / "layout.json").exists() and np.load(out / "done.npy").any():
                os.killpg(process.pid, signal.SIGINT)
                break
            time.sleep(0.02)
        process.wait(300)
    signal.signal(signal.SIGINT, before)
    return np.load(out / "done.npy")


@pytest.mark.slow
def test_what_was_interrupted_is_finished_later(folder: Path, tmp_path: Path) -> None:
    count = 250  # more than are drawn between the look and Ctrl-C
    done = render_until_interrupted(folder, out := tmp_path / "data", count)
    assert 0 < done.sum() < count
    before = np.load(out / "images.npy")
    after = render(folder, out, count)
    assert after["done"].all()
    assert after["images"].std(axis=(1, 2, 3)).min() > 10
    np.testing.assert_array_equal(after["images"][done > 0], before[done > 0])


def test_the_command_writes_what_is_missing_and_nothing_else(
    folder: Path, portraits: Portraits, tmp_path: Path
) -> None:
    first = render(folder, out := tmp_path / "data", 3)
    assert first["done"].tolist() == [1, 1, 1]
    check_arrays(first, portraits)
    check_layout(json.loads((out / "layout.json").read_text()), portraits)
    assert (out / "sheet.png").is_file()
    for name, value in {"images": 7, "coordinates": 7, "landmarks": 7, "z": 7, "done": 0}.items():
        stored = np.load(out / f"{name}.npy", mmap_mode="r+")
        stored[1] = value  # as if it had been stopped while at this one
        if name == "images":
            stored[2] = 9  # a mark by which to know that it is left alone
    again = render(folder, out, 3)
    assert again["done"].tolist() == [1, 1, 1]
    assert (again["images"][2] == 9).all()
    for name in first:
        np.testing.assert_array_equal(again[name][:2], first[name][:2], err_msg=name)


def check_arrays(made: dict[str, np.ndarray], portraits: Portraits) -> None:
    marks = len(portraits.landmarks.names)
    shapes = {name: (part.dtype.str, part.shape) for name, part in made.items()}
    assert shapes == {
        "images": ("|u1", (3, 256, 256, 3)), "coordinates": ("<u2", (3, 128, 128, 4)),
        "landmarks": ("<f4", (3, marks, 2)), "z": ("<f4", (3, T.Z_DIM)), "done": ("|u1", (3,)),
    }  # fmt: skip
    for index, z in enumerate(made["z"]):
        np.testing.assert_array_equal(z, code(1, index))
        portrait = portraits.portrait(z)
        shown = places(portraits, portrait, COARSE)
        np.testing.assert_array_equal(made["coordinates"][index], quantised(shown))
        np.testing.assert_allclose(made["landmarks"][index], portraits.points(portrait.head), 1e-4)


def check_layout(facts: dict[str, Any], portraits: Portraits) -> None:
    names, dims = facts["landmarks"], facts["dims"]
    assert (facts["z_dim"], facts["side"], facts["seed"]) == (T.Z_DIM, 256, 1)
    assert facts["labels"][:6] == ["background", "skin", "hair", "eyes", "mouth", "clothes"]
    assert np.array(facts["box"]).shape == (2, 3)
    assert (np.array(facts["box"][0]) < facts["box"][1]).all()
    assert facts["mirror_z"] == T.MIRROR.tolist()
    assert sorted(facts["mirror_landmarks"]) == list(range(len(names)))
    assert names == portraits.landmarks.names
    assert names[-2:] == ["eye-right", "eye-left"]
    assert (dims["yaw"][1] - dims["yaw"][0], dims["smile"][1] - dims["smile"][0]) == (1, 1)
    assert sorted(k for a, b in dims.values() for k in range(a, b)) == list(range(T.Z_DIM))
    assert facts["dragged"] == list(T.DRAGGED)
