"""Where the files of a zip archive lie in it, for archives that pack nothing (torch.save's).

PKWARE's APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
Nothing is unpacked, so that nothing can grow, and no name becomes a path.
"""

from io import BytesIO
from struct import Struct
from typing import Any

from ..files import WeightsError
from .arguments import Source, Span, cut_short
from .objects import malformed

END = Struct("<4s4H2LH")
ENTRY = Struct("<4s6H3L5H2L")
LOCAL = Struct("<4s5H3L2H")
MOST_DIRECTORY = 4 << 20  # bytes; 20,000 tensors
LINK = 0o12  # the file type of a symbolic link, in the upper four bits of its mode


def members(file: Source, end: int) -> dict[str, Span]:
    """The bytes of each file in the archive, by its name.

    Raises:
        WeightsError: the archive is cut short, damaged, packed, encrypted, or made to deceive.
    """
    file.seek(max(0, end - END.size))
    found = file.read(END.size)
    if len(found) < END.size or not found.startswith(b"PK\5\6"):
        raise cut_short(end)
    *_, count, size, start, comment = END.unpack(found)
    if size > MOST_DIRECTORY or start + size > end - END.size or comment:
        raise malformed()
    file.seek(start)
    directory, spans = BytesIO(file.read(size)), dict[str, Span]()
    for _ in range(count):
        name, span = _entry(file, directory)
        if name in spans or span.start + span.size > start:
            raise malformed()
        spans[name] = span
    if sum(span.size for span in spans.values()) > start:
        raise malformed()
    return spans


def _entry(file: Source, directory: BytesIO) -> tuple[str, Span]:
    """(name, where its bytes lie) of the directory's next entry."""
    parts = _header(ENTRY, b"PK\1\2", directory)
    flags, method, packed, size, offset = parts[3], parts[4], parts[8], parts[9], parts[16]
    if method or packed != size or flags & 1:
        raise WeightsError("This archive is packed: PyTorch's own model files are not.")
    name = directory.read(parts[10]).decode("utf-8", "replace")
    directory.seek(parts[11] + parts[12], 1)
    if parts[15] >> 28 == LINK or name.startswith("/") or ".." in name or "\\" in name:
        raise malformed()
    file.seek(offset)
    *_, named, extra = _header(LOCAL, b"PK\3\4", file)
    return name, Span(file.tell() + named + extra, size)


def _header(shape: Struct, begin: bytes, source: Source) -> tuple[Any, ...]:
    found = source.read(shape.size)
    if len(found) < shape.size or not found.startswith(begin):
        raise malformed()
    return shape.unpack(found)
