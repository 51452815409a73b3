"""Pictures whose EXIF or colour profile means harm."""

import struct

import numpy as np
from PIL import ImageCms

from .picture_writer import (
    EXIF,
    GREATEST,
    TURN,
    Named,
    chunk,
    encode,
    icc,
    ifd,
    image_chunk,
    jpeg,
    of_mode,
    picture,
    png,
    riff,
    riff_chunk,
    segment,
    vp8x,
    with_segments,
)


def exif() -> Named:
    all_of_it = [(tag, 7, 60_000, b"\0\0\0\x08") for tag in range(4000)]
    made = {
        "a loop": ifd(TURN, following=8),
        "a loop of sub-directories": ifd(
            (0x8769, 4, 1, b"\0\0\0\x08"),
            (0x8825, 4, 1, b"\0\0\0\x08"),
            (0xA005, 4, 1, b"\0\0\0\x08"),
        ),
        "65535 entries": ifd(TURN, count=65535),
        "entries of all of it": ifd(*all_of_it),
        "nothing": b"",
        "zeros": bytes(100),
        "a count of 2**32": ifd((0x112, 3, GREATEST, b"\0\0\0\x08")),
        "offsets beyond": ifd((0x10F, 2, 5000, b"\xff" * 4), following=GREATEST),
        "a maker's notes": ifd((0x927C, 7, 5000, b"\0\0\0\x08")),
        "BigTIFF": b"MM\0+" + b"\0\x08\0\0" + bytes(60),
        **{
            f"orientation {n}": ifd((0x112, 3, 1, struct.pack(">HH", n, 0)))
            for n in (0, 8, 9, 65535)
        },
        **{
            f"orientation of type {n}": ifd((0x112, n, 1, b"\0\6\0\0"))
            for n in (0, 1, 2, 5, 7, 9, 10, 11, 12, 13, 99)
        },
        "resolution by zero": ifd((0x128, 3, 1, b"\0\2\0\0"), (0x11A, 5, 1, b"\0\0\0\x16"))
        + bytes(8),
    }
    for name, data in made.items():
        yield f"JPEG, {name}", lambda d=data: with_segments(jpeg(), segment(0xE1, EXIF + d))
        yield f"PNG, {name}", lambda d=data: png(96, 64, 8, 2, chunk(b"eXIf", d))
        yield (
            f"WebP, {name}",
            lambda d=data: riff(vp8x(96, 64, 8), image_chunk(picture()), riff_chunk(b"EXIF", d)),
        )
    huge = ifd(*[(tag, 7, 4 * 10**6, b"\0\0\0\x08") for tag in range(60_000)]) + bytes(4 * 10**6)
    yield "PNG, 240 GB", lambda: png(96, 64, 8, 2, chunk(b"eXIf", huge))
    yield (
        "JPEG, in 200 segments",
        lambda: with_segments(
            jpeg(), segment(0xE1, EXIF + ifd(*all_of_it)), segment(0xE1, EXIF + bytes(65_000)) * 200
        ),
    )
    yield (
        "JPEG, orientation in XMP",
        lambda: with_segments(
            jpeg(), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation='6'/>" * 900)
        ),
    )


def profiles() -> Named:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    tags = [
        (name, 128 + 4 + 9 * 12, 20)
        for name in (
            b"rXYZ",
            b"gXYZ",
            b"bXYZ",
            b"wtpt",
            b"rTRC",
            b"gTRC",
            b"bTRC",
            b"A2B0",
            b"B2A0",
        )
    ]
    made = {
        "sRGB": srgb,
        "Lab": lab,
        "XYZ": ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes(),
        "noise": np.random.default_rng(0).bytes(3000),
        "cut off": srgb[:200],
        "zeros": bytes(3000),
        "a million tags": icc(count=10**6),
        "tags that overlap": icc(tags=tags, body=b"curv" + bytes(16)),
        "a table of 2**32": icc(
            tags=[(b"A2B0", 144, 60), *tags], body=b"mft2" + bytes(4) + b"\3\3\xff\0" + b"\xff" * 52
        ),
        "a curve of 2**32": icc(tags=tags, body=b"curv" + bytes(4) + b"\xff" * 12),
        "tags beyond": icc(tags=[(t[0], GREATEST, GREATEST) for t in tags]),
        **{
            f"of space {space.decode()}": icc(space, tags=tags, body=b"XYZ " + bytes(16))
            for space in (b"CMYK", b"GRAY", b"HSV ", b"FCLR", b"\0\0\0\0")
        },
        **{
            f"of kind {kind.decode()}": icc(kind=kind, tags=tags, body=b"XYZ " + bytes(16))
            for kind in (b"link", b"nmcl", b"abst", b"prtr")
        },
        "said to be Lab": srgb.replace(b"RGB ", b"Lab "),
        "said to be grey": srgb.replace(b"RGB ", b"GRAY"),
        "longer than it says": srgb + bytes(10**5),
    }
    for name, profile in made.items():
        for mode in ("RGB", "L", "CMYK"):
            yield f"{name}, {mode}", lambda p=profile, m=mode: jpeg(m, icc_profile=p)
        for mode in ("RGBA", "P", "LA", "I;16", "1"):
            yield (
                f"{name}, {mode}",
                lambda p=profile, m=mode: encode(of_mode(m), "PNG", icc_profile=p),
            )
    yield (
        "in wrong pieces",
        lambda: with_segments(
            jpeg(),
            *[
                segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 9]) + b"a" * 60_000)
                for n in (3, 1, 1, 0, 255)
            ],
        ),
    )
