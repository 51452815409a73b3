"""A transparent photo stays one: what is dragged moves in its opacity as in its colours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editor.engine import Engine
from editor.export import save_png
from editor.session import Session, Version, fitted
from editor.session_file import load_session, save_session
from editor.view import closeup, show
from photo import on_white, read_photo
from photo.crop import Crop, box_quad
from transfer.rig import RIG_SIDE, Pose
from transfer.warp import Warp

FILE = Path(__file__).parents[2] / "ui/page/examples/astronaut.jpg"


def cut_out() -> np.ndarray:
    """The astronaut before nothing; half transparent at the left, with colours of noise beneath."""
    photo, source = read_photo(FILE), np.random.default_rng(0)
    y, x = np.mgrid[:512, :512]
    opacity = np.where((x - 226) ** 2 / 60**2 + (y - 115) ** 2 / 85**2 < 1, 255, 0)
    opacity[250:, :200], opacity[250:, 200:] = 128, 255
    colours = np.where(opacity[..., None] == 0, source.integers(0, 256, photo.shape), photo)
    return np.dstack([colours, opacity]).astype(np.uint8)


@pytest.fixture(scope="module")
def session() -> Session:
    return Engine(device="cpu").open(cut_out())


def shifted(session: Session, x: float) -> Version:
    """The head, so many px of the photo to the right."""
    pose, rig = session.now.change, session.subject.rig
    assert isinstance(pose, Pose)
    assert rig is not None
    scale = Crop(session.subject.quad, RIG_SIDE).photo_px
    move = rig.follow[:, None] * np.array([x / scale, 0, 0])
    return replace(session.now, change=replace(pose, vertices=pose.vertices + move))


def test_what_is_not_edited_is_bit_for_bit_as_it_came(session: Session) -> None:
    assert np.array_equal(show(session.subject, session.now), cut_out())
    after = show(session.subject, shifted(session, 8.0))
    assert np.array_equal(after[300:], cut_out()[300:])
    assert (after != cut_out()).any()


def test_opacity_moves_as_the_colours_do(session: Session) -> None:
    """The cut-out's edge goes with the head, on both sides of it; behind is nothing."""
    before, after = cut_out()[..., 3], show(session.subject, shifted(session, 8.0))[..., 3]
    for row in (70, 90):
        (left, right), (to_left, to_right) = (
            np.flatnonzero(opacity[row] > 127)[[0, -1]] for opacity in (before, after)
        )
        assert to_left - left == pytest.approx(8, abs=3)
        assert to_right - right == pytest.approx(8, abs=3)
    inside = np.s_[110:160, 200:250]
    assert (after[inside] == 255).all()


def test_it_looks_on_white_as_if_it_had_come_so(session: Session) -> None:
    version = shifted(session, 8.0)
    white = replace(session.subject, clear=None)
    seen = on_white(show(session.subject, version))
    assert np.abs(seen.astype(int) - show(white, version)).max() <= 8  # overshoots are cut off
    assert closeup(session.subject).clear is None


def test_a_warp_moves_opacity_and_what_it_lays_over_is_opaque() -> None:
    source = np.random.default_rng(0)
    photo = source.integers(0, 256, (128, 128, 4)).astype(np.uint8)
    photo[..., 3] = photo[..., 0]
    flow, overlay = np.zeros((64, 64, 2), np.float32), np.zeros((64, 64, 4), np.float32)
    flow[8:40, 8:-8, 0], overlay[50:60, 20:40] = 2.0, (9, 9, 9, 1)
    engine = Engine(device="cpu").face(0)
    subject = fitted(photo, box_quad(-0.5, -0.5, 128.0), engine.now.ws, {})
    result = show(subject, Version(engine.now.ws, Warp(flow, overlay)))
    inside = np.s_[30:60, 40:90]
    assert np.array_equal(result[inside][..., 3], np.roll(photo, -4, 1)[inside][..., 3])
    assert (result[106:114, 50:70, 3] == 255).all()
    assert np.array_equal(result[124:], photo[124:])


def test_the_models_pixels_are_as_opaque_as_the_photo(session: Session) -> None:
    made = np.full((256, 256, 3), 99, np.uint8)
    version = replace(shifted(session, 8.0), picture=made)
    result = show(session.subject, version, "generated")
    assert np.array_equal(result[..., 3], cut_out()[..., 3])
    assert (result[120:130, 215:235, :3] == 99).all()


def test_the_png_and_the_session_have_it_again(session: Session, tmp_path: Path) -> None:
    version = shifted(session, 8.0)
    after = show(session.subject, version)
    save_png(after, tmp_path / "after.png")
    with Image.open(tmp_path / "after.png") as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), after)
    save_session(session.moved(version), {}, tmp_path / "a.safetensors")
    again, _ = load_session(tmp_path / "a.safetensors")
    assert np.array_equal(again.subject.sent, cut_out())
    assert np.array_equal(show(again.subject, again.now), after)
