"""What is measured in each frame of a clip, smoothed over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo.mesh import canonical
from transfer.steady import FADE, runs, steadied, strengths

FACE = 20 * canonical()
coefficients = st.floats(-5, 5)


@given(coefficients, coefficients, coefficients, st.integers(1, 40))
def test_a_steady_and_an_accelerated_motion_stay(
    place: float, speed: float, push: float, count: int
) -> None:
    t = np.arange(count) / 30
    way = (place + speed * t + push * t**2)[:, None, None] * np.ones((1, 2, 3))
    np.testing.assert_allclose(steadied(way, 30.0), way, atol=1e-9)


def test_trembling_becomes_less() -> None:
    noise = np.random.default_rng(0).normal(size=(60, 100))
    assert steadied(noise, 30.0).std() < 0.6 * noise.std()
    np.testing.assert_array_equal(steadied(noise[:4], 30.0), noise[:4])  # too few for a parabola


def test_a_run_ends_where_the_face_is_lost_and_where_the_clip_is_cut() -> None:
    here, there = FACE, FACE + 300
    assert runs([None, here, here + 1, None, here]) == [range(1, 3), range(4, 5)]
    assert runs([here, here + 1, there, there]) == [range(2), range(2, 4)]
    assert runs([None, None]) == []


@pytest.mark.parametrize("rate", [10.0, 30.0])
def test_an_edit_comes_and_goes_softly(rate: float) -> None:
    seen = np.ones(100, bool)
    np.testing.assert_array_equal(strengths(seen, rate), 1)
    seen[50:60] = False
    shown = strengths(seen, rate)
    np.testing.assert_array_equal(shown[50:60], 0)
    np.testing.assert_array_equal(shown[: 49 - round(FADE * rate)], 1)
    assert np.abs(np.diff(shown)).max() < 2 / (FADE * rate)
    assert not strengths(np.zeros(5, bool), rate).any()
