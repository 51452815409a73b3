"""What the benchmarks that measure a model share: options, Markdown tables, figures as JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from weights.files import FACES

Figures = Mapping[str, float]


def table(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows that have the same titles; floats with four digits."""
    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        cells = (f"{x:.4g}" if isinstance(x, float) else str(x) for x in row.values())
        print("| " + " | ".join(cells) + " |")


def transposed(columns: Mapping[str, Figures]) -> None:
    """Print a row for each figure, of columns that have the same figures."""
    titles = next(iter(columns.values()))
    table([{"figure": t, **{name: of[t] for name, of in columns.items()}} for t in titles])


def means(rows: Sequence[Figures], digits: int) -> dict[str, float]:
    """The mean of each figure."""
    return {title: round(float(np.mean([row[title] for row in rows])), digits) for title in rows[0]}


def command(description: str) -> argparse.ArgumentParser:
    """A parser that knows --model and --json."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, default=FACES)
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def write(file: Path | None, figures: object) -> None:
    """Write the figures, if there is a file for them."""
    if file:
        file.write_text(json.dumps(figures))
