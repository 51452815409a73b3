"""T: from a code to traits. It knows directions only, is bounded, continuous and has a mirror."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makehuman import write

from training.renderer import traits as T
from training.renderer.assets import HAIR, MOUTH_CORNERS, SKINS, Assets, read_assets
from training.renderer.describe import CHOICES, POINT, Describe
from training.renderer.figure import Poser, crop_of
from training.renderer.points import Landmarks, ibug
from training.renderer.portrait import used_vertices

SEEDS = st.integers(0, 2**32 - 1)
SIDE_OF_NAME = re.compile(r"left|right|(?<=/)[lr](?=-)|(?<=-)[lr]$")


def codes(seed: int, count: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, T.Z_DIM))


def drawn(z: np.ndarray) -> dict[str, np.ndarray]:
    """Everything that T says of codes, by name."""
    x = T.factors(z)
    found = dict(T.morphs(x, True)) | T.looks(x)
    for function in (T.skin, T.iris, T.hair_colour, T.hair_style):
        found[function.__name__] = function(x)
    found["head"], found["gaze"] = T.pose(x)
    return found


def other_side(name: str) -> str:
    swap = {"left": "right", "right": "left", "l": "r", "r": "l"}
    return SIDE_OF_NAME.sub(lambda found: swap[found[0]], name)


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return read_assets(write(tmp_path_factory.mktemp("makehuman")))


@given(SEEDS, st.floats(1e-3, 1e3))
def test_only_the_direction_of_a_code_counts(seed: int, length: float) -> None:
    z = codes(seed)
    one, other = drawn(z), drawn(length * z)
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, rtol=1e-6, atol=1e-9, err_msg=name)


def test_the_factors_share_out_the_code_without_gap_or_overlap() -> None:
    taken = np.zeros(T.Z_DIM, dtype=int)
    for name, dims, _, _ in T.FACTORS:
        assert T.DIMS[name].stop - T.DIMS[name].start == dims, name
        taken[T.DIMS[name]] += 1
    assert (taken == 1).all()
    assert len(T.DIMS) == len(T.FACTORS)


def test_geometry_is_exactly_the_first_dimensions() -> None:
    first, last = T.GEOMETRY
    for name, _, moves, _ in T.FACTORS:
        place = T.DIMS[name]
        assert moves == (first <= place.start and place.stop <= last), name
    z = codes(1)
    changed = z.copy()
    changed[:, last:] = codes(2)[:, last:]
    lengths = [np.linalg.norm(part[:, last:], axis=1, keepdims=True) for part in (z, changed)]
    changed[:, last:] *= lengths[0] / lengths[1]  # only the direction of the whole counts
    one, other = T.factors(z), T.factors(changed)
    for name, weight in T.morphs(one, True).items():
        np.testing.assert_allclose(T.morphs(other, True)[name], weight, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(T.pose(other)[0], T.pose(one)[0], atol=1e-12)


@given(SEEDS)
def test_a_drag_moves_geometry_without_the_population_and_its_colours(seed: int) -> None:
    z, dragged = codes(seed), slice(*T.DRAGGED)
    changed = z.copy()
    changed[:, dragged] = z[::-1, dragged]
    lengths = [np.linalg.norm(part[:, dragged], axis=1, keepdims=True) for part in (z, changed)]
    changed[:, dragged] *= lengths[0] / lengths[1]  # only the direction of the whole counts
    one, other = drawn(z), drawn(changed)
    kept = {*T.looks(T.factors(z)), "skin", "iris", "hair_colour", "hair_style"}
    assert {name for name in kept if not np.allclose(one[name], other[name])} == set()
    before, after = (np.array(T.population(T.factors(part))[1:]) for part in (z, changed))
    np.testing.assert_allclose(after, before)
    assert not np.allclose(one["nose/nose-point-up"], other["nose/nose-point-up"])
    assert not np.allclose(one["head"], other["head"])


@given(SEEDS)
def test_a_mirror_swaps_left_and_right_and_turns_the_other_way(seed: int) -> None:
    z = codes(seed)
    x, mirrored = T.factors(z), T.factors(z * T.MIRROR)
    weights, others = T.morphs(x, True), T.morphs(mirrored, True)
    assert sum(other_side(name) != name for name in weights) > 100
    for name, weight in weights.items():
        np.testing.assert_allclose(others[other_side(name)], weight, atol=1e-12, err_msg=name)
    (head, gaze), (head_there, gaze_there) = T.pose(x), T.pose(mirrored)
    np.testing.assert_array_equal(head_there, head * [-1, 1, -1, -1])  # yaw, pitch, roll, shoulders
    np.testing.assert_array_equal(gaze_there, gaze * [-1, 1])
    for function in (T.skin, T.iris, T.hair_style, T.hair_colour):
        np.testing.assert_array_equal(function(mirrored), function(x))


@given(SEEDS)
def test_a_mirror_moves_the_lights_but_not_the_colours(seed: int) -> None:
    z = codes(seed)
    here, there = T.looks(T.factors(z)), T.looks(T.factors(z * T.MIRROR))
    signs = {"light": [-1, 1], "gradient": [-1, 1], "blobs": [-1, 1, 1, -1, 1, 1]}
    for name, value in here.items():
        np.testing.assert_array_equal(there[name], value * signs.get(name, 1), err_msg=name)


def test_the_mirror_of_the_mirror_is_the_code() -> None:
    assert T.MIRROR.shape == (T.Z_DIM,)
    assert (T.MIRROR * T.MIRROR == 1).all()
    assert 0 < (T.MIRROR < 0).sum() < T.Z_DIM / 4


@given(SEEDS, st.integers(1, 5))
def test_shares_sum_to_one_and_few_are_kept(seed: int, keep: int) -> None:
    scores = np.random.default_rng(seed).permuted(np.tile(1.5 * np.arange(6), (20, 1)), axis=1)
    found = T.shares(scores, keep)
    np.testing.assert_allclose(found.sum(1), 1)
    assert found.min() >= 0
    assert np.sort(found, axis=1)[:, :-keep].max() < 1e-3
    assert (found.argmax(1) == scores.argmax(1)).all()


@given(SEEDS)
def test_shares_do_not_jump_where_the_order_changes(seed: int) -> None:
    """Along a straight way between two codes, finer steps make smaller changes."""
    ends = 3 * np.random.default_rng(seed).standard_normal((2, 6))
    largest = []
    for count in (400, 4000):
        way = ends[0] + np.linspace(0, 1, count)[:, None] * (ends[1] - ends[0])
        largest.append(np.abs(np.diff(T.shares(way, 3), axis=0)).max())
    assert largest[0] < 0.2
    assert largest[1] < 0.2 * largest[0] + 1e-6


def test_all_but_the_hair_style_is_continuous() -> None:
    z = codes(5, 40)
    step = 1e-6 * codes(6, 40)
    here, there = drawn(z), drawn(z + step)
    for name in here.keys() - {"hair_style"}:
        assert np.abs(there[name] - here[name]).max() < 1e-3, name


def extreme() -> np.ndarray:
    """Codes with all their length in one dimension, or on one factor, or very long."""
    ones = np.concatenate([np.eye(T.Z_DIM), -np.eye(T.Z_DIM)])
    factors = np.zeros((len(T.FACTORS), T.Z_DIM))
    for k, place in enumerate(T.DIMS.values()):
        factors[k, place] = 1
    return np.concatenate([ones, factors, -factors, 1e6 * codes(7)])


def test_the_most_extreme_codes_are_still_heads() -> None:
    x = T.factors(extreme())
    for value in x.values():
        assert np.abs(value).max() <= 2.2
    head, gaze = T.pose(x)
    assert np.abs(head).max(0).tolist() <= [0.62, 0.25, 0.12, 0.45]
    assert np.abs(gaze).max() < 0.36
    weights = T.morphs(x, True)
    assert set(T.morphs(x, False)) < set(weights)
    for name, weight in weights.items():
        assert weight.min() > -1e-9, name
        assert weight.max() < 1.6, name
    race, male, old, weight = T.population(x)
    np.testing.assert_allclose(race.sum(1), 1)
    for value, low, high in ((male, 0, 1), (old, 0, 0.85), (weight, -0.7, 0.7)):
        assert low <= value.min() <= value.max() <= high


def test_the_colours_of_the_most_extreme_codes_are_colours() -> None:
    x = T.factors(extreme())
    looks = T.looks(x)
    for name in ("lips", "blush", "stubble", "brow_dark", "lashes", "background", "cloth"):
        assert 0 <= looks[name].min() <= looks[name].max() <= 1, name
    for value in (T.hair_colour(x), looks["tint"], looks["exposure"], looks["contrast"]):
        assert value.min() > 0
        assert value.max() < 2
    style = T.hair_style(x)
    assert 0 <= style.min() <= style.max() <= T.BALD
    assert T.skin(x).shape[1] == len(SKINS)
    for value in looks.values():
        assert np.isfinite(value).all()


def test_every_hair_style_and_skin_is_drawn_by_some_codes() -> None:
    x = T.factors(codes(8, 3000))
    assert set(T.hair_style(x)) == set(range(len(HAIR) + 1))
    assert set(T.skin(x).argmax(1)) == set(range(len(SKINS)))


def test_a_head_without_expression_is_the_same_whatever_the_expression(assets: Assets) -> None:
    poser = Poser(assets, used_vertices(assets))
    smiling = codes(9, 2)
    place = slice(T.DIMS["open"].start, T.DIMS["gaze"].stop)
    smiling[1], smiling[1, place] = smiling[0], -smiling[0, place]
    heads = poser.heads(T.factors(smiling))
    np.testing.assert_allclose(heads.crop[0], heads.crop[1], rtol=1e-9)
    assert np.abs(heads.base[0] - heads.base[1]).max() > 1e-3


def test_the_crop_brings_eyes_and_mouth_where_ffhq_has_them() -> None:
    eyes, mouth = np.array([[-0.31, 0.1], [0.31, 0.1]]), np.array([0.0, -0.6])
    a, b, tx, ty = crop_of(eyes, mouth)
    assert (b, tx) == (0, 0)
    assert a == pytest.approx(1 / (1.8 * 0.7))  # these eyes are close together
    assert ty == pytest.approx(-a * (0.1 - 0.07))
    turned = crop_of(eyes @ [[0, 1], [-1, 0]], mouth @ [[0, 1], [-1, 0]])
    assert turned[:2].tolist() == pytest.approx([0, -a])


def test_the_landmarks_are_pairs_of_mirror_points(assets: Assets) -> None:
    marks = Landmarks(assets)
    order = marks.mirrored(assets.base)
    assert len(marks.names) == len(set(marks.names)) == len(order) == len(marks.on(assets.base))
    assert (order[order] == np.arange(len(order))).all()
    assert order[[0, 8, 30, 36, 48]].tolist() == [16, 8, 30, 45, 54]
    for name, other in zip(marks.names, order, strict=True):
        if not name.startswith("ibug"):
            assert marks.names[other] == other_side(name), name
    assert ibug(marks.mirror_vertex) == marks.vertices[:68].tolist()
    assert sorted(assets.base[list(MOUTH_CORNERS), 0] > 0) == [False, True]


def test_a_mirrored_code_is_described_with_mirrored_points(assets: Assets) -> None:
    describe, z = Describe(assets), codes(10, 6).astype(np.float32)
    points, others = (describe.pixels(T.factors(part)) for part in (z, z * T.MIRROR))
    marks = Landmarks(assets)
    count = 2 + len(marks.vertices)  # the eyes come first
    order = marks.mirrored(assets.base)
    moved = np.concatenate([order[-2:], order[:-2]])  # to where the eyes come first
    moved = np.where(moved < len(order) - 2, moved + 2, moved - (len(order) - 2))
    np.testing.assert_allclose(others[:, :count], points[:, moved] * [-1, 1], atol=2e-2)
    assert np.abs(points).max() < 200


def test_what_is_described_has_the_same_size_in_a_mirror(assets: Assets) -> None:
    describe, z = Describe(assets), codes(10, 6).astype(np.float32)
    here, there = (describe(part) / describe.scale + describe.mean for part in (z, z * T.MIRROR))
    traits = describe.weights != POINT
    np.testing.assert_allclose(np.abs(there[:, traits]), np.abs(here[:, traits]), atol=1e-3)


def test_descriptions_vary_as_much_as_they_matter(assets: Assets) -> None:
    describe = Describe(assets)
    described = describe(codes(11, 3000))
    assert described.dtype == np.float32
    assert {POINT, *CHOICES.values()} < set(describe.weights)
    for weight in set(describe.weights):
        spread = described[:, describe.weights == weight].std(0)
        assert np.median(spread) == pytest.approx(weight, rel=0.1)
