"""The app with a catalogue of its own, and a disk that is full while a file says so."""

import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

from shelf import FULL, entries

from weights.hub import catalogue

catalogue.CATALOGUE = entries(os.environ["TEST_CATALOGUE"])

import app_page  # noqa: E402, F401  (its quick fits; the catalogue has to be there before)

import app  # noqa: E402

Disk = namedtuple("Disk", "total used free")
usage = shutil.disk_usage


def used(folder: str) -> object:
    full = Path(tempfile.gettempdir(), FULL).exists()
    return Disk(1000, 0, 1000) if full else usage(folder)


shutil.disk_usage = used

if __name__ == "__main__":
    app.main()
