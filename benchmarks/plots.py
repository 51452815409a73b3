"""Plots of some runs: drawn from their rows alone, and left out where these lack what is drawn."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .arrive.published import LANDMARKS
from .results import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cell = tuple[float, float]  # a figure, and its error: 0 if nobody says
Series = dict[str, dict[str, Cell]]  # by name, then by group

AWAY = "MD calibrated"
METHODS = (
    "no edit", "draggan", "draggan x10", "freedrag w+", "freedrag", "ours", "no axes",
    "no coordinates",
)  # fmt: skip
OURS = {"no edit": "no edit", "MD": "ours, net calibrated", "MD net": "ours, net as it is"}
PAPER, POINTS = ("no edit", "DragGAN"), ("1", "5", "68")  # what is shown of its table
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
CELL = re.compile(rf"{NUMBER}(?: ± (?:{NUMBER}|\?))?(?: \(\d+\))?")


@dataclass(frozen=True)
class Bars:
    """Groups of bars, one of each series."""

    title: str
    up: str
    across: str
    series: Series

    def draw(self, axes: "Axes") -> None:
        """With their errors; what a series lacks has no bar."""
        names = list(dict.fromkeys(name for cells in self.series.values() for name in cells))
        wide = 0.8 / len(self.series)  # of the way from group to group
        for place, (label, cells) in enumerate(self.series.items()):
            shift = (place - (len(self.series) - 1) / 2) * wide
            at = [names.index(name) + shift for name in cells]
            heights, errors = (list(part) for part in zip(*cells.values(), strict=True))
            axes.bar(at, heights, wide, yerr=errors, label=label, error_kw={"elinewidth": 1})
        axes.set_xticks(list(range(len(names))), names)


@dataclass(frozen=True)
class Points:
    """A point with its errors for each name."""

    title: str
    up: str
    across: str
    places: Mapping[str, tuple[Cell, Cell]]

    def draw(self, axes: "Axes") -> None:
        """A mark of its own for each."""
        for place, (label, ((x, off_x), (y, off_y))) in enumerate(self.places.items()):
            mark = "osD^vP*Xph"[place % 10]
            axes.errorbar([x], [y], xerr=[off_x], yerr=[off_y], fmt=mark, elinewidth=1, label=label)
        axes.set(xlim=(0, None), ylim=(0, None))


Plot = Bars | Points


def cell(value: object) -> Cell | None:
    """A figure as rows have it, a number or "0.73 ± 0.02 (9)"; None of anything else."""
    found = CELL.fullmatch(str(value))
    return (float(found[1]), float(found[2] or 0)) if found else None


def column(rows: Sequence[Entry], key: str, title: str) -> dict[str, Cell]:
    """The figures of a column by those of another."""
    return {str(row.get(key)): found for row in rows if (found := cell(row.get(title)))}


def bars(title: str, up: str, across: str, series: Series) -> Bars | None:
    """Of the series that have figures."""
    known = {name: cells for name, cells in series.items() if cells}
    return Bars(title, up, across, known) if known else None


def methods(runs: Mapping[str, Entry]) -> Plot | None:
    """What arrives against what the drag changes beside."""
    away, drift = (column(runs["methods"]["rows"], "method", t) for t in (AWAY, "drift"))
    places = {name: (away[name], drift[name]) for name in METHODS if name in away and name in drift}
    up, across = (
        "drift of skin and hair, Lab",
        "from the target by the calibrated face net, px of 512",
    )
    return Points("What arrives, and what drifts", up, across, places) if places else None


def landmarks(runs: Mapping[str, Entry]) -> Plot | None:
    """Before and after, beside the paper."""
    rows = [
        row for name in ("landmarks", "landmarks-68") for row in runs.get(name, {}).get("rows", ())
    ]
    ours = {named: column(rows, "points", title) for title, named in OURS.items()}
    paper = {f"paper, {row['method']}": {n: (float(row[n] or 0), 0.0) for n in POINTS}
             for row in LANDMARKS if row["method"] in PAPER}  # fmt: skip
    series = ours | paper if any(ours.values()) else {}
    return bars("Landmarks dragged to another face's", "mean distance, px of 512", "points", series)


def photo_edits(runs: Mapping[str, Entry]) -> Plot | None:
    """By the rig, and by flow where that was measured."""
    names = {"rig": "photo_edits", "flow": "photo_edits-flow"}
    series = {w: column(runs[n]["rows"], "edit", "seen") for w, n in names.items() if n in runs}
    return bars("Drags on photos", "share that the face net finds done", "edit", series)


def transfer(name: str, runs: Mapping[str, Entry]) -> Plot | None:
    """The error of each way by the factor that was moved."""
    kind = "error whole, "
    rows = [row for row in runs[name]["rows"] if str(row.get("figure")).startswith(kind)]
    series = {
        row["figure"].removeprefix(kind): {f: known for f in row if (known := cell(row[f]))}
        for row in rows
    }
    return bars("Known edits of 1024 px photos", "error, grey levels", "factor", series)


PLOTS: dict[str, Callable[[Mapping[str, Entry]], Plot | None]] = {  # beside the run of that name
    "methods": methods,
    "landmarks": landmarks,
    "photo_edits": photo_edits,
    "transfer": partial(transfer, "transfer"),
    "transfer-known": partial(transfer, "transfer-known"),
}


def plots(runs: Mapping[str, Entry]) -> dict[str, Plot]:
    """All that the runs have rows for."""
    known = {name: run for name, run in runs.items() if run.get("rows")}
    return {name: plot for name in PLOTS if name in known and (plot := PLOTS[name](known))}


def drawn(runs: Mapping[str, Entry], folder: Path) -> dict[str, str]:
    """The titles of the plots; each is NAME.svg in the folder, and no other of ours is there."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    found = plots(runs)
    for name in PLOTS.keys() - found.keys():
        (folder / f"{name}.svg").unlink(missing_ok=True)
    for name, plot in found.items():
        folder.mkdir(exist_ok=True)
        with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 8}):
            figure = Figure(figsize=(8, 3.5), layout="constrained")
            axes = figure.add_subplot(title=plot.title, ylabel=plot.up, xlabel=plot.across)
            plot.draw(axes)
            figure.legend(loc="outside right upper", frameon=False)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return {name: plot.title for name, plot in found.items()}
