"""Every figure of the README has a command behind it, which is one of the runs."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page
from benchmarks.results import read
from benchmarks.runs import RUNS

ROOT = Path(__file__).parents[2]
SECTION = "## What to expect\n"
MODULES = {f"benchmarks.{run.group}.{run.module}" for run in RUNS}
NAMES = {run.name for run in RUNS}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
FIGURE = re.compile(r"\d ?(%|(s|ms|px|[kMG]B|dB|minutes|seconds|times|steps)\b)")


def section(text: str) -> str:
    """What the README says of figures."""
    return text.split(SECTION)[1].split("\n## ")[0]


def sources(words: str) -> tuple[list[str], list[str]]:
    """(modules, runs that are linked on the page of results) in a text."""
    modules = re.findall(r"python\s+-m\s+(benchmarks\.[\w.]*\w)", words)
    return modules, re.findall(r"\]\(docs/results\.md#([^)]*)\)", words)


def behind(words: str) -> str:
    """What is wrong with the command of a figure; empty if nothing is."""
    modules, names = sources(words)
    if not modules and not names:
        return "no command"
    if unknown := [*({*modules} - MODULES), *({*names} - NAMES)]:
        return f"not a run: {', '.join(unknown)}"
    gone = [module for module in modules if find_spec(module) is None]
    return f"no module: {', '.join(gone)}" if gone else ""


def rows(text: str) -> Iterator[list[list[str]]]:
    """The tables, each with its titles as first row."""
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        yield [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table.splitlines()
            if set(line) - set("|-: ")
        ]


def wrong(text: str) -> list[str]:
    """The rows and paragraphs with a figure that nothing is behind."""
    found: list[str] = []
    for titles, *lines in rows(text):
        above = False
        for line in lines:
            command = line[titles.index("command")] if "command" in titles else ""
            why = "" if above and command == "the same" else behind(command)
            above = not why
            found += [f"{line[0]}: {why}"] if why else []
    for paragraph in re.sub(r"^\|.*\n?", "", text, flags=re.MULTILINE).split("\n\n"):
        if FIGURE.search(paragraph) and (why := behind(paragraph)):
            found.append(f"{' '.join(paragraph.split())[:40]}: {why}")
    return found


def test_every_figure_of_the_readme_has_a_command() -> None:
    text = section((ROOT / "README.md").read_text("utf-8"))
    assert sum(len(table) - 1 for table in rows(text)) > 10
    assert wrong(text) == []


def values(cells: Any) -> Iterator[float]:
    """All numbers in the tables of a run."""
    if isinstance(cells, str):
        yield from map(float, NUMBER.findall(cells))
    elif isinstance(cells, dict | list):
        for cell in cells.values() if isinstance(cells, dict) else cells:
            yield from values(cell)
    elif cells is not None:
        yield float(cells)


def unmeasured(text: str, runs: Mapping[str, Any]) -> list[str]:
    """The numbers of figures that the runs they are linked to did not print, however rounded."""
    found: list[str] = []
    for _, *lines in rows(text):
        for what, figure, command, *_ in lines:
            parts = [(runs[n].get("rows"), runs[n].get("more")) for n in sources(command)[1]]
            known = [*values([list(part) for part in parts])]
            for number in NUMBER.findall(figure) if parts else ():
                digits = len(number.partition(".")[2])
                near = 0.501 * 10**-digits
                if not any(abs(value - float(number)) <= near for value in known):
                    found.append(f"{what}: {number}")
    return found


def test_the_figures_of_the_readme_are_those_of_the_page() -> None:
    runs = read(ROOT / "docs/results.json").runs
    text = section((ROOT / "README.md").read_text("utf-8"))
    linked = sources(text)[1]
    assert len(linked) > 10
    assert [name for name in linked if "rows" not in runs.get(name, {})] == []
    assert unmeasured(text, runs) == []


def test_the_page_is_made_of_the_results_beside_it() -> None:
    text = (ROOT / "docs/results.md").read_text("utf-8")
    plots = re.findall(r"^!\[.*\]\(results/(.*)\.svg\)$", text, re.MULTILINE)
    assert all((ROOT / f"docs/results/{name}.svg").is_file() for name in plots)
    without = re.sub(r"^!\[.*\]\(.*\)\n\n", "", text, flags=re.MULTILINE)
    assert without == page.page(read(ROOT / "docs/results.json"))


def test_a_figure_that_was_not_measured_is_found() -> None:
    runs = {
        "landmarks": {"rows": [{"MD": "2.347 ± 0.2", "n": 9}], "more": {"beside": [{"s": 1.26}]}}
    }
    link = "[landmarks](docs/results.md#landmarks)"
    for good in ("2.3 (2.35), 9 pairs", "1.3 s", "words"):
        assert unmeasured(f"{HEAD}| a | {good} | {link} |\n", runs) == []
    bad = f"{HEAD}| a | 2.4; 9 | {link} |\n| b | 7 | `a command` |\n"
    assert unmeasured(bad, runs) == ["a: 2.4"]


HEAD = "| what | figure | command |\n|---|---|---|\n"
GOOD = (
    "| a drag | 2 s | `python -m benchmarks.time.drag_speed --quick` |\n| it | 1 px | the same |\n"
)


def test_commands_links_and_the_same_are_behind_figures() -> None:
    linked = "| a | 2.4 px | [landmarks](docs/results.md#landmarks) |\n"
    assert wrong(f"Two cores.\n\n{HEAD}{GOOD}{linked}\nTurns by about 20 degrees.\n") == []
    assert wrong("It takes 3 s: `python -m\nbenchmarks.keep.inversion`.") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{HEAD}| a | 1 | the same |\n{GOOD}", "a: no command"),
        (f"{HEAD}{GOOD}| b | 1 | |\n", "b: no command"),
        (f"{HEAD}{GOOD}| b | 1 | `make test` |\n", "b: no command"),
        (f"{HEAD}| c | 1 | `python -m benchmarks.time.nothing` |\n", "c: not a run"),
        (f"{HEAD}| d | 1 | `python -m benchmarks.time.capacity` |\n", "d: not a run"),
        (f"{HEAD}| e | 1 | [x](docs/results.md#fidelity) |\n", "e: not a run: fidelity"),
        ("| what | figure |\n|---|---|\n| f | 1 |\n", "f: no command"),
        ("A fit takes 12 s.", "A fit takes 12 s.: no command"),
        ("It is 30% sharper.", "It is 30% sharper.: no command"),
    ],
)
def test_a_figure_without_a_command_is_found(text: str, says: str) -> None:
    (found,) = wrong(text)
    assert found.startswith(says)
