"""The page of results."""

import re
from typing import Any

from benchmarks import page
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
