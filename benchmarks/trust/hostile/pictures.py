"""Pictures that mean harm, or are broken, by name: ``group: what``. Each is made when it is wanted.

Each ends in a photo or in a sentence. Those of the group ``large`` take a second or more.
"""

from functools import cache, partial

import numpy as np
from PIL import Image, ImageCms

from .disguises import little, others, polyglots, truncated
from .jpegs import headers, progressive, recoded, scans, segments
from .metadata import exif, profiles
from .picture_writer import (
    TURN,
    Make,
    Named,
    chunk,
    encode,
    frame,
    ifd,
    image_chunk,
    jpeg,
    of_mode,
    packed,
    png,
    riff,
    riff_chunk,
    vp8x,
    zeros,
)
from .pngs import chunks, sizes
from .webps import animations, webp


@cache
def corpus() -> dict[str, Make]:
    """All of them."""
    return {f"{group.__name__}: {name}": make for group in GROUPS for name, make in group()}


def is_large(name: str) -> bool:
    return name.startswith("large:")


def large() -> Named:
    """Near and beyond 40 megapixels."""
    for mode, (width, height) in {
        "L": (6240, 6240),
        "RGB": (6300, 6300),
        "CMYK": (6300, 6300),
    }.items():
        for times in (12, 1000):
            yield f"scans x {times}, {mode}", partial(progressive, mode, width, height, times)
    yield "arithmetic scans", lambda: recoded(0xCA, progressive("L", 6240, 6240, 25))
    yield "arithmetic", lambda: recoded(0xC9, encode(Image.new("RGB", (6300, 6300)), "JPEG"))
    yield "a JPEG cut off", lambda: encode(Image.new("RGB", (6300, 6300), 9), "JPEG")[:-200_000]
    yield (
        "a JPEG with restarts",
        lambda: encode(Image.new("RGB", (6300, 6300)), "JPEG", restart_marker_blocks=1),
    )
    for depth, colours in {
        1: (0, 3),
        2: (3,),
        4: (0,),
        8: (0, 2, 3, 4, 6),
        16: (0, 2, 4, 6),
    }.items():
        for colour in colours:
            yield f"PNG {depth} bit, type {colour}", partial(png, 6320, 6320, depth, colour)
    for depth, colour in ((1, 0), (8, 3), (16, 6)):
        yield f"PNG interlaced, {depth} bit", partial(png, 6320, 6320, depth, colour, interlace=1)
    for key, colour in ((b"\0\0", 0), (bytes(6), 2), (bytes(16), 3)):
        yield (
            f"PNG with a colour key, type {colour}",
            partial(png, 6320, 6320, 8, colour, chunk(b"tRNS", key)),
        )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for depth, colour in ((8, 2), (16, 6)):
        profile = chunk(b"iCCP", b"a\0\0" + packed(srgb))
        yield f"PNG with a profile, {depth} bit", partial(png, 6320, 6320, depth, colour, profile)
    yield "PNG turned", partial(png, 6320, 6320, 8, 6, chunk(b"eXIf", ifd(TURN)))
    yield "PNG of little data", partial(png, 6320, 6320, 16, 6, data=zeros(1000))
    yield "PNG of too much data", lambda: png(6320, 6320, 1, 0, data=zeros(2**30))
    yield "PNG 1 bit of 12000 x 12000", partial(png, 12_000, 12_000, 1, 0)
    for mode in ("RGB", "RGBA"):
        yield (
            f"WebP without loss, {mode}",
            lambda mode=mode: encode(
                Image.new(mode, (6320, 6320)), "WEBP", lossless=True, method=0, quality=0
            ),
        )
        yield (
            f"WebP, {mode}",
            lambda mode=mode: encode(Image.new(mode, (6320, 6320)), "WEBP", method=0),
        )
    small = image_chunk(Image.new("RGB", (64, 64)))
    yield (
        "WebP of small frames",
        lambda: riff(vp8x(6320, 6320, 2), riff_chunk(b"ANIM", bytes(6)), *[frame(small)] * 2000),
    )
    yield (
        "noise",
        lambda: encode(
            Image.fromarray(np.random.default_rng(0).integers(0, 256, (4000, 5000, 3), np.uint8)),
            "PNG",
            compress_level=0,
        ),
    )


def modes() -> Named:
    """True pictures of every kind that a camera or a program writes."""
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        for size in ((64, 64), (512, 64)):
            yield (
                f"PNG {mode} {size[0]}",
                lambda m=mode, s=size: encode(of_mode(m).resize(s), "PNG"),
            )
    for mode in ("L", "RGB", "CMYK"):
        for how in (
            {},
            {"progressive": True},
            {"quality": 1},
            {"quality": 100, "subsampling": 0},
            {"restart_marker_blocks": 1},
        ):
            yield f"JPEG {mode} {how}", lambda m=mode, h=how: jpeg(m, **h)


GROUPS = (
    scans,
    segments,
    headers,
    truncated,
    sizes,
    chunks,
    animations,
    webp,
    exif,
    profiles,
    polyglots,
    others,
    little,
    modes,
    large,
)
