"""Bytes to floats in [-1, 1] and back."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from stylegan import from_uint8, to_uint8


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_bytes_come_back(height: int, width: int, data: st.DataObject) -> None:
    size = height * width * 3
    raw = data.draw(st.binary(min_size=size, max_size=size))
    image = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
    assert np.array_equal(to_uint8(from_uint8(image)), image)


def test_all_256_values_come_back_from_minus_1_to_1() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    image = from_uint8(ramp)
    assert image.shape == (3, 16, 16)
    assert (image.min(), image.max()) == (-1, 1)
    assert np.array_equal(to_uint8(image), ramp)


def test_values_outside_are_clipped_and_halves_rounded() -> None:
    image = torch.tensor([-9.0, 9.0, 1 / 127.5 - 1]).reshape(3, 1, 1)
    assert to_uint8(image).ravel().tolist() == [0, 255, 1]


def test_the_picture_is_a_copy() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    copy = from_uint8(image)
    image[:] = 255
    assert copy.max() == -1
