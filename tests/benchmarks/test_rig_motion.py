"""Where points of a rig should go, on a motion that is known, and where those of a stand-in go."""

import json
from pathlib import Path

import numpy as np
import pytest
from makehuman import expect_opengl, write

from benchmarks.truth import rig_motion
from benchmarks.truth.rig_motion import truth
from benchmarks.truth.transfer import SIDE
from training.renderer.pairs import Pair
from transfer.rig import RIG_SIDE


def test_points_go_where_what_they_lie_on_goes_if_both_show_it() -> None:
    motion = np.zeros((SIDE, SIDE, 2), np.float32)
    motion[:, SIDE // 2 :] = [8.0, -4.0]
    shown = np.ones((SIDE, SIDE), bool)
    shown[: SIDE // 2] = False
    pictures, marks = np.zeros((2, SIDE, SIDE, 3), np.uint8), np.zeros((2, 68, 2))
    pair = Pair("yaw", np.zeros((2, 4), np.float32), pictures, marks, motion, shown, shown)
    low, high = RIG_SIDE * 0.25, RIG_SIDE * 0.75
    points = np.array([[low, low], [high, low], [low, high], [high, high], [high, RIG_SIDE + 9.0]])
    ways, seen = truth(pair, points)
    scale = RIG_SIDE / SIDE
    np.testing.assert_allclose(ways[[0, 2]], 0)
    np.testing.assert_allclose(ways[[1, 3]], [[8 * scale, -4 * scale]] * 2)
    assert seen.tolist() == [False, False, True, True, False]


def test_a_stand_in_that_turns_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expect_opengl()
    out = tmp_path / "out.json"
    words = ["rig_motion", "--assets", str(write(tmp_path)), "--pairs", "1", "--json", str(out)]
    monkeypatch.setattr("sys.argv", words)
    rig_motion.main()
    every, yaw = json.loads(out.read_text())["rows"]
    assert (every["factor"], yaw["factor"]) == ("all", "yaw")
    assert {**every, "factor": "yaw"} == yaw
    assert 0 < float(yaw["off"]) < float(yaw["no edit"])
