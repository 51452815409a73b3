"""The table of what named controls come to."""

import json
from pathlib import Path

from benchmarks.real import controls
from editor.controls import CONTROLS

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"


def test_a_row_for_each_end(tmp_path: Path, monkeypatch, capsys) -> None:
    few = {name: CONTROLS[name] for name in ("blink_left", "turn")}
    monkeypatch.setattr(controls, "CONTROLS", few)
    words = f"controls --photo {PHOTO} --out {tmp_path}/sheets --json {tmp_path}/out.json"
    monkeypatch.setattr("sys.argv", words.split())
    controls.main()
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert [(row["control"], row["value"]) for row in rows] == [
        ("blink_left", 1), ("turn", -20), ("turn", 20),
    ]  # fmt: skip
    assert all(0.8 < row["seen"] < 1.2 for row in rows[1:])
    assert len(list((tmp_path / "sheets").iterdir())) == 3
    assert capsys.readouterr().out.startswith("| control | value | seen | follows | still")
