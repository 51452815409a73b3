"""All benchmarks by one command: what it runs, what it writes, and comparing two."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import compare, machine, page, runner
from benchmarks.figures import markdown, tables
from benchmarks.results import Results, read
from benchmarks.runner import Job, Outcome, job, outcomes
from benchmarks.runs import GIVEN, GROUPS, RUNS, Run

ROOT = Path(__file__).parents[2]
WRITES = "import json, sys; json.dump({}, open(sys.argv[-1], 'w'))"
ROWS = {"rows": [{"side": 256, "ms": 1.5}], "pairs": 3, "each": [[1, 2], {"deep": {}}]}
# Commands of their own: they read what the others wrote, or serve.
NO_TABLES = {"time.capacity", "truth.renders", "stub_app", "stub_serve", "page", "compare"}


def made(name: str, code: str, lacks: str = "") -> Job:
    return Job(name, f"python -m {name}", (sys.executable, "-c", code), lacks)


def good(name: str = "good") -> Job:
    return made(name, WRITES.format(ROWS))


def said(*jobs: Job) -> dict[str, Outcome]:
    return {each.name: outcome for each, outcome in outcomes(jobs)}


def test_each_run_has_its_figures_or_says_why_there_are_none() -> None:
    found = said(
        made("absent", "raise SystemExit('was run')", "needs --photos"),
        made("failing", "print('at work'); raise ValueError('no such photo')"),
        made("silent", "pass"),
        made("wordless", "raise SystemExit(3)"),
        made("listing", "import sys; open(sys.argv[-1], 'w').write('[1]')"),
        good(),
    )
    absent = found["absent"]
    assert (absent["command"], absent["not run"]) == ("python -m absent", "needs --photos")
    assert all({"date", "commit", "dirty"} <= each.keys() for each in found.values())
    assert found["failing"]["failed"] == "ValueError: no such photo"
    assert found["silent"]["failed"] == "wrote no figures (FileNotFoundError)"
    assert found["wordless"]["failed"] == "exit status 3"
    assert found["listing"]["failed"] == "wrote no figures (ValueError)"
    assert found["good"]["rows"] == [{"side": 256, "ms": 1.5}]
    assert found["good"]["more"] == {"beside": [{"pairs": 3}]}
    assert not any("rows" in each for name, each in found.items() if name != "good")


def test_a_stop_keeps_what_is_done_and_ends_what_runs(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    stops = f"""
import os, signal, time
try:
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)
finally:
    open({str(ended)!r}, 'w')
"""
    jobs = [good("first"), made("second", stops), good("third")]
    script = (
        "import json, signal; from benchmarks.runner import Job, outcomes\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored behind nohup and &
        f"jobs = {jobs!r}\n"
        "print(json.dumps({each.name: outcome for each, outcome in outcomes(jobs)}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["first"]["rows"]
    assert found["second"]["not run"] == found["third"]["not run"] == "stopped"
    assert ended.exists()


def test_what_ignores_a_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PATIENCE", 0.2)
    stubborn = "import signal, time; signal.signal(2, signal.SIG_IGN); print(1, flush=True)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{stubborn}; time.sleep(60)"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    runner._end(process)
    process.stdout.close()
    assert process.returncode == -9


def test_figures_are_rows_of_numbers_and_words() -> None:
    found = tables(
        {
            "rows": [{"a": 1.0, "deep": [1], "not": float("nan"), "told": None, "is": True}],
            "means": {"x": 2.0, "nothing": {}},
            "faces": 4,
            "loud": False,
            "each": [{"a": 1}],
            "names": ["a"],
        }
    )
    assert found == {
        "rows": [{"a": 1.0, "not": None, "told": None}],
        "means": [{"x": 2.0}],
        "beside": [{"faces": 4}],
    }
    assert markdown([{"a": 1.23456, "b": "x|y"}, {"a": None}]).splitlines() == [
        "| a | b |", "| --- | --- |", "| 1.235 | x\\|y |", "| - | - |",
    ]  # fmt: skip


def test_a_run_without_what_it_needs_says_what_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "mine"
    run = Run("real", "edits", "", "--photos {photos}", None, "--features {features}", ("Linux",))
    monkeypatch.setitem(machine.HAS, "Linux", lambda: True)
    assert job(run, False, {}).lacks == "needs --photos"
    assert job(run, False, {"photos": photos}).lacks == "nothing is where --photos says"
    photos.mkdir()
    ready = job(run, False, {"photos": photos})
    assert ready.lacks == ""
    assert ready.command[1:] == ("-m", "benchmarks.real.edits", "--photos", str(photos))
    assert ready.shown == "python -m benchmarks.real.edits --photos PHOTOS"  # not where they are
    more = job(run, False, {"photos": photos, "features": photos})
    assert more.shown.endswith("--photos PHOTOS --features FEATURES")
    assert "too long" in job(run, True, {"photos": photos}).lacks
    monkeypatch.setitem(machine.HAS, "Linux", lambda: False)
    assert job(run, False, {"photos": photos}).lacks == "needs Linux"


def test_every_run_is_a_benchmark_and_every_benchmark_has_a_run() -> None:
    assert len({run.name for run in RUNS}) == len(RUNS)
    assert {run.group for run in RUNS} == {*GROUPS}
    assert not {*GROUPS} & {run.name for run in RUNS}  # --only takes both
    for run in RUNS:
        assert {*re.findall(r"{(\w+)}", f"{run.words} {run.wants} {run.quick}")} <= {*GIVEN}
        assert {*run.on} <= {*machine.HAS}
    base = ROOT / "benchmarks"
    programs = {
        ".".join(path.relative_to(base).with_suffix("").parts)
        for path in base.rglob("*.py")
        if "__main__" in path.read_text() and path.name != "__main__.py"
    }
    assert programs - NO_TABLES == {f"{run.group}.{run.module}" for run in RUNS}


def test_a_quick_run_needs_only_the_repository() -> None:
    quick = [job(run, True, {}) for run in RUNS if run.quick is not None]
    assert len(quick) >= 15
    assert [each.lacks for each in quick if each.lacks.startswith(("needs --", "nothing"))] == []


def options(module: str) -> set[str]:
    """That a benchmark knows, by its source."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    known = options("serve.__main__") if module == "benchmarks.stub_serve" else {"--help"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "command":
            known |= {"--model", "--json"}
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add_argument"):
            known |= {word.value for word in node.args if isinstance(word, ast.Constant)}
    return known


def commands() -> dict[str, set[str]]:
    """The options of each benchmark in texts, docstrings and runs, by module."""
    texts = [path.read_text("utf-8") for path in ROOT.glob("*.md")]
    texts += [path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")]
    texts += [(ROOT / "weights/embedded/faces.md").read_text("utf-8")]
    sources = (ROOT / "benchmarks").rglob("*.py")
    texts += [ast.get_docstring(ast.parse(path.read_text())) or "" for path in sources]
    texts += [f"{job(run, quick, {}).shown} --json x`" for run in RUNS for quick in (True, False)]
    found: dict[str, set[str]] = {}
    for text in texts:
        spaced = text.replace("\\\n", " ")
        for words in re.findall(
            r"python\s+-m\s+(benchmarks(?:\.[\w.]+)?(?:[^`\n]|\n(?=--))*)", spaced
        ):
            name = re.sub(r"\W+$", "", words.split()[0])
            found.setdefault(name, set()).update(re.findall(r"(?<!\S)\[?(--[\w-]+)", words))
    return found


def test_every_command_in_a_text_is_one() -> None:
    found = commands()
    assert len(found) > 40
    wrong: dict[str, Any] = {}
    for module, words in found.items():
        name = f"{module}.__main__" if module == "benchmarks" else module
        if not (ROOT / f"{name.replace('.', '/')}.py").exists():
            wrong[module] = "is no module"
        elif unknown := words - options(name) - {f"--{n}" for n in GIVEN if module == "benchmarks"}:
            wrong[module] = unknown
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("module", ["time.chain", "trust.photo_fuzz", "arrive.landmarks"])
def test_benchmarks_say_how_they_are_run(module: str) -> None:
    words = [sys.executable, "-m", f"benchmarks.{module}", "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--json" in done.stdout


def results(**runs: Outcome) -> Results:
    about = {
        "group": "arrive", "measures": "What arrives.", "command": "python -m x",
        "date": "2026-01-02T03:04:05+00:00", "commit": "0123456789abcdef", "dirty": True,
        "quick": True,
    }  # fmt: skip
    return Results(
        {"cpu": "A Chip", "cores": 2, "memory": 8.0, "system": "Linux x86_64"},
        {"python": "3.12", "torch": "2.10"},
        {name: {**about, **run} for name, run in runs.items()},
    )


def measured(*rows: dict[str, Any], **more: Any) -> Outcome:
    return {"seconds": 1.0, "rows": list(rows), "more": more}


def test_the_command_writes_results_after_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.json"

    def of(run: Run, quick: bool, given: dict[str, Path]) -> Job:
        assert (quick, given) == (True, {"photo": tmp_path})
        if run.name == "growth":  # the second: what the first found is there
            return made(run.name, f"print(open({str(file)!r}).read()); raise SystemExit(1)")
        return good(run.name)

    monkeypatch.setattr(command, "job", of)
    words = f"benchmarks --quick --only growth keep --photo {tmp_path} --json {file}"
    monkeypatch.setattr("sys.argv", words.split())
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 1
    told = read(file)
    assert list(told.runs) == ["appearance", "inversion", "encoder", "growth"]
    assert told.runs["appearance"]["rows"] == [{"side": 256, "ms": 1.5}]
    assert told.runs["growth"]["failed"] == "}"  # the end of what was written by then
    assert {run["quick"] for run in told.runs.values()} == {True}
    assert int(told.machine["cores"]) >= 1
    assert {"python", "torch", "numpy", "gradio"} <= {*told.versions}
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[1/4] appearance: ")
    assert lines[3] == "[4/4] growth: failed: }"
    assert "### appearance" in page.page(told)


@pytest.mark.parametrize("words", ["--quick", "--only nobody --json x"])
def test_a_wrong_command_is_refused(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", *words.split()])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2


def test_the_list_names_every_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--list"])
    command.main()
    assert len(capsys.readouterr().out.splitlines()) == len(RUNS) + 2


def test_the_commit_says_whether_the_tree_is_clean(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["commit", "-qm", "x", "--allow-empty"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    state, dirty = machine.commit(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", state)
    assert not dirty
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "results.json").touch()  # what was measured before
    assert machine.commit(tmp_path) == (state, False)
    (tmp_path / "new").touch()
    assert machine.commit(tmp_path) == (state, True)


def differing(one: dict[str, Any], two: dict[str, Any]) -> set[str]:
    """The titles of what differs in a row."""
    pair = (results(x=measured({"name": "a", **row})).runs["x"] for row in (one, two))
    return {each.where[-1] for each in compare.in_both("x", *pair) if each.beyond}


def test_figures_differ_by_more_than_noise() -> None:
    assert differing({"md": 1.0, "s": 1.0}, {"md": 1.04, "s": 1.2}) == set()
    assert differing({"md": 1.0, "s": 1.0}, {"md": 1.06, "s": 1.3}) == {"md", "s"}
    assert differing({"drags": 10.0}, {"drags": 11.0}) == {"drags"}  # no seconds in it
    assert differing({"peak_mb": 10.0, "p50 s": 1.0}, {"peak_mb": 11.0, "p50 s": 1.1}) == set()
    assert differing({"x": 0.0}, {"x": 0.0}) == set()
    assert differing({"x": 0}, {"x": 1}) == {"x"}
    assert differing({"x": None, "y": "a"}, {"x": 1.0, "y": "b"}) == set()


def test_a_figure_with_an_error_of_its_own_is_judged_by_it() -> None:
    few, many = {"n": 4, "md": 1.0, "md sd": 0.5}, {"n": 4, "md": 1.5, "md sd": 0.5}
    assert "md" not in differing(few, many)
    assert "md" in differing({**few, "n": 400}, {**many, "n": 400})
    assert differing({"n": 4, "mean": 1.0, "sd": 1.0}, {"n": 4, "mean": 2.0, "sd": 1.0}) == set()
    assert differing({"seen": "0.70 ± 0.10"}, {"seen": "0.80 ± 0.10"}) == set()
    assert differing({"seen": "0.70 ± 0.01"}, {"seen": "0.80 ± 0.01"}) == {"seen"}


def test_rows_are_told_apart_by_their_first_columns() -> None:
    def rows(scale: float, *sides: int) -> Outcome:
        each = [{"side": s, "mask": m, "px": scale * s} for s in sides for m in ("no", "yes")]
        return measured(*each, beside=[{"total": scale}])

    a, b = (results(x=run).runs["x"] for run in (rows(1, 256, 512), rows(2, 512, 1024)))
    found = list(compare.in_both("x", a, b))
    assert [(each.where, each.share) for each in found if each.beyond] == [
        (("x", "", "512 no", "px"), 1.0),
        (("x", "", "512 yes", "px"), 1.0),
        (("x", "beside", "", "total"), 1.0),
    ]
    same = measured({"a": "x", "y": 1.0}, {"a": "x", "y": 1.0})
    run = results(x=same).runs["x"]
    assert len(list(compare.in_both("x", run, run))) == 2


def test_what_only_one_has_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    one = measured({"md": 2.0})
    a = results(
        x=one, mine=one, failing={"failed": "oh"}, neither={"not run": "stopped"}, other=one,
        later=one,
    )  # fmt: skip
    b = results(
        x=measured({"md": 3.0}),
        failing=one,
        neither={"not run": "needs Ray"},
        other={**one, "command": "python -m x --pairs 9"},
        later={**one, "date": "2026-02-03T03:04:05+00:00", "commit": "f" * 40},
    )
    b = replace(b, machine={**b.machine, "cpu": "Another Chip"})
    for name, told in (("a", a), ("b", b)):
        (tmp_path / name).write_text(json.dumps(asdict(told)))
    monkeypatch.setattr("sys.argv", ["compare", f"{tmp_path}/a", f"{tmp_path}/b"])
    compare.main()
    text = capsys.readouterr().out
    assert "The machines differ" in text
    assert "The versions differ" not in text
    assert "mine: b does not have it" in text
    assert "failing: a failed: oh" in text
    assert "neither: a not run: stopped; b not run: needs Ray" in text
    assert "other: not the same: python -m x, python -m x --pairs 9" in text
    assert "Of different commits: later.\n" in text
    assert "2 figures compared, 1 differ beyond noise." in text
    assert "| x |  | md | 2 | 3 | +50% |" in text
