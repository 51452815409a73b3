"""The way from version to version: begins and ends with exactly them, and is smooth between."""

from types import GeneratorType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut

from editor.export import morph
from editor.session import FittedPhoto, Version
from editor.view import closeup, show
from stylegan import Delta
from transfer.warp import Warp

SIDE = 16
PHOTO = np.ascontiguousarray(astronaut()[::4, ::4])
QUAD = np.array([[20.0, 5], [20, 85], [100, 85], [100, 5]])
WS = torch.zeros(2, 3)
SUBJECT = closeup(FittedPhoto(PHOTO, QUAD, WS, Delta()), 64)


def version(right: float, white: float = 0.0) -> Version:
    """The middle moved to the right by px of the model's picture, and painted over in white."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    hill = (16 * x * (1 - x) * y * (1 - y))[..., None]
    return Version(WS, Warp(hill * [-right, 0.0], hill * white * [255.0, 255.0, 255.0, 1.0]))


START = Version(WS, Warp(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE, 4))))


@given(st.integers(1, 9), st.lists(st.floats(-2, 2), max_size=3))
def test_each_version_is_met_exactly_and_both_ends_are_held(frames: int, rights: list) -> None:
    versions = [START, *(version(right, abs(right) / 4) for right in rights)]
    pictures = list(morph(SUBJECT, versions, frames))
    held = max(1, frames // 2)
    assert len(pictures) == 2 * held + frames * len(rights)
    assert all((picture == show(SUBJECT, versions[0])).all() for picture in pictures[:held])
    assert all((picture == show(SUBJECT, versions[-1])).all() for picture in pictures[-held:])
    for number, between in enumerate(versions):
        met = pictures[held - 1 + number * frames]
        assert (met == show(SUBJECT, between)).all()


def test_it_begins_with_the_photo_itself() -> None:
    first, *_, last = morph(SUBJECT, [START, version(2, 0.1)])
    assert (first == SUBJECT.photo).all()
    assert (last != SUBJECT.photo).any()


def test_there_are_sixteen_pictures_between_neighbours_by_default() -> None:
    assert len(list(morph(SUBJECT, [START, version(1), version(2)]))) == 8 + 16 + 16 + 8


def test_single_precision_as_read_from_a_file_ends_exactly_too() -> None:
    end = version(1.7, 0.2)
    change = Warp(end.change.flow.astype(np.float32), end.change.overlay.astype(np.float32))
    read = Version(WS, change)
    for versions in ([START, read], [read, START]):
        first, *_, last = morph(SUBJECT, versions, 5)
        assert (first == show(SUBJECT, versions[0])).all()
        assert (last == show(SUBJECT, versions[1])).all()


def test_it_goes_the_whole_way_without_a_jump_and_slower_at_the_ends() -> None:
    *way, _ = morph(SUBJECT, [START, version(0, 0.8)], 20)
    middle = np.array([float(picture[32, 32].mean()) for picture in way[9:30]])
    steps = np.diff(middle)
    assert (steps >= 0).all()
    assert middle[0] < 150
    assert middle[-1] == pytest.approx(0.2 * middle[0] + 0.8 * 255, abs=2)
    assert steps.max() < 2 * (middle[-1] - middle[0]) / 20
    assert steps[0] < steps[10] / 3
    assert steps[-1] < steps[10] / 3


def test_nothing_is_drawn_before_it_is_wanted(monkeypatch) -> None:
    drawn: list[Version] = []

    def counted(subject: FittedPhoto, version: Version) -> np.ndarray:
        drawn.append(version)
        return show(subject, version)

    monkeypatch.setattr("editor.export.show", counted)
    pictures = morph(SUBJECT, [START, version(1)], 4)
    assert isinstance(pictures, GeneratorType)
    assert drawn == []
    for _ in range(3):
        next(pictures)
    assert len(drawn) == 2
