"""The page of results, and its plots."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import page, plots
from benchmarks.plots import Bars, Points, cell
from benchmarks.results import Results
from benchmarks.runner import Outcome

MACHINE = {"cpu": "A Chip", "cores": 2, "memory": 8.0, "system": "Linux x86_64"}
LATER = "2026-02-03T03:04:05+00:00"


def results(**runs: Outcome) -> Results:
    about = {
        "group": "arrive", "measures": "What arrives.", "command": "python -m x",
        "date": "2026-01-02T03:04:05+00:00", "commit": "0123456789abcdef", "dirty": True,
        "quick": False,
    }  # fmt: skip
    return Results(
        MACHINE, {"python": "3.12"}, {name: {**about, **run} for name, run in runs.items()}
    )


def measured(*rows: dict[str, Any], **more: Any) -> Outcome:
    return {"seconds": 1.0, "rows": list(rows), "more": more}


def test_the_page_has_a_table_for_each_run() -> None:
    text = page.page(
        results(
            marks=measured({"points": 1, "md": 2.41234}, beside=[{"pairs": 9}], mean=[{"a": 1}]),
            absent={"not run": "needs --photos"},
            broken={"seconds": 0.5, "failed": "ValueError: no"},
        )
    )
    assert "A Chip, 2 cores, 8.0 GB" in text
    assert text.count("## Arrive\n") == 1
    assert "### marks\n\nWhat arrives.\n\n`python -m x`, 1.0 s\n\n| points | md |" in text
    assert "| 1 | 2.412 |\n\npairs: 9\n\nmean:\n\n| a |" in text
    assert "*not run: needs --photos*" in text
    assert "`python -m x`, 0.5 s\n\n*failed: ValueError: no*" in text
    assert page.page(results(a=measured({"x": "1"}))).endswith("| 1 |\n")


def test_date_and_commit_are_said_once_if_they_are_the_same() -> None:
    absent = {"not run": "needs --photos", "date": LATER}  # was not measured at any time
    text = page.page(results(one=measured(), two=measured(), absent=absent))
    assert "| on | 2026-01-02, `0123456789ab` with changes |" in text
    assert text.count("0123456789ab") == 1
    assert "Quick runs" not in text


def test_date_and_commit_are_said_of_each_run_if_they_differ() -> None:
    later = {**measured(), "date": LATER, "dirty": False, "quick": True}
    text = page.page(results(one=measured(), two=later, absent={"not run": "needs Ray"}))
    assert "| on |" not in text
    assert "`python -m x`, 1.0 s\\\n2026-01-02, `0123456789ab` with changes\n" in text
    assert "`python -m x`, 1.0 s\\\n2026-02-03, `0123456789ab`, quick\n" in text
    assert "`python -m x`\n\n*not run: needs Ray*" in text
    assert "Quick runs" in text


def test_every_link_of_the_contents_has_its_heading() -> None:
    found = results(drag_accuracy=measured(), growth={**measured(), "group": "trust"})
    text = page.page(found)
    assert "- [Arrive](#arrive): [drag_accuracy](#drag_accuracy)\n- [Trust](#trust): " in text
    links = re.findall(r"\]\(#(.*?)\)", text)
    assert links == ["arrive", "drag_accuracy", "trust", "growth"]
    headings = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
    assert {*links} <= {*headings}


ROWS: dict[str, list[dict[str, Any]]] = {
    "methods": [
        {"method": "no edit", "MD calibrated": "41.00 ± 1.00", "drift": "0 ± 0"},
        {"method": "ours", "MD calibrated": "4.20 ± 0.30 (9)", "drift": "1.10 ± ?"},
        {"method": "unseen", "MD calibrated": "none ± ?", "drift": "not run"},
    ],
    "landmarks": [
        {"points": 1, "pairs": 9, "no edit": "12.50 ± 0.40", "MD": "2.34 ± 0.19", "MD net": None},
    ],
    "landmarks-68": [
        {"points": 68, "pairs": 9, "no edit": 15.5, "MD": "4.50 ± 0.10", "MD net": "4.60 ± 0.20"},
    ],
    "photo_edits": [{"edit": "smile", "seen": 0.73}, {"edit": "lids", "seen": None}],
    "photo_edits-flow": [{"edit": "smile", "seen": 0.5}],
    "transfer": [
        {"figure": "points", "all": 14.0, "yaw": 14.0},
        {"figure": "error whole, no edit", "all": 14.8, "yaw": 15.0},
        {"figure": "error whole, your pixels", "all": 11.8, "yaw": 12.0},
    ],
    "growth": [{"rounds": 3}],
}  # fmt: skip
RUNS = results(**{name: measured(*rows) for name, rows in ROWS.items()}).runs


def test_a_cell_is_a_figure_with_its_error() -> None:
    assert cell("0.73 ± 0.02") == (0.73, 0.02)
    assert cell("-1.5 ± ?") == cell("-1.5 (3)") == cell(-1.5) == (-1.5, 0)
    assert cell("1e-05 ± 2e-06 (12)") == (1e-05, 2e-06)
    assert [cell(value) for value in (None, "", "not run", "none ± ?", "1 of 3", ".")] == [None] * 6


def test_plots_show_what_the_rows_say() -> None:
    found = plots.plots(RUNS)
    assert list(found) == ["methods", "landmarks", "photo_edits", "transfer"]
    methods, landmarks, edits, transfer = found.values()
    assert isinstance(methods, Points)
    assert methods.places == {"no edit": ((41, 1), (0, 0)), "ours": ((4.2, 0.3), (1.1, 0))}
    assert isinstance(landmarks, Bars)
    ours = list(plots.OURS.values())
    assert list(landmarks.series) == [*ours, "paper, no edit", "paper, DragGAN"]
    assert landmarks.series[ours[1]] == {"1": (2.34, 0.19), "68": (4.5, 0.1)}
    assert landmarks.series[ours[2]] == {"68": (4.6, 0.2)}
    assert isinstance(edits, Bars)
    assert edits.series == {"rig": {"smile": (0.73, 0)}, "flow": {"smile": (0.5, 0)}}
    assert isinstance(transfer, Bars)
    assert transfer.series["your pixels"] == {"all": (11.8, 0), "yaw": (12, 0)}
    assert list(transfer.series) == ["no edit", "your pixels"]


def test_a_plot_whose_rows_lack_what_it_draws_is_left_out() -> None:
    other = {"points": 1, "md_net": 5.5, "figure": "fit", "edit": "smile", "method": "ours"}
    runs = {name: {**run, "rows": [other]} for name, run in RUNS.items()}
    assert plots.plots(runs) == {}
    assert plots.plots({}) == {}
    absent = results(**{name: {"not run": "stopped"} for name in plots.PLOTS})
    assert plots.plots(absent.runs) == {}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of a file whose runs are in no order."""
    runs = {name: RUNS[name] for name in reversed(list(RUNS))}
    file = tmp_path / "results.json"
    file.write_text(json.dumps({"machine": MACHINE, "versions": {"python": "3"}, "runs": runs}))
    monkeypatch.setattr("sys.argv", ["page", str(file), str(tmp_path / "page.md")])
    return tmp_path / "page.md"


def test_without_matplotlib_the_page_has_no_plots(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    page.main()
    assert "no plots" in capsys.readouterr().err
    text = written.read_text("utf-8")
    assert "![" not in text
    assert re.findall(r"^### (\S+)", text, re.MULTILINE) == [
        "landmarks", "landmarks-68", "methods", "photo_edits", "photo_edits-flow", "transfer",
        "growth",
    ]  # fmt: skip


def test_plots_lie_beside_the_page_and_are_always_the_same(written: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = written.with_suffix("")
    folder.mkdir()
    (folder / "transfer-known.svg").touch()  # of a run that is no longer there
    page.main()
    text, first = written.read_text("utf-8"), {p.name: p.read_bytes() for p in folder.iterdir()}
    shown = re.findall(r"^!\[.+\]\(page/(.+)\)$", text, re.MULTILINE)
    assert shown == ["landmarks.svg", "methods.svg", "photo_edits.svg", "transfer.svg"]
    assert sorted(shown) == sorted(first)
    for name, drawing in first.items():
        assert len(drawing) < 100_000, name
        assert b"dc:date" not in drawing
    words = " ".join(ElementTree.fromstring(first["landmarks.svg"]).itertext())
    assert "paper, no edit" in words
    assert "mean distance, px of 512" in words
    page.main()
    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_without_results_is_refused(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = written.with_name("absent.json")
    monkeypatch.setattr("sys.argv", ["page", str(absent), str(written)])
    with pytest.raises(SystemExit) as ended:
        page.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{absent} cannot be read (FileNotFoundError).\n"
