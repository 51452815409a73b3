"""The app, and a diary of every file with a forbidden name that anything opens or removes."""

import os
import sys
from pathlib import Path
from typing import Any

FORBIDDEN = "forbidden"
DIARY = Path(os.environ["TMPDIR"]) / "diary"
WATCHED = {"open", "os.remove", "os.rmdir", "os.rename", "shutil.rmtree", "os.listdir"}
_writing = False


def noted(event: str, args: tuple[Any, ...]) -> None:
    global _writing
    if event not in WATCHED or _writing or FORBIDDEN not in str(args[:1]):
        return
    _writing = True
    with DIARY.open("a") as diary:
        diary.write(f"{event} {args[0]}\n")
    _writing = False


sys.addaudithook(noted)

import app_page  # noqa: E402

if __name__ == "__main__":
    app_page.app.main()
