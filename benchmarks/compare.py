"""What differs between two files of results, beyond noise.

    python -m benchmarks.compare a.json b.json

A figure is compared with that of the same title in the same row of the same run; rows are told
apart by their first columns. Noise is what the figure's own error says, where there is one: a cell
"0.73 ± 0.02" (a half of a 95 % interval), or, beside ``n``, a column "TITLE sd" (``sd`` alone is
that of "mean"). Otherwise it is a share of the figure: TIMES of seconds, memory and rates, which
depend on the machine and on what else it does; OTHERS of the rest. Runs with other words are not
compared: they measured something else. Runs of other commits are, and it is said which these are.
"""

import argparse
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from .figures import Row, markdown
from .results import Entry, Results, ResultsError, read
from .runner import FAILED, NOT_RUN

TIMES, OTHERS = 0.25, 0.05
SURE = 1.96  # standard errors of a 95 % interval
OF_TIME = re.compile(r"(^|[\s_,/(])(s|ms|min|minutes?|seconds?|MB|GB|gflops?)\b|a second|_ms|_mb")
WITH_ERROR = re.compile(r"^(-?[\d.]+(?:e-?\d+)?) ± ([\d.]+(?:e-?\d+)?)$")


@dataclass(frozen=True)
class Figure:
    """A number, and the half of the interval that it is likely in; None if nobody says."""

    value: float
    error: float | None


@dataclass(frozen=True)
class Difference:
    """A figure that both have: where it is, both values, and whether they differ beyond noise."""

    where: tuple[str, ...]
    a: float
    b: float
    beyond: bool

    @property
    def share(self) -> float:
        """How much more b is, as a share of a."""
        return (self.b - self.a) / abs(self.a) if self.a else math.copysign(math.inf, self.b)

    def row(self) -> dict[str, object]:
        """Of the table."""
        run, table, key, title = self.where
        where = {"run": run, "row": " ".join(filter(None, (table, key))), "figure": title}
        return {**where, "a": self.a, "b": self.b, "b - a": f"{self.share:+.0%}"}


def figure(row: Row, title: str) -> Figure | None:
    """The figure of a cell, with its error; None of words."""
    cell = row[title]
    if isinstance(cell, str):
        found = WITH_ERROR.match(cell)
        return Figure(float(found[1]), float(found[2])) if found else None
    if cell is None:
        return None
    sd = row.get("sd" if title == "mean" else f"{title} sd")
    n = row.get("n")
    if isinstance(sd, (int, float)) and isinstance(n, (int, float)) and n > 0:
        return Figure(float(cell), SURE * sd / math.sqrt(n))
    return Figure(float(cell), None)


def differs(a: Figure, b: Figure, timed: bool) -> bool:
    """Whether beyond noise."""
    if a.error is not None and b.error is not None:
        return abs(a.value - b.value) > math.hypot(a.error, b.error)
    return abs(a.value - b.value) > (TIMES if timed else OTHERS) * abs(a.value)


def keyed(rows: Sequence[Row], width: int) -> dict[str, tuple[Row, list[str]]]:
    """(row, its titles to compare) by its first cells; as they come, where these are the same."""
    found: dict[str, tuple[Row, list[str]]] = {}
    for row in rows:
        titles = list(row)
        words = " ".join(str(row[title]) for title in titles[:width])
        count = sum(key.split(" #")[0] == words for key in found)
        found[f"{words} #{count + 1}" if count else words] = row, titles[width:]
    return found


def width(rows: Sequence[Row]) -> int:
    """How many of the first columns tell the rows apart; 1 if none do, 0 of a row alone."""
    for count in range(max(map(len, rows), default=0)):
        if len({tuple(map(str, list(row.values())[:count])) for row in rows}) == len(rows):
            return count
    return 1


def in_both(run: str, a: Entry, b: Entry) -> Iterator[Difference]:
    """The figures that two runs of the same command share."""
    tables = [{"": each["rows"], **each["more"]} for each in (a, b)]
    for name in [name for name in tables[0] if name in tables[1]]:
        few, many = (cast(list[Row], each[name]) for each in tables)
        first = max(width(few), width(many))
        ours, theirs = keyed(few, first), keyed(many, first)
        for key in [key for key in ours if key in theirs]:
            (row, titles), (other, _) = ours[key], theirs[key]
            for title in [title for title in titles if title in other]:
                one, two = figure(row, title), figure(other, title)
                if one and two:
                    timed = a["group"] == "time" or bool(OF_TIME.search(title))
                    beyond = differs(one, two, timed)
                    yield Difference((run, name, key, title), one.value, two.value, beyond)


def report(a: Results, b: Results) -> Iterator[str]:
    """What there is to say, in lines."""
    if a.machine != b.machine:
        yield f"The machines differ, so that times do: {a.machine}, {b.machine}."
    if a.versions != b.versions:
        yield f"The versions differ: {a.versions}, {b.versions}."
    compared: list[Difference] = []
    commits: list[str] = []
    for name in dict.fromkeys([*a.runs, *b.runs]):
        one, two = a.runs.get(name), b.runs.get(name)
        if one and two and "rows" in one and "rows" in two:
            if one["command"] == two["command"]:
                compared += in_both(name, one, two)
                commits += [] if one["commit"] == two["commit"] else [name]
            else:
                yield f"{name}: not the same: {one['command']}, {two['command']}"
        elif lacking := [f"{w} {_why(r)}" for w, r in (("a", one), ("b", two)) if _why(r)]:
            yield f"{name}: {'; '.join(lacking)}"
    if commits:
        yield f"Of different commits: {', '.join(commits)}."
    beyond = [each.row() for each in compared if each.beyond]
    yield f"{len(compared)} figures compared, {len(beyond)} differ beyond noise."
    if beyond:
        yield markdown(beyond)


def _why(run: Entry | None) -> str:
    """Why there are no figures; empty if there are some."""
    if run is None:
        return "does not have it"
    return next((f"{how}: {run[how]}" for how in (NOT_RUN, FAILED) if how in run), "")


def main() -> None:
    """Read, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    args = parser.parse_args()
    try:
        a, b = read(args.a), read(args.b)
    except ResultsError as error:
        parser.exit(2, f"{error}\n")
    for line in report(a, b):
        print(line)


if __name__ == "__main__":
    main()
