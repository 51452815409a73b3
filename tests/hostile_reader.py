"""Reads each file of a folder as a model, and says in JSON what came of it and what happened.

A process of its own: nothing but the project's code runs in it, no checks of types either.
"""

import json
import sys
import tracemalloc
from pathlib import Path

from audit import audited

from weights.checkpoints import open_model


def outcome(file: Path) -> dict[str, object]:
    error = ""
    sentence = ""
    tracemalloc.start()
    with audited() as seen:
        try:
            open_model(file)
        except Exception as caught:
            error, sentence = type(caught).__name__, str(caught)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    events = sorted({words.replace(str(file), "FILE") for words in seen})
    return {"error": error, "sentence": sentence, "peak": peak, "events": events}


def main(folder: Path) -> None:
    files = sorted(folder.iterdir())
    open_model(files[0])  # what torch loads at its first use is loaded then
    modules = set(sys.modules)
    found = {file.name: outcome(file) for file in files}
    found["modules"] = {"new": sorted(set(sys.modules) - modules)}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
