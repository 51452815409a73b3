"""How far long work is, on stderr: a bar that moves, or in a log a line now and then."""

import sys
from typing import Any, TextIO

from tqdm import tqdm

SECONDS = 2.0  # between two lines of a log


class _Lines:
    """What would overwrite a line of a terminal is a line of its own."""

    def __init__(self, out: TextIO):
        self.out = out

    def write(self, text: str) -> None:
        """Without carriage returns, which make a log one line of a thousand pictures."""
        words = text.strip()
        if words:
            self.out.write(f"{words}\n")

    def flush(self) -> None:
        """At once, as a bar."""
        self.out.flush()


def bar(**how: Any) -> "tqdm[Any]":
    """A bar of tqdm's; the arguments are those of tqdm."""
    if sys.stderr.isatty():
        return tqdm(**how)
    return tqdm(**how, file=_Lines(sys.stderr), mininterval=SECONDS)
