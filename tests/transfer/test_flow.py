"""Motion from pictures."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from worlds import shifted, texture

from transfer.flow import AccumulatedFlow, Motion, fused

SIDE = 64


def test_a_shift_is_measured_from_after_to_before():
    picture = texture(SIDE)
    trail = AccumulatedFlow.start(picture).to(shifted(picture, 1, 0.5)).to(shifted(picture, 2, 1))
    motion = trail.motion()
    inner = motion.flow[12:-12, 12:-12]
    assert np.abs(np.median(inner, axis=(0, 1)) - [-2, -1]).max() < 0.25
    assert np.median(motion.confidence[12:-12, 12:-12]) > 0.8


def test_new_content_is_not_trusted():
    before, after = texture(SIDE), texture(SIDE)
    after[20:44, 20:44] = texture(SIDE, seed=9)[20:44, 20:44]
    motion = AccumulatedFlow.start(before).to(after).motion()
    assert motion.confidence[24:40, 24:40].mean() < motion.confidence[:12].mean() - 0.2


def level(flow: float, confidence: float) -> Motion:
    """The same motion, and the same trust, everywhere."""
    return Motion(np.full((8, 8, 2), flow), np.full((8, 8), confidence))


share = st.floats(0, 1)


@given(share, share, share)
def test_what_was_seen_and_trusted_counts_alone(flow: float, known: float, unknown: float):
    both = fused(level(flow, 1.0), level(9.0, known), np.full((8, 8), unknown))
    assert np.allclose(both.flow, flow)
    assert np.allclose(both.confidence, 1)


@given(share, share)
def test_what_is_known_helps_where_nothing_was_seen(flow: float, known: float):
    both = fused(level(9.0, 0.0), level(flow, known), np.zeros((8, 8)))
    assert np.allclose(both.confidence, known)
    assert known < 1e-5 or np.allclose(both.flow, flow)


@given(share)
def test_what_is_known_is_not_asked_where_it_is_unknown(seen: float):
    both = fused(level(2.0, seen), level(9.0, 1.0), np.ones((8, 8)))
    assert np.allclose(both.confidence, seen)
    assert seen < 1e-5 or np.allclose(both.flow, 2)


@given(share, share, share)
def test_two_motions_fused_lie_between_them(seen: float, known: float, unknown: float):
    both = fused(level(2.0, seen), level(9.0, known), np.full((8, 8), unknown))
    assert both.confidence.min() >= seen - 1e-9
    assert both.confidence.max() <= 1 + 1e-9
    assert seen + known * (1 - unknown) < 1e-5 or 2 - 1e-6 <= both.flow.min() <= 9 + 1e-6
