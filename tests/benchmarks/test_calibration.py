"""What corrects the face net, on points whose error is known."""

import json
from pathlib import Path

import numpy as np
import pytest
from makehuman import expect_opengl, write

from benchmarks import calibrated
from benchmarks.arrive import judges as judges_of
from benchmarks.arrive.judges import JUDGES, PSI, Judges
from benchmarks.calibrated import LANDMARKS, Calibration
from benchmarks.truth import calibration
from benchmarks.truth.calibration import between, off
from editor.engine import Engine

POINTS = 80


def faces(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(points as a net sees them, which exaggerates each motion by a half, true landmarks)."""
    source = np.random.default_rng(seed)
    ways = source.standard_normal((4, LANDMARKS, 2)) * 0.02
    truth = 0.5 + np.einsum("nk,kpc->npc", source.standard_normal((count, 4)), ways)
    seen = 0.52 + 1.5 * (truth - 0.5)
    return np.concatenate([seen, seen[:, : POINTS - LANDMARKS]], axis=1), truth


def test_what_is_linear_of_the_error_is_taken_away() -> None:
    seen, truth = faces(200, 0)
    known = Calibration.fit(seen[:150], truth[:150], 4, 1e-6)
    raw, better = seen[150:, :LANDMARKS], known.landmarks(seen[150:])
    assert off(better, truth[150:]).mean() < 0.01 < 1 < off(raw, truth[150:]).mean()
    ways, share = between(raw, truth[150:])
    assert share == pytest.approx(np.full(LANDMARKS, 1.5))
    assert ways.mean() > 1
    assert between(better, truth[150:])[1] == pytest.approx(np.ones(LANDMARKS), abs=1e-3)


def test_it_is_the_same_from_its_file_but_for_rounding(tmp_path: Path) -> None:
    seen, truth = faces(200, 0)
    known = Calibration.fit(seen, truth, 4, 1e-6)
    known.save(tmp_path / "known.npz")
    again = Calibration.load(tmp_path / "known.npz")
    assert np.abs(again.landmarks(seen) - known.landmarks(seen)).max() < 1e-3


def test_where_the_net_sees_nothing_there_is_nothing() -> None:
    black = np.zeros((256, 256, 3), np.uint8)
    for nothing in calibrated.seen(black):
        assert nothing.shape == (LANDMARKS, 2)
        assert np.isnan(nothing).all()


def test_the_file_mends_how_far_noses_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges_of, "SURVEY", 20)
    engine = Engine(device="cpu")
    judges = Judges(engine)
    seen = [judges(engine.latent(seed, PSI)) for seed in range(16)]
    nose = {name: np.stack([each[name][30] for each in seen]) for name in JUDGES}
    ways = {name: np.linalg.norm(np.diff(places, axis=0), axis=1) for name, places in nose.items()}
    exaggerated, mended = (ways[name].sum() / ways["head"].sum() for name in ("net", "calibrated"))
    assert exaggerated > 1.15
    assert 0.9 < mended < 1.15


def test_it_is_made_and_measured_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect_opengl()
    out, made = tmp_path / "out.json", tmp_path / "made.npz"
    words = ["calibration", "--assets", str(write(tmp_path)), "--count", "12", "--json", str(out)]
    monkeypatch.setattr("sys.argv", [*words, "--write"])
    monkeypatch.setattr(calibration, "FILE", made)
    monkeypatch.setattr(calibration, "COMPONENTS", 2)
    calibration.main()
    written = json.loads(out.read_text())
    assert [row["landmarks"] for row in written["rows"]] == list(calibration.GROUPS)
    assert written["renders"] == 3  # the rest has taught
    assert all(row["off, net"] > 0 for row in written["rows"])
    assert Calibration.load(made).basis.shape[0] == 2
