"""What the program says about itself, as one JSON object a line, if whoever hosts it wants that."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

LOG = "DRAGPHOTO_LOG"
"""The environment variable: json; unset, warnings are plain text and nothing else is said."""


class JsonLines(logging.Formatter):
    """A record, and the ``facts`` that came with it, as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        for name, fact in getattr(record, "facts", {}).items():
            if fact is not None:
                told[name] = round(fact, 3) if isinstance(fact, float) else fact
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told)


def begin() -> None:
    """Say it as the environment variable has it."""
    if os.environ.get(LOG) != "json":
        return
    log, lines = logging.getLogger("dragphoto"), logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    log.handlers, log.propagate = [lines], False
    log.setLevel(logging.INFO)
