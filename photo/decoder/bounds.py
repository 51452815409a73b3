"""What a picture may cost, told from its bytes: nothing is decoded here.

A decoder works as hard as the file says: each scan of a progressive JPEG goes over all pixels
again, and each piece of metadata is looked at. These walks are linear and quick.
"""

import re
import struct

MOST_BYTES = 250_000_000  # a photo of 100 megapixels without loss, as sessions keep it
MOST_PIXELS = 100_000_000
SMALLEST_SIDE = 64
LARGEST_ASPECT = 8
# Cameras and programs write 1 to 18 scans (libjpeg's progressive CMYK). Of 100 megapixels one more
# takes up to 0.13 s, be it empty.
MOST_SCANS = 32
MOST_SEGMENTS = 4_000  # of 64 kB: some phones keep depth maps of several MB in them
MOST_JUNK = 2**16  # bytes between segments, which Pillow skips one by one
MOST_CHUNKS = 1_000  # that hold no pixels: libpng keeps as many
MOST_PIXEL_CHUNKS = 100_000  # of 8 kB usually
PNG = b"\x89PNG\r\n\x1a\n"
MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
BARE = {0xC8, 0xD8, 0xD9, *range(0xC0), *range(0xF0, 0xFE)}  # markers without a length
SOS, EOI = 0xDA, 0xD9
COSTLY = "This picture is stored in an unusually costly way: save or export it again."
DAMAGED = "This picture is damaged or cut off: save or export it again."


class PhotoError(ValueError):
    """A photo that cannot be used; the text is for the person who chose it."""


class NotNowError(PhotoError):
    """No fault of the photo's: it cannot be decoded now, but may be later."""


def check_work(file: bytes) -> None:
    """Refuse what would keep a decoder busy for more than a few seconds.

    Raises:
        PhotoError: too many scans, segments or chunks; or a WebP that is too large.
    """
    if file.startswith(b"\xff\xd8\xff"):
        _check_jpeg(file)
    elif file.startswith(PNG):
        _check_png(file)
    elif file.startswith(b"RIFF") and file[8:12] == b"WEBP":
        _check_webp(file)


def check_size(width: int, height: int) -> None:
    """Refuse what is too small, large or narrow to be edited.

    Raises:
        PhotoError: says the size in px, and which would do.
    """
    size = f"{width} x {height} px"
    if width * height > MOST_PIXELS:
        raise PhotoError(too_large(size))
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(f"This picture has {size}: choose one of at least 64 px on each side.")
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise PhotoError(f"This picture has {size}: crop it, it is more than 8 times as long.")


def too_large(size: str) -> str:
    """What to do with a picture of so many px."""
    return f"This picture has {size}: make it smaller than 100 megapixels."


def _check_jpeg(file: bytes) -> None:
    """Up to the end of the first picture; others may follow, and are not read."""
    at, scans, segments = 2, 0, 0
    while found := MARKER.search(file, at):
        marker, segments = file[found.end() - 1], segments + 1
        if marker == EOI and scans:
            return
        if not scans and found.start() - at > MOST_JUNK:
            raise PhotoError(DAMAGED)
        scans += marker == SOS
        if scans > MOST_SCANS or segments > MOST_SEGMENTS:
            raise PhotoError(COSTLY)
        at = found.end()
        if marker not in BARE:
            at += max(2, int.from_bytes(file[at : at + 2]))
    if not scans and len(file) - at > MOST_JUNK:
        raise PhotoError(DAMAGED)


def _check_png(file: bytes) -> None:
    at, chunks, pixels, frames = len(PNG), 0, 0, 0
    while at + 8 <= len(file):
        size, kind = struct.unpack_from(">I4s", file, at)
        if kind in (b"IDAT", b"fdAT"):
            pixels += 1
        else:
            chunks += 1
        if chunks > MOST_CHUNKS or pixels > MOST_PIXEL_CHUNKS:
            raise PhotoError(COSTLY)
        frames += kind == b"fcTL" and pixels > 0
        if kind == b"IEND" or frames:  # of an animation the first frame is read
            return
        at += 12 + size


def _check_webp(file: bytes) -> None:
    """Its size: memory for it is asked for as soon as it is opened."""
    head = file[20:30].ljust(10, b"\0")
    match file[12:16]:
        case b"VP8X":
            width, height = (1 + int.from_bytes(head[n : n + 3], "little") for n in (4, 7))
        case b"VP8L":
            bits = int.from_bytes(head[1:5], "little")
            width, height = 1 + bits % 2**14, 1 + (bits >> 14) % 2**14
        case b"VP8 ":
            width, height = (int.from_bytes(head[n : n + 2], "little") % 2**14 for n in (6, 8))
        case _:
            return
    check_size(width, height)
