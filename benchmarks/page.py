"""One page of what ``python -m benchmarks`` found, and beside it a folder with plots.

    python -m benchmarks.page results.json docs/results.md

The plots are drawn if matplotlib is installed. They lie in docs/results/ then.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from .figures import BESIDE, markdown
from .plots import drawn
from .results import Entry, Results, ResultsError, moment, read
from .runner import FAILED, NOT_RUN
from .runs import GROUPS

HEAD = """# Results

`python -m benchmarks --json results.json` measured this, and `python -m benchmarks.page
results.json docs/results.md` wrote it; ARCHITECTURE.md says where the benchmarks are, and each
one's docstring what its figures mean. `python -m benchmarks.compare` sets two such files side by
side."""
QUICK = "Quick runs have few drags and faces, so that their figures are rough."


def page(results: Results, plots: Mapping[str, str] | None = None) -> str:
    """The page; ``plots`` are the pictures of runs, in Markdown."""
    measured = [run for run in results.runs.values() if NOT_RUN not in run]
    moments = {moment(run) for run in measured}
    groups = {
        group: {name: run for name, run in results.runs.items() if run["group"] == group}
        for group in GROUPS
    }
    found = {group: runs for group, runs in groups.items() if runs}
    parts = [HEAD, contents(found), _about(results, moments)]
    if any(run["quick"] for run in measured):
        parts.append(QUICK)
    for group, runs in found.items():
        heading = (import_module(f"benchmarks.{group}").__doc__ or "").strip()
        parts.append(f"## {group.capitalize()}\n\n{heading}")
        for name, run in runs.items():
            parts += section(name, run, len(moments) > 1, (plots or {}).get(name))
    return "\n\n".join(part for part in parts if part) + "\n"


def contents(groups: Mapping[str, Mapping[str, Entry]]) -> str:
    """A line for each group, with links to its runs."""
    return "\n".join(
        f"- [{group.capitalize()}](#{group}): {', '.join(f'[{name}](#{name})' for name in runs)}"
        for group, runs in groups.items()
    )


def _about(results: Results, moments: set[str]) -> str:
    """Where it was measured, and when, if that is the same of all runs."""
    on = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    rows = [
        {"measured": "machine", "": f"{on['cpu']}, {on['cores']} cores, {on['memory']} GB"},
        {"measured": "system", "": on["system"]},
        {"measured": "versions", "": versions},
    ]
    if len(moments) == 1:
        rows.insert(0, {"measured": "on", "": next(iter(moments))})
    return markdown(rows)


def section(name: str, run: Entry, dated: bool, plot: str | None) -> Iterator[str]:
    """A run: what it measures, its command, its tables, or why there are none."""
    yield f"### {name}\n\n{run['measures']}"
    why = next((f"{how}: {run[how]}" for how in (NOT_RUN, FAILED) if how in run), "")
    took = f", {run['seconds']} s" if "seconds" in run else ""
    when = f"\\\n{moment(run)}" if dated and NOT_RUN not in run else ""
    yield f"`{run['command']}`{took}{when}" + (f"\n\n*{why}*" if why else "")
    if run.get("rows"):
        yield markdown(run["rows"])
    if plot:
        yield plot
    for title, rows in run.get("more", {}).items():
        if title == BESIDE:
            yield ", ".join(f"{figure}: {shown(cell)}" for figure, cell in rows[0].items())
        else:
            yield f"{title}:\n\n{markdown(rows)}"


def shown(cell: object) -> str:
    """A figure in a sentence."""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def pictures(results: Results, file: Path) -> dict[str, str]:
    """The plots for a page that will be this file, drawn; none without matplotlib."""
    if find_spec("matplotlib") is None:
        print("matplotlib is not installed: the page has no plots.", file=sys.stderr)
        return {}
    folder = file.with_suffix("")
    titles = drawn(results.runs, folder)
    return {name: f"![{title}]({folder.name}/{name}.svg)" for name, title in titles.items()}


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("page", type=Path)
    args = parser.parse_args()
    try:
        results = read(args.results)
    except ResultsError as error:
        parser.exit(2, f"{error}\n")
    args.page.write_text(page(results, pictures(results, args.page)), "utf-8")


if __name__ == "__main__":
    main()
