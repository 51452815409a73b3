"""Every figure of the README has a command behind it, which is one of the runs."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.runs import RUNS

ROOT = Path(__file__).parents[2]
SECTION = "## What to expect\n"
MODULES = {f"benchmarks.{run.group}.{run.module}" for run in RUNS}
NAMES = {run.name for run in RUNS}
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
