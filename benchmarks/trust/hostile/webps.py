"""WebPs that mean harm, and animations of both kinds."""

import struct
from functools import partial

from PIL import Image

from .picture_writer import (
    GREATEST,
    Named,
    chunk,
    encode,
    frame,
    image_chunk,
    picture,
    png,
    riff,
    riff_chunk,
    vp8x,
    zeros,
)


def animations() -> Named:
    def apng(frames: int, control: bytes, count: int) -> bytes:
        later = control + chunk(b"fdAT", bytes(4) + zeros(64 * 289))
        return png(
            96,
            64,
            8,
            2,
            chunk(b"acTL", struct.pack(">II", frames, 0)),
            control,
            after=later * count,
        )

    def control(width: int = 96, height: int = 64, x: int = 0, y: int = 0) -> bytes:
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, x, y, 1, 1, 2, 1))

    for frames in (0, 1, 2, 2**31 - 1, GREATEST):
        yield f"APNG of {frames}", partial(apng, frames, control(), 1)
    for place in (
        (0, 0, 0, 0),
        (97, 64, 0, 0),
        (96, 64, 1, 1),
        (GREATEST, 64, 0, 0),
        (96, 64, GREATEST, 0),
        (1, 1, 0, 0),
    ):
        yield f"APNG with a frame at {place}", lambda p=place: apng(2, control(*p), 1)
    yield "APNG of 5000 true frames", partial(apng, 5000, control(), 5000)
    small = image_chunk(Image.new("RGB", (64, 64), 9))
    begin = riff_chunk(b"ANIM", bytes(6))
    for count in (0, 1, 5000, 50_000):
        yield f"WebP of {count}", lambda c=count: riff(vp8x(64, 64, 2), begin, *[frame(small)] * c)
    for place in ((2, 0, 64, 64), (0, 0, 63, 64), (0, 0, 2**24, 2**24), (2**24, 0, 64, 64)):
        yield (
            f"WebP with a frame at {place}",
            lambda p=place: riff(vp8x(64, 64, 2), begin, frame(small, *p)),
        )
    yield "WebP without a start", lambda: riff(vp8x(64, 64, 2), frame(small))
    yield "WebP with an empty frame", lambda: riff(vp8x(64, 64, 2), begin, frame(b""))
    yield (
        "WebP of Pillow",
        lambda: encode(picture(), "WEBP", save_all=True, append_images=[picture().rotate(9)] * 20),
    )


def webp() -> Named:
    small, exact = image_chunk(picture()), image_chunk(picture(), lossless=True)
    for width, height in ((16384, 16384), (2**24, 2**24), (16383, 2441), (96, 63), (1, 1)):
        yield f"canvas {width} x {height}", lambda w=width, h=height: riff(vp8x(w, h), small)
    for flags in (2, 4, 8, 16, 32, 255):
        yield f"flags {flags}", lambda f=flags: riff(vp8x(96, 64, f), small)
    for size in (0, 4, 2**31, GREATEST):
        yield f"length {size}", lambda s=size: riff(small, size=s)
        yield f"chunk of length {size}", lambda s=size: riff(riff_chunk(b"VP8 ", small[8:], s))
    yield "no picture", lambda: riff(vp8x(96, 64))
    yield "nothing", lambda: riff()
    yield "two pictures", lambda: riff(vp8x(96, 64), small, exact)
    yield "a million chunks", lambda: riff(vp8x(96, 64), riff_chunk(b"abcd", b"") * 10**6, small)
    for place, value in (
        (8, b"\xff\xff\xff"),
        (11, b"\0\0\0"),
        (14, b"\xff\xff\xff\xff"),
        (14, bytes(4)),
        (20, bytes(40)),
        (20, b"\xff" * 40),
    ):
        yield (
            f"changed at {place} to {value[:1].hex()}",
            lambda p=place, v=value: riff(small[:p] + v + small[p + len(v) :]),
        )
        yield (
            f"lossless, changed at {place} to {value[:1].hex()}",
            lambda p=place, v=value: riff(exact[:p] + v + exact[p + len(v) :]),
        )
    for kind, flag in ((b"ICCP", 32), (b"EXIF", 8), (b"XMP ", 4), (b"ALPH", 16)):
        for data in (b"", b"\xff" * 99, bytes(10**6)):
            yield (
                f"{kind.decode()} of {len(data)}",
                lambda k=kind, f=flag, d=data: riff(
                    vp8x(96, 64, f),
                    *(
                        [riff_chunk(k, d), small]
                        if k in (b"ICCP", b"ALPH")
                        else [small, riff_chunk(k, d)]
                    ),
                ),
            )
