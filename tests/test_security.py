"""SECURITY.md says what the program does."""

import re
from pathlib import Path

import drag.edit
import editor.drawing
import editor.session
from photo.decoder import bounds, pool, worker
from ui.door import limits
from weights.hub import downloads
from weights.hub.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
HOMES = (limits, bounds, pool, worker, drag.edit, editor.drawing, editor.session, downloads)


def test_every_limit_is_in_the_table_with_its_number() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    told = {name: float(number) for name, number in re.findall(r"\| `([A-Z_]+)` \| (\d+) \|", text)}
    known = {name for name in vars(limits) if name.isupper()} - {"LARGEST_NUMBER"}
    assert known <= told.keys()
    for name, number in told.items():
        (value,) = {getattr(home, name) for home in HOMES if hasattr(home, name)}
        assert value == number, name


def test_the_catalogue_is_no_larger_than_is_said() -> None:
    (gigabytes,) = re.findall(r"at most (\d+) GB", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert sum(model.sizes[1] for model in CATALOGUE) <= int(gigabytes) * 10**9


def test_files_that_are_named_are_there() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    for name in set(re.findall(r"`((?:\w+/)+\w+\.py)`", text)):
        assert (ROOT / name).is_file(), name
