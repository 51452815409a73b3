"""The file of results: measured in parts, and refused where it is of something else."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import results
from benchmarks.results import Results, ResultsError, begin, moment, put, read
from benchmarks.runner import Job
from benchmarks.runs import Run

HERE = Results({"cpu": "A Chip", "cores": 2}, {"python": "3.12"}, {})


def entry(**more: Any) -> dict[str, Any]:
    return {
        "group": "arrive", "measures": "What arrives.", "command": "python -m x",
        "date": "2026-01-02T03:04:05+00:00", "commit": "0123456789abcdef", "dirty": False,
        "quick": False, **more,
    }  # fmt: skip


def figures(md: float) -> dict[str, Any]:
    return {"seconds": 1.0, "rows": [{"md": md}], "more": {}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "machine", lambda: HERE.machine)
    monkeypatch.setattr(results, "versions", lambda: HERE.versions)
    return tmp_path / "results.json"


def test_runs_are_put_beside_each_other_in_the_order_of_the_page(file: Path) -> None:
    begin(file)
    for name in ("growth", "of-another-day", "landmarks", "methods"):
        assert put(file, name, entry(**figures(1.0)))
    begin(file)  # what is there stays
    assert put(file, "methods", entry(date="2026-02-03", **figures(2.0)))
    found = read(file)
    assert list(found.runs) == ["landmarks", "methods", "growth", "of-another-day"]
    assert list(json.loads(file.read_text())["runs"]) == list(found.runs)
    assert found.runs["methods"] == entry(date="2026-02-03", **figures(2.0))
    assert found.runs["landmarks"] == entry(**figures(1.0))
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_is_not_run_replaces_no_figures(file: Path) -> None:
    begin(file)
    absent, broken = entry(**{"not run": "needs --photos"}), entry(failed="ValueError: no")
    assert put(file, "landmarks", absent)
    assert put(file, "landmarks", entry(**figures(1.0)))
    assert not put(file, "landmarks", absent)
    assert read(file).runs["landmarks"]["rows"] == [{"md": 1.0}]
    assert put(file, "landmarks", broken)  # it was run
    assert put(file, "landmarks", absent)
    assert read(file).runs == {"landmarks": absent}


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (replace(HERE, machine={**HERE.machine, "cores": 4}), "(cores: 4 there, 2 here)"),
        (replace(HERE, versions={"python": "3.12", "torch": "2.9"}), "torch: 2.9 there, None"),
    ],
)
def test_a_file_of_another_machine_is_refused(file: Path, there: Results, says: str) -> None:
    file.write_text(json.dumps(asdict(there)))
    with pytest.raises(ResultsError) as refused:
        begin(file)
    assert says in str(refused.value)
    assert str(refused.value).endswith("name another file.")
    assert read(file) == there


RUN = entry(**figures(1.0))
HOLDS = {"machine": {"cpu": "x"}, "versions": {"python": "3"}}
WRONG = {
    "words": "these are no results",
    "bytes": b"\xff\xfe\x00",
    "deep": "[" * 100_000,
    "list": "[]",
    "no runs": json.dumps(HOLDS),
    "no machine": json.dumps({"versions": {"python": "3"}, "runs": {}}),
    "run": json.dumps({**HOLDS, "runs": {"a": 1}}),
    "no date": json.dumps({**HOLDS, "runs": {"a": {**RUN, "date": None}}}),
    "rows": json.dumps({**HOLDS, "runs": {"a": {**RUN, "rows": ["md"]}}}),
    "more": json.dumps({**HOLDS, "runs": {"a": {**RUN, "more": {"means": 1}}}}),
}


@pytest.mark.parametrize("holds", WRONG.values(), ids=list(WRONG))
def test_what_holds_no_results_is_refused_in_a_sentence(file: Path, holds: str | bytes) -> None:
    file.write_bytes(holds if isinstance(holds, bytes) else holds.encode())
    with pytest.raises(ResultsError) as refused:
        begin(file)
    assert len(str(refused.value).splitlines()) == 1
    assert str(file) in str(refused.value)
    assert str(refused.value).endswith("name another file.")


def test_where_nothing_can_be_written_is_told_first(file: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be written"):
        begin(file.parent / "nowhere" / "results.json")
    with pytest.raises(ResultsError, match="cannot be read"):
        begin(file.parent)


def test_the_command_runs_nothing_if_the_file_is_not_its_own(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(json.dumps(asdict(replace(HERE, versions={"python": "2.7"}))))

    def of(run: Run, quick: bool, given: dict[str, Path]) -> Job:
        return Job(run.name, "python -m x", (f"{file.parent}/must-not-run",))

    monkeypatch.setattr(command, "job", of)
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "growth", "--json", str(file)])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "python: 2.7 there, 3.12 here" in said.err


def test_a_moment_is_a_day_and_a_commit() -> None:
    assert moment(entry()) == "2026-01-02, `0123456789ab`"
    changed = moment(entry(dirty=True, quick=True))
    assert changed == "2026-01-02, `0123456789ab` with changes, quick"
    assert moment(entry(commit="")) == "2026-01-02, unknown commit"
