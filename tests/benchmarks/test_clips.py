"""The program that measures how an edit on a clip trembles."""

import json
from pathlib import Path

import numpy as np
import pytest
from clips import head_moved

from benchmarks.real import clips
from editor.session_file import save_session
from transfer.rig import Vertices

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"


def grid() -> Vertices:
    """As many vertices as a rig has, all apart."""
    edit = head_moved().subject.rig
    assert edit is not None
    return edit.vertices


def test_what_a_surface_moves_is_told_beside_its_vertices() -> None:
    before = grid()
    after = before + np.array([3.0, -1.0, 0.0])
    found = clips.displacement(before, after, before[:, :2] + 0.1)
    np.testing.assert_allclose(found, np.tile((3.0, -1.0), (len(before), 1)), atol=1e-9)


def test_what_changes_at_once_trembles_and_what_changes_slowly_drifts() -> None:
    t = np.linspace(0, 1, 60)[:, None, None]
    slow = clips.tremble(np.broadcast_to(4 * t, (60, 5, 2)))
    assert slow["trembles rms"] < 1e-9
    assert slow["drifts rms"] > 1
    noise = clips.tremble(np.random.default_rng(0).normal(size=(60, 5, 2)))
    assert noise["trembles rms"] == pytest.approx(noise["drifts rms"], rel=0.1)


@pytest.mark.slow
def test_a_clip_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clips, "FRAMES", 11)
    monkeypatch.setattr(clips, "SIZE", (320, 180))
    save_session(head_moved(), {}, tmp_path / "edit.safetensors")
    arguments = ["clips", "--edit", f"{tmp_path}/edit.safetensors", "--photo", str(PHOTO)]
    files = ["--json", f"{tmp_path}/a.json", "--sheet", f"{tmp_path}/a.png"]
    monkeypatch.setattr("sys.argv", [*arguments, *files])
    clips.main()
    assert "s a frame" in capsys.readouterr().out
    rows = json.loads((tmp_path / "a.json").read_text("utf-8"))["rows"]
    assert {row["points"] for row in rows} == {"at rest", "moved"}
    assert all(row["trembles rms"] < 2 for row in rows)
    assert (tmp_path / "a.png").is_file()
