"""One page of what ``python -m benchmarks`` found.

python -m benchmarks.page results.json docs/results.md
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from .figures import BESIDE, markdown
from .runner import FAILED, NOT_RUN
from .runs import GROUPS

Results = Mapping[str, Any]
HEAD = """# Results

`python -m benchmarks --json results.json` measured this, and `python -m benchmarks.page
results.json docs/results.md` wrote it; ARCHITECTURE.md says where the benchmarks are, and each
one's docstring what its figures mean. `python -m benchmarks.compare` sets two such files side by
side."""


def page(results: Results) -> str:
    """The page."""
    parts = [HEAD, *_about(results)]
    for group in GROUPS:
        runs = {n: run for n, run in results["runs"].items() if run["group"] == group}
        if runs:
            heading = (import_module(f"benchmarks.{group}").__doc__ or "").strip()
            parts.append(f"## {group.capitalize()}\n\n{heading}")
        for name, run in runs.items():
            parts += section(name, run)
    return "\n\n".join(parts) + "\n"


def _about(results: Results) -> Iterator[str]:
    """When and where it was measured."""
    on, changed = results["machine"], " with changes" if results["dirty"] else ""
    state = f"`{results['commit'][:12]}`{changed}" if results["commit"] else "unknown"
    yield markdown(
        [
            {"measured": "date", "": results["date"]},
            {"measured": "commit", "": state},
            {"measured": "machine", "": f"{on['cpu']}, {on['cores']} cores, {on['memory']} GB"},
            {"measured": "system", "": on["system"]},
            {"measured": "versions", "": ", ".join(f"{n} {v}" for n, v in _versions(results))},
        ]
    )
    if results["quick"]:
        yield "This was a quick run: few drags and faces, so that figures are rough."


def _versions(results: Results) -> list[tuple[str, str]]:
    return list(results["versions"].items())


def section(name: str, run: Mapping[str, Any]) -> Iterator[str]:
    """A run: what it measures, its command, its tables, or why there are none."""
    yield f"### {name}\n\n{run['measures']}"
    why = next((f"{how}: {run[how]}" for how in (NOT_RUN, FAILED) if how in run), "")
    took = f", {run['seconds']} s" if "seconds" in run else ""
    yield f"`{run['command']}`{took}" + (f"\n\n*{why}*" if why else "")
    if run.get("rows"):
        yield markdown(run["rows"])
    for title, rows in run.get("more", {}).items():
        if title == BESIDE:
            yield ", ".join(f"{figure}: {shown(cell)}" for figure, cell in rows[0].items())
        else:
            yield f"{title}:\n\n{markdown(rows)}"


def shown(cell: object) -> str:
    """A figure in a sentence."""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def main() -> None:
    """Read, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("page", type=Path)
    args = parser.parse_args()
    args.page.write_text(page(json.loads(args.results.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
