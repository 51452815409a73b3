"""JPEGs that mean harm: scans without end, segments and headers that lie."""

import struct
from functools import partial

from PIL import Image

from .picture_writer import (
    Named,
    encode,
    ifd,
    jpeg,
    parts,
    segment,
    with_segments,
)


def repeated(file: bytes, which: int, times: int) -> bytes:
    """A JPEG with one of its scans many times over."""
    pieces = parts(file)
    scans = [n for n, part in enumerate(pieces) if part[1] == 0xDA]
    pieces[scans[which]] *= times
    return b"".join(pieces)


def progressive(mode: str, width: int, height: int, times: int, which: int = -1) -> bytes:
    file = encode(Image.new(mode, (width, height), 99), "JPEG", progressive=True)
    return repeated(file, which, times)


def recoded(marker: int, file: bytes | None = None, precision: int = 8) -> bytes:
    """A JPEG whose header says that it is of another kind."""
    pieces = parts(file or jpeg())
    return b"".join(
        b"\xff" + bytes([marker]) + part[2:4] + bytes([precision]) + part[5:]
        if 0xC0 <= part[1] <= 0xC2
        else part
        for part in pieces
    )


def with_header(offset: int, value: bytes, mode: str = "RGB") -> bytes:
    """A JPEG with bytes of its frame header changed; 5 is the height, 7 the width, 9 components."""
    pieces = parts(jpeg(mode))
    return b"".join(
        part[:offset] + value + part[offset + len(value) :] if part[1] == 0xC0 else part
        for part in pieces
    )


def scans() -> Named:
    for mode in ("L", "RGB", "CMYK"):
        for times in (20, 40, 1000):
            yield f"{mode}, last x {times}", partial(progressive, mode, 640, 480, times)
        yield f"{mode}, first x 500", partial(progressive, mode, 640, 480, 500, 0)
    yield "a hundred thousand", partial(progressive, "L", 64, 64, 100_000)
    yield "of a sequential one", lambda: repeated(jpeg(), 0, 5000)
    hidden = segment(0x02, b"".join(parts(jpeg("L", progressive=True))[-2:-1]) * 600)
    yield "in an unknown segment", lambda: jpeg("L")[:-2] + hidden + b"\xff\xd9"
    yield "after the end", lambda: jpeg("L") + parts(jpeg("L", progressive=True))[-2] * 900
    yield "arithmetic", lambda: recoded(0xCA, jpeg(progressive=True))
    yield (
        "with fill bytes",
        lambda: jpeg("L", progressive=True).replace(b"\xff\xda", b"\xff" * 99 + b"\xda"),
    )


def segments() -> Named:
    for count in (3000, 5000, 2_000_000):
        yield f"{count} comments", lambda count=count: with_segments(jpeg(), segment(0xFE) * count)
    for name, junk in {
        "zeros": b"\0",
        "fill": b"\xff",
        "stuffing": b"\xff\0",
        "restarts": b"\xff\xd0",
        "text": b"a",
        "reserved": b"\xff\x01",
        "starts": b"\xff\xd8",
        "ends": b"\xff\xd9",
    }.items():
        yield f"a million {name}", lambda junk=junk: with_segments(jpeg(), junk * 10**6)
        yield (
            f"a million {name} after the scan",
            lambda junk=junk: jpeg()[:-2] + junk * 10**6 + b"\xff\xd9",
        )
    for size in (0, 1, 2, 3, 65535):
        for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xDB, 0xC4, 0xDD):
            yield (
                f"{marker:x} of length {size}",
                lambda m=marker, s=size: with_segments(jpeg(), segment(m, b"\0" * 8, s)),
            )
    yield (
        "Photoshop's, a loop of empty ones",
        lambda: with_segments(
            jpeg(), segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5000) * 50
        ),
    )
    yield (
        "a directory of pictures",
        lambda: with_segments(
            jpeg(),
            segment(
                0xE2, b"MPF\0" + ifd((0xB001, 4, 1, b"\xff" * 4), (0xB002, 7, 2**31, b"\0\0\0\x08"))
            ),
        ),
    )
    yield (
        "a directory of this picture",
        lambda: with_segments(
            jpeg(),
            segment(
                0xE2,
                b"MPF\0"
                + ifd(
                    (0xB000, 7, 4, b"0100"),
                    (0xB001, 4, 1, b"\0\0\0\2"),
                    (0xB002, 7, 32, b"\0\0\0\x08"),
                ),
            ),
        ),
    )
    for transform in (0, 1, 2, 255):
        for mode in ("L", "RGB", "CMYK"):
            adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
            yield (
                f"Adobe's {transform}, {mode}",
                lambda a=adobe, m=mode: with_segments(jpeg(m).replace(jpeg(m)[2:20], b"", 1), a),
            )
    yield (
        "tables of ones",
        lambda: jpeg().replace(b"\xff\xdb\0C\0" + jpeg()[25:60], b"\xff\xdb\0C\0" + b"\1" * 35),
    )
    yield (
        "too many codes",
        lambda: with_segments(jpeg(), segment(0xC4, b"\0" + b"\xff" * 16 + bytes(255))),
    )


def headers() -> Named:
    """JPEG's frame header."""
    for marker in range(0xC0, 0xD0):
        yield f"of kind {marker:x}", partial(recoded, marker)
        yield (
            f"of kind {marker:x}, progressive data",
            lambda m=marker: recoded(m, jpeg(progressive=True)),
        )
    for precision in (0, 1, 2, 7, 12, 16, 255):
        for marker in (0xC0, 0xC1, 0xC3):
            yield f"{precision} bit, kind {marker:x}", partial(recoded, marker, None, precision)
    for height, width in (
        (0, 96),
        (64, 0),
        (0, 0),
        (65535, 65535),
        (65535, 96),
        (6320, 6320),
        (5000, 8000),
        (63, 96),
    ):
        yield f"{width} x {height}", partial(with_header, 5, struct.pack(">HH", height, width))
    for count in (0, 1, 2, 4, 5, 255):
        yield f"{count} components", partial(with_header, 9, bytes([count]))
    for sampling in (0x00, 0x14, 0x41, 0x44, 0xFF, 0x13):
        for mode in ("L", "RGB", "CMYK"):
            yield (
                f"sampling {sampling:x}, {mode}",
                partial(with_header, 11, bytes([sampling]), mode),
            )
    yield "a table that is not there", partial(with_header, 12, b"\3")
    yield (
        "a later height",
        lambda: with_header(5, b"\0\0")[:-2] + segment(0xDC, b"\x01\0") + b"\xff\xd9",
    )
