"""Damaged uploads end in a photo or a PhotoError, in nothing else."""

import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from test_photo import ORIENTATION, encode, exif_of, swapped_profile, upright

from inversion.photo import PhotoError, read_photo

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's, about the damage
PNG = b"\x89PNG\r\n\x1a\n"


def originals() -> list[bytes]:
    picture, extras = Image.fromarray(upright()), {"icc_profile": swapped_profile()}
    return [
        encode(picture, "JPEG", exif=exif_of(6), **extras),
        encode(picture, "JPEG", progressive=True),
        encode(picture.convert("CMYK"), "JPEG"),
        encode(picture, exif=exif_of(6), **extras),
        encode(picture.convert("P"), transparency=3),
        encode(picture, save_all=True, append_images=[picture.rotate(90)]),
        encode(picture, "WEBP", exif=exif_of(6), **extras),
        encode(picture.convert("RGBA"), "WEBP", lossless=True),
    ]


def damage(file: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, lost or added, mostly where the headers are."""
    data = bytearray(file)
    for _ in range(dice.choice([1, 1, 2, 4, 16])):
        at = dice.randrange(min(len(data), dice.choice([600, 100_000])))
        act = dice.random()
        if act < 0.6:
            data[at] = dice.choice([0, 1, 127, 128, 255, dice.randrange(256)])
        elif act < 0.75:
            del data[at : at + dice.randrange(1, 20)]
        elif act < 0.95:
            data[at:at] = dice.randbytes(dice.randrange(1, 12))
        else:
            del data[at + 1 :]
    return with_checksums(bytes(data)) if dice.random() < 0.8 else bytes(data)


def with_checksums(file: bytes) -> bytes:
    """A damaged PNG with matching checksums, so that the damage is read."""
    out, at = PNG, 8
    while file.startswith(PNG) and at + 8 <= len(file):
        size = struct.unpack(">I", file[at : at + 4])[0]
        body = file[at + 4 : at + 8 + size]
        out += file[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return out if file.startswith(PNG) else file


def test_damaged_files_end_in_a_photo_or_a_sentence() -> None:
    dice, files = random.Random(0), originals()
    opened = 0
    for _ in range(300):
        try:
            photo = read_photo(damage(dice.choice(files), dice))
        except PhotoError:
            continue
        assert (photo.dtype, photo.ndim, photo.shape[2]) == (np.uint8, 3, 3)
        opened += 1
    assert 30 < opened < 270  # both ends are seen


def oddly_tagged(tag: int, kind: int) -> bytes:
    """A photo to be turned, one of whose other EXIF tags has a type that its name forbids."""
    turn = struct.pack(">HHI4s", ORIENTATION, 3, 1, b"\0\6\0\0")
    odd = struct.pack(">HHI4s", tag, kind, 1, b"\0\0\0\1")
    tags = b"".join(sorted([turn, odd]))
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + tags + bytes(64)
    return encode(np.ascontiguousarray(np.rot90(upright())), exif=exif)


@pytest.mark.parametrize(("tag", "kind"), [(0x10E, 5), (0x10E, 12), (0x11A, 2), (0x128, 7)])
def test_odd_tags_do_not_keep_a_photo_from_being_turned(tag: int, kind: int) -> None:
    assert np.array_equal(read_photo(oddly_tagged(tag, kind)), upright())


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*", b"Exif\0\0MM\0*\0", b"Exif\0\0nonsense"])
def test_broken_exif_counts_as_none(exif: bytes) -> None:
    assert np.array_equal(read_photo(encode(upright(), exif=exif)), upright())
