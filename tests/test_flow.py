"""Motion from pictures."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from worlds import shifted, texture

from inversion.flow import Motion, Trail, joined

SIDE = 64


def test_a_shift_is_measured_from_after_to_before():
    picture = texture(SIDE)
    trail = Trail.start(picture).to(shifted(picture, 1, 0.5)).to(shifted(picture, 2, 1))
    motion = trail.motion()
    inner = motion.flow[12:-12, 12:-12]
    assert np.abs(np.median(inner, axis=(0, 1)) - [-2, -1]).max() < 0.25
    assert np.median(motion.trust[12:-12, 12:-12]) > 0.8


def test_new_content_is_not_trusted():
    before, after = texture(SIDE), texture(SIDE)
    after[20:44, 20:44] = texture(SIDE, seed=9)[20:44, 20:44]
    motion = Trail.start(before).to(after).motion()
    assert motion.trust[24:40, 24:40].mean() < motion.trust[:12].mean() - 0.2


def level(flow: float, trust: float) -> Motion:
    """The same motion, and the same trust, everywhere."""
    return Motion(np.full((8, 8, 2), flow), np.full((8, 8), trust))


share = st.floats(0, 1)


@given(share, share, share)
def test_what_was_seen_and_trusted_counts_alone(flow: float, known: float, unknown: float):
    both = joined(level(flow, 1.0), level(9.0, known), np.full((8, 8), unknown))
    assert np.allclose(both.flow, flow)
    assert np.allclose(both.trust, 1)


@given(share, share)
def test_what_is_known_helps_where_nothing_was_seen(flow: float, known: float):
    both = joined(level(9.0, 0.0), level(flow, known), np.zeros((8, 8)))
    assert np.allclose(both.trust, known)
    assert known < 1e-5 or np.allclose(both.flow, flow)


@given(share)
def test_what_is_known_is_not_asked_where_it_is_unknown(seen: float):
    both = joined(level(2.0, seen), level(9.0, 1.0), np.ones((8, 8)))
    assert np.allclose(both.trust, seen)
    assert seen < 1e-5 or np.allclose(both.flow, 2)


@given(share, share, share)
def test_two_motions_joined_lie_between_them(seen: float, known: float, unknown: float):
    both = joined(level(2.0, seen), level(9.0, known), np.full((8, 8), unknown))
    assert both.trust.min() >= seen - 1e-9
    assert both.trust.max() <= 1 + 1e-9
    assert seen + known * (1 - unknown) < 1e-5 or 2 - 1e-6 <= both.flow.min() <= 9 + 1e-6
