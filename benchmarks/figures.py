"""Figures that a benchmark wrote, as tables: plain rows of numbers and words."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

Cell = float | str | None
Row = dict[str, Cell]
EACH = "each"  # what the rows sum up: of any shape, for no page
BESIDE = "beside"
SURE = 1.96  # standard errors of a 95 % interval


def tables(figures: object) -> dict[str, list[Row]]:
    """The tables of what ``tables.write`` was given, ``rows`` first; single figures are a row."""
    if not isinstance(figures, Mapping):
        raise ValueError("Figures are a mapping with rows.")
    named = cast(Mapping[str, object], figures)
    found = {"rows": _rows(named.get("rows", []))}
    found |= {name: _rows(value) for name, value in named.items() if name not in ("rows", EACH)}
    found[BESIDE] = _rows(
        {k: v for k, v in named.items() if isinstance(v, (int, float, str)) and k != "rows"}
    )
    return {name: rows for name, rows in found.items() if rows or name == "rows"}


def _rows(value: object) -> list[Row]:
    """The rows of a list, the one of a mapping; none of anything else."""
    if isinstance(value, Mapping):
        row = _row(cast(Mapping[str, object], value))
        return [row] if row else []
    if not isinstance(value, list):
        return []
    mappings = [row for row in cast(list[Any], value) if isinstance(row, Mapping)]
    return [_row(cast(Mapping[str, object], row)) for row in mappings]


def _row(cells: Mapping[str, object]) -> Row:
    """Its numbers and words; what is no number is None."""
    return {title: _cell(cell) for title, cell in cells.items() if _is_cell(cell)}


def _is_cell(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, str)) and not isinstance(value, bool))


def _cell(value: object) -> Cell:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return cast(Cell, value)


def interval(values: Iterable[float | None]) -> str:
    """The mean of what is a number ± half of its 95 % interval: benchmarks.compare reads it so."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return "none"
    mean = math.fsum(known) / len(known)
    if len(known) == 1:
        return f"{mean:.4g}"
    error = SURE * statistics.stdev(known) / math.sqrt(len(known))
    digits = 2 - math.floor(math.log10(error)) if error else 3
    digits = min(max(digits - 1, 0), 6)
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def intervals(found: Sequence[Mapping[str, float]], absent: Mapping[str, Cell]) -> dict[str, Cell]:
    """The interval of each figure, in the order of ``absent``, which says what stands for none."""
    return {
        title: interval(one.get(title) for one in found) if any(title in o for o in found) else none
        for title, none in absent.items()
    }


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """A table; floats with four digits, a dash for what there is not."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    lines = [titles, ["---"] * len(titles)]
    lines += [[_shown(row.get(title)) for title in titles] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell).replace("|", "\\|")
