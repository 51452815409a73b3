"""Damaged uploads end in a photo or a PhotoError, in nothing else."""

import struct

import numpy as np
import pytest
from test_photo import ORIENTATION, encode, upright

from benchmarks.trust.photo_fuzz import fuzz, seeds
from photo import read_photo


def test_damaged_files_end_in_a_photo_or_a_sentence() -> None:
    found = fuzz(seeds(), count=400)
    assert found.surprises == []
    assert found.photos + found.sentences == 400
    assert 60 < found.photos < 340  # both ends are seen


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
