"""The app whose network is a pause; a closed tab is forgotten within a second.

While there is a file ``later`` beside the folder for temporary files, it is an hour later. What the
program holds is written beside it again and again.
"""

import json
import tempfile
import threading
import time
from pathlib import Path

import app
from benchmarks import stub_app  # pyright: ignore[reportUnusedImport]  # noqa: F401
from benchmarks.trust import soak
from ui.door import page
from ui.door.uploads import UPLOADS
from ui.page import tabs
from ui.page.tabs import OPEN_TABS

BESIDE = Path(tempfile.gettempdir()).parent
sweep = UPLOADS.sweep


def later() -> float:
    return time.monotonic() + 3600 * (BESIDE / "later").exists()


def counting() -> None:
    while True:
        time.sleep(0.2)
        page.UNREAD_SECONDS = 0 if (BESIDE / "later").exists() else 600
        new = BESIDE / "new"
        new.write_text(json.dumps(soak.count(app.demo, OPEN_TABS)))
        new.replace(BESIDE / "held")


tabs.CLOSED_SECONDS, page.SWEEP_SECONDS = 1, 0.2
OPEN_TABS.clock = later
UPLOADS.sweep = lambda now=None: sweep(later())

if __name__ == "__main__":
    threading.Thread(target=counting, daemon=True).start()
    app.main()
