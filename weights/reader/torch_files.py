"""The two containers of torch.save: one stream (before PyTorch 1.6), and a zip archive."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..files import WeightsError
from .arguments import Arguments, Source, Span, cut_short
from .objects import Storage, malformed
from .pickles import MOST_OPCODES, read_pickle
from .zip_archive import members

MAGIC = 0x1950A86A20F9469CFC6C  # what torch.save wrote first before it wrote zip archives
VERSION = 1001
LITTLE = b"little"


@dataclass(frozen=True)
class Container:
    """A file, and where in it lie the storages that its pickle names by key."""

    file: Source
    storages: Mapping[str, Span]


def read_legacy(file: Source, end: int, most: int = MOST_OPCODES) -> tuple[object, Container]:
    """(value, storages) of what torch.save wrote without a zip archive, from the position on.

    Each of its five pickles may have at ``most`` so many opcodes.

    Raises:
        WeightsError: it is something else, damaged, or holds more than it should.
    """
    head = [read_pickle(file, end, most)[0] for _ in range(3)]
    order = head[2].get("little_endian") if isinstance(head[2], dict) else None
    if head[:2] != [MAGIC, VERSION] or order is not True:
        raise malformed()
    value, known = read_pickle(file, end, most)
    keys, _ = read_pickle(file, end, most)
    if not isinstance(keys, list) or any(type(key) is not str for key in keys):
        raise malformed()
    spans = {key: _next_storage(file, end, known.get(key)) for key in keys}
    if file.tell() != end or spans.keys() != known.keys():
        raise malformed()
    return value, Container(file, spans)


def _next_storage(file: Source, end: int, storage: Storage | None) -> Span:
    """Pass over the number of values, and the values."""
    count = int.from_bytes(file.read(8), "little")
    if storage is None or count != storage.count:
        raise malformed() if file.tell() < end else cut_short(end)
    return Arguments(file, end).skip(storage.size)


def read_zip(file: Source, end: int) -> tuple[object, Container]:
    """(value, storages) of what torch.save writes today; nothing is unpacked.

    Raises:
        WeightsError: it is another archive, damaged, packed, or holds more than it should.
    """
    parts = members(file, end)
    pickled = [name for name in parts if name.rpartition("/")[2] == "data.pkl"]
    folder = pickled[0].removesuffix("data.pkl") if pickled else ""
    if len(pickled) != 1 or f"{folder}version" not in parts:
        raise WeightsError("This archive holds no PyTorch model, or more than one.")
    span = parts[pickled[0]]
    if order := parts.get(f"{folder}byteorder"):
        file.seek(order.start)
        if file.read(min(order.size, len(LITTLE))) != LITTLE:
            raise WeightsError("This model was saved on a big-endian machine: save it on another.")
    file.seek(span.start)
    value, storages = read_pickle(file, span.start + span.size)
    if file.tell() != span.start + span.size:
        raise malformed()
    spans: dict[str, Span] = {}
    for key, storage in storages.items():
        span = parts.get(f"{folder}data/{key}")
        if span is None or span.size != storage.size:
            raise malformed()
        spans[key] = span
    return value, Container(file, spans)
