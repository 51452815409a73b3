"""What Python reports of itself (PEP 578): files opened, modules imported, code run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TELLING = ("open", "import", "exec", "compile", "os.", "subprocess.", "shutil.", "socket.")
TELLING += ("pickle.", "ctypes.", "marshal.", "code.", "tempfile.", "webbrowser.", "builtins.input")
_lists: list[list[str]] = []


def _hook(event: str, arguments: tuple) -> None:
    if _lists and event.startswith(TELLING):
        words = f"{event} {arguments[0]}" if arguments else event
        for seen in _lists:
            seen.append(words)


sys.addaudithook(_hook)


@contextmanager
def audited() -> Iterator[list[str]]:
    """(event and its first argument) of all that happens inside."""
    seen: list[str] = []
    _lists.append(seen)
    try:
        yield seen
    finally:
        _lists.remove(seen)
