"""What the benchmarks that measure a model share: options, Markdown tables, figures as JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from editor.machine.cores import use_well
from weights.files import FACES, WeightsError
from weights.hub.cache import find

from .figures import markdown

Figures = Mapping[str, float]


def table(rows: Sequence[Mapping[str, object]], title: str = "") -> None:
    """Print rows; floats with four digits. Below others it has a title."""
    if title:
        print(f"\n{title}:\n")
    print(markdown(rows))


def transposed(columns: Mapping[str, Figures]) -> list[dict[str, object]]:
    """Print a row for each figure, of columns that have the same figures; the rows are returned."""
    titles = next(iter(columns.values()))
    rows: list[dict[str, object]] = [
        {"figure": t, **{name: of[t] for name, of in columns.items()}} for t in titles
    ]
    table(rows)
    return rows


def means(rows: Sequence[Figures], digits: int) -> dict[str, float]:
    """The mean of each figure."""
    return {title: round(float(np.mean([row[title] for row in rows])), digits) for title in rows[0]}


def command(description: str) -> argparse.ArgumentParser:
    """A parser that knows --model and --json; the machine is used as the product uses it."""
    use_well()
    parser = argparse.ArgumentParser(description=description)
    what = "a file, or the name of a model that is fetched"
    parser.add_argument("--model", type=model_file, default=FACES, help=what)
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def model_file(name_or_path: str) -> Path:
    """The file of a model, by its path or its name in the list of public ones.

    Raises:
        ArgumentTypeError: there is none; argparse shows the sentence.
    """
    try:
        return find(name_or_path)
    except WeightsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def write(file: Path | None, figures: object) -> None:
    """Write the figures, if there is a file for them.

    ``rows`` is the table, each a mapping of titles to numbers and words. Beside it may be other
    tables, mappings that are a row alone, numbers and words. ``each`` is what the rows sum up: it
    may be of any shape, and figures.py leaves it out.
    """
    if file:
        file.write_text(json.dumps(figures))
