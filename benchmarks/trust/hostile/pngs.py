"""PNGs that mean harm: headers, chunks and packed data that lie."""

import struct
from functools import cache, partial

import numpy as np

from .picture_writer import (
    GREATEST,
    PNG,
    Named,
    chunk,
    ihdr,
    packed,
    png,
    zeros,
)


def sizes() -> Named:
    """PNG's header, and the least and most that is taken."""
    for width, height in (
        (0, 64),
        (64, 0),
        (1, 1),
        (63, 64),
        (2**31 - 1, 2**31 - 1),
        (GREATEST, GREATEST),
        (2**31, 64),
        (40_000_001, 1),
    ):
        yield f"{width} x {height}", partial(png, width, height, data=zeros(100))
    for width, height in ((64, 64), (512, 64), (64, 512), (513, 64), (64, 513), (96, 65)):
        yield f"{width} x {height}, whole", partial(png, width, height)
    for depth in (0, 1, 2, 3, 4, 8, 16, 32, 255):
        for colour in (0, 2, 3, 4, 6):
            yield f"{depth} bit, type {colour}", partial(png, 96, 64, depth, colour)
    for colour in (1, 5, 7, 255):
        yield f"type {colour}", partial(png, 96, 64, 8, colour)
    for interlace in (1, 2, 255):
        yield f"interlaced {interlace}", partial(png, 97, 65, 16, 6, interlace=interlace)


@cache
def bomb() -> bytes:
    """100 MB, packed."""
    return packed(bytes(10**8))


def chunks() -> Named:
    """PNG's."""
    ones = [
        b"tEXt",
        b"zTXt",
        b"iTXt",
        b"iCCP",
        b"eXIf",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"pHYs",
        b"acTL",
        b"fcTL",
        b"fdAT",
        b"PLTE",
        b"sBIT",
        b"IHDR",
        b"IEND",
        b"CgBI",
        b"\0\0\0\0",
        b"abcd",
    ]
    for kind in ones:
        for data in (b"", b"\xff", bytes(3), b"\xff" * 32):
            yield (
                f"{kind.decode()} {data[:4].hex()} {len(data)}",
                lambda k=kind, d=data: png(96, 64, 8, 2, chunk(k, d)),
            )
    for kind, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        yield (
            f"{kind.decode()} of 100 MB",
            lambda k=kind, h=head: png(96, 64, 8, 2, chunk(k, h + bomb())),
        )
    mega = packed(bytes(10**6))
    yield "many zTXt of a MB", lambda: png(96, 64, 8, 2, chunk(b"zTXt", b"a\0\0" + mega) * 500)
    yield "many iCCP of a MB", lambda: png(96, 64, 8, 2, chunk(b"iCCP", b"a\0\0" + mega) * 500)
    for count in (900, 2000, 10**6):
        yield (
            f"{count} texts",
            lambda count=count: png(96, 64, 8, 2, chunk(b"tEXt", b"a\0b") * count),
        )
    for count in (5000, 10**6):
        yield f"{count} empty IDAT", lambda count=count: png(96, 64, 8, 2, chunk(b"IDAT") * count)
        yield (
            f"{count} IDAT after the picture",
            lambda count=count: png(after=chunk(b"IDAT") * count),
        )
    for size in (0, 1, 2**31 - 1, 2**31, GREATEST):
        yield (
            f"IDAT of length {size}",
            lambda s=size: PNG + ihdr(96, 64) + chunk(b"IDAT", zeros(64 * 289), s),
        )
        yield f"tEXt of length {size}", lambda s=size: png(96, 64, 8, 2, chunk(b"tEXt", b"a\0b", s))
    yield "a wrong checksum", lambda: png(96, 64, 8, 2, chunk(b"tEXt", b"a\0b", right=False))
    yield "no IDAT", lambda: PNG + ihdr(96, 64) + chunk(b"IEND")
    yield "no IHDR", lambda: PNG + chunk(b"IDAT", zeros(64 * 289)) + chunk(b"IEND")
    yield (
        "no palette",
        lambda: PNG + ihdr(96, 64, 8, 3) + chunk(b"IDAT", zeros(64 * 97)) + chunk(b"IEND"),
    )
    yield "a filter that is none", lambda: png(data=packed(b"\5" + bytes(288) + bytes(63 * 289)))
    yield "pixels that are not packed", lambda: png(data=bytes(64 * 289))
    yield "pixels that are noise", lambda: png(data=np.random.default_rng(0).bytes(5000))
    yield "too many pixels", lambda: png(data=zeros(10**7))
    for key in (b"", b"\0", bytes(2), bytes(6), bytes(300), b"\xff" * 6):
        for depth, colour in ((1, 0), (16, 0), (8, 2), (16, 2), (8, 3), (8, 6)):
            yield (
                f"tRNS {key[:1].hex()} {len(key)}, {depth} bit, type {colour}",
                lambda k=key, d=depth, c=colour: png(96, 64, d, c, chunk(b"tRNS", k)),
            )
    yield (
        "a palette that is too short",
        lambda: png(96, 64, 8, 3, data=packed((b"\0" + b"\xff" * 96) * 64)),
    )
    for gamma in (0, 1, GREATEST):
        yield (
            f"gamma {gamma}",
            lambda g=gamma: png(96, 64, 8, 2, chunk(b"gAMA", struct.pack(">I", g))),
        )
        yield (
            f"white {gamma}",
            lambda g=gamma: png(96, 64, 8, 2, chunk(b"cHRM", struct.pack(">8I", *[g] * 8))),
        )
