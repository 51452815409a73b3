"""No file of a model does anything, whatever it holds; each that is no model is refused."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from audit import audited
from hostile.models import CALLED, GOOD, MARKER, corpus

from benchmarks.trust.hostile.pickle_writer import SOURCE, write
from benchmarks.trust.weights_fuzz import fuzz, seeds

MOST_MEMORY = 64 << 20  # bytes
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each file, by its name, in a process of its own; "good" is one that is none."""
    folder, work = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("work")
    for number, data in enumerate([GOOD, *corpus().values()]):
        write(folder / f"{number:03}", data)
    command = [sys.executable, "-W", "error", str(TESTS / "hostile_reader.py"), str(folder)]
    paths = {"PYTHONPATH": f"{TESTS.parent}", "OMP_NUM_THREADS": "1", "PATH": ""}
    done = subprocess.run(command, cwd=work, env=paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(work.iterdir()) == []
    found = json.loads(done.stdout)
    names = ["good", *corpus()]
    return {"modules": found["modules"]} | {
        name: found[f"{number:03}"] for number, name in enumerate(names)
    }


def test_the_corpus_is_large() -> None:
    assert len(corpus()) >= 120


def test_the_audit_sees_what_happens(tmp_path: Path) -> None:
    with audited() as seen:
        (tmp_path / "made").write_text("")
        sys.modules.pop("colorsys", None)
        importlib.import_module("colorsys")
        subprocess.run(["true"], check=True)
    assert f"open {tmp_path / 'made'}" in seen
    assert any(words.startswith("exec") for words in seen)
    assert any(words.startswith("subprocess.Popen") for words in seen)


def test_a_hostile_file_is_refused_and_does_nothing(outcomes: dict[str, Any]) -> None:
    wrong = {}
    for name in corpus():
        found, sentence = outcomes[name], outcomes[name]["sentence"]
        if not (
            found["events"] == ["open FILE"]
            and found["error"] == "WeightsError"
            and found["peak"] < MOST_MEMORY
            and sentence.endswith(".")
            and sentence.isprintable()
            and len(sentence) < 200
        ):
            wrong[name] = found
    assert wrong == {}


def test_what_a_file_asks_for_is_named(outcomes: dict[str, Any]) -> None:
    said = {full: outcomes[f"calls: {full}"]["sentence"] for full in CALLED}
    assert [full for full in CALLED if f"asks for {full}," not in said[full]] == []


def test_what_is_too_much_is_refused_before_it_is_read(outcomes: dict[str, Any]) -> None:
    limits = {
        "memory: many sets": "more than 200000 pickle opcodes",
        "structure: nested tuples": "more than 200000 pickle opcodes",
        "structure: a storage of many opcodes": "more than 1000 pickle opcodes",
        "memory: many dictionaries": "stacks too many values",
        "memory: much text": "more text than any model",
    }
    assert [n for n, limit in limits.items() if limit not in outcomes[n]["sentence"]] == []


def test_a_good_file_does_nothing_either(outcomes: dict[str, Any]) -> None:
    """Its source texts would end the process: NVIDIA's loader runs them."""
    assert SOURCE[:40].encode() in GOOD
    assert outcomes["good"]["error"] == ""
    assert outcomes["good"]["events"] == ["open FILE"]
    assert outcomes["modules"] == {"new": []}


def test_the_payloads_are_in_the_files() -> None:
    assert sum(MARKER.encode() in data for data in corpus().values()) > 80


def test_changed_files_never_surprise(tmp_path: Path) -> None:
    outcome = fuzz(seeds(), tmp_path / "changed", count=100)
    assert outcome.surprises == []
    assert outcome.refused > 50
    assert outcome.read > 1
