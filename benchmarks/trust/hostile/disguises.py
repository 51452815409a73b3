"""Files that are cut off, are two things at once, or are no photo at all."""

import io
import json
import zipfile
from functools import partial

import numpy as np
from PIL import Image

from .picture_writer import (
    EXIF,
    PNG,
    TURN,
    Named,
    encode,
    ifd,
    jpeg,
    of_mode,
    picture,
    segment,
    with_segments,
)


def originals() -> dict[str, bytes]:
    return {
        "JPEG": jpeg(exif=EXIF + ifd(TURN)),
        "progressive": jpeg(progressive=True),
        "PNG": encode(picture(), "PNG"),
        "palette": encode(picture().quantize(9), "PNG", transparency=2),
        "WebP": encode(picture(), "WEBP"),
        "lossless WebP": encode(picture(mode="RGBA"), "WEBP", lossless=True),
    }


def truncated() -> Named:
    for name, file in originals().items():
        for place in (
            2,
            3,
            4,
            12,
            16,
            20,
            29,
            33,
            41,
            60,
            150,
            len(file) // 2,
            len(file) - 13,
            len(file) - 2,
            len(file) - 1,
        ):
            yield f"{name} after {place}", lambda file=file, place=place: file[:place]


def polyglots() -> Named:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "text")
    page, pickled, program = (
        b"<html><script>alert(1)</script>",
        b"cos\nsystem\n(S'true'\ntR.",
        b"#!/bin/sh\ntrue\n",
    )
    others = {
        "a page": page,
        "an archive": archive.getvalue(),
        "a pickle": pickled,
        "a program": program,
        "PDF": b"%PDF-1.7\n",
        "a zero": b"\0",
    }
    for name, file in originals().items():
        for what, other in others.items():
            yield f"{name}, then {what}", lambda f=file, o=other: f + o
            yield f"{what}, then {name}", lambda f=file, o=other: o + f
        yield f"{name} as text", lambda f=file: json.dumps(list(f)).encode()
    yield "a comment with a page", lambda: with_segments(jpeg(), segment(0xFE, page))
    yield "PNG with JPEG's start", lambda: b"\xff\xd8\xff" + encode(picture(), "PNG")
    yield "RIFF of sound", lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)


def others() -> Named:
    """Files of other formats, under a photo's name."""
    Image.init()
    for form in sorted(Image.SAVE):
        if form not in ("JPEG", "PNG", "WEBP", "PDF"):
            yield f"{form} by Pillow", partial(of_format, form)
    starts = {
        "PSD": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\x40\0\0\0\x40\0\x08\0\3",
        "FITS": b"SIMPLE  =                    T",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "XML with entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "JPEG XL": b"\xff\x0a\0\0",
        "JPEG XL in boxes": b"\0\0\0\x0cJXL \r\n\x87\n",
        "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
        "DCX": b"\xb1\x68\xde\x3a",
        "FLI": bytes(4) + b"\x11\xaf",
        "WMF": b"\xd7\xcd\xc6\x9a",
        "EMF": b"\1\0\0\0" + bytes(36) + b" EMF",
        "raw": b"II*\0\x10\0\0\0CR\2\0",
        "MPEG": b"\0\0\1\xb3",
        "PCD": bytes(2048) + b"PCD_",
        "XV": b"P7 332\n",
        "GBR": b"\0\0\0\x1c\0\0\0\2",
        "EXE": b"MZ" + bytes(60),
        "ELF": b"\x7fELF",
        "gzip": b"\x1f\x8b\x08",
        "MNG": b"\x8aMNG\r\n\x1a\n",
        "JNG": b"\x8bJNG\r\n\x1a\n",
    }
    for name, start in starts.items():
        yield name, lambda start=start: start + bytes(200)


def of_format(form: str) -> bytes:
    for mode in ("RGB", "L", "1", "P", "F", "I;16"):
        try:
            return encode(picture(mode="L").convert("F") if mode == "F" else of_mode(mode), form)
        except (OSError, ValueError, KeyError, AttributeError):
            continue
    return form.encode()  # those for which Pillow has no writer of its own


def little() -> Named:
    for start in (
        b"",
        b"\0",
        b"\xff",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        PNG[:4],
        PNG,
        b"RIFF",
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\4\0\0\0WEBPVP8 ",
        b"GIF8",
        b"BM",
        b"II*\0",
    ):
        yield f"{start.hex() or 'nothing'}", lambda start=start: start
    yield "a MB of zeros", lambda: bytes(10**6)
    yield "a MB of noise", lambda: np.random.default_rng(0).bytes(10**6)
