"""A session that is saved while the program is killed: it can be read, and nothing is left."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import slow

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such kills here")
@pytest.mark.parametrize("times", [3, slow(100)])
def test_a_save_that_is_killed_leaves_a_session_and_no_photo(times: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tests/editor/kill_saves.py", str(tmp_path), str(times)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ".:tests"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(kills) == times
    assert all(kill["readable"] for kill in kills)
    assert [kill for kill in kills if kill["others"] or kill["after"]] == []
    assert {mode for kill in kills for mode in kill["modes"]} <= {"0o600"}
    if times > 9:  # else it may be that none was hit in the middle
        assert any(kill["modes"] for kill in kills)
