"""Damaged photos: how many are read a second, and whether any surprises.

    python -m benchmarks.trust.photo_fuzz --seconds 60

A surprise is any outcome but a photo and a ``PhotoError``.
"""

import argparse
import random
import struct
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from PIL import ImageCms

from photo import PhotoError, read_photo

from ..tables import table, write
from .hostile.picture_writer import EXIF, PNG, TURN, encode, ifd, picture

HEADERS = 600  # bytes
LIMITS = (0, 1, 127, 128, 255)


@dataclass
class Outcome:
    """What became of the files; ``slowest`` in seconds."""

    photos: int = 0
    sentences: int = 0
    surprises: list[str] = field(default_factory=list[str])
    slowest: float = 0.0


def seeds() -> list[bytes]:
    """A small photo in each way in which photos are stored."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo, extras = picture(), {"icc_profile": srgb, "exif": EXIF + ifd(TURN)}
    return [
        encode(photo, "JPEG", **extras),
        encode(photo, "JPEG", progressive=True),
        encode(photo.convert("CMYK"), "JPEG"),
        encode(photo, "PNG", **extras),
        encode(photo.convert("P"), "PNG", transparency=3),
        encode(photo.convert("L").convert("I;16"), "PNG"),
        encode(photo, "PNG", save_all=True, append_images=[photo.rotate(90)]),
        encode(photo, "WEBP", **extras),
        encode(photo.convert("RGBA"), "WEBP", lossless=True),
        encode(photo, "WEBP", save_all=True, append_images=[photo.rotate(90)]),
    ]


def fuzz(seeds: list[bytes], count: int = 1 << 60, seconds: float = 1e9, seed: int = 0) -> Outcome:
    """Read damaged seeds until one of the limits is reached."""
    dice, outcome, end = random.Random(seed), Outcome(), time.monotonic() + seconds
    for _ in range(count):
        begin = time.monotonic()
        if begin > end:
            break
        _read(damaged(dice.choice(seeds), dice), outcome)
        outcome.slowest = max(outcome.slowest, time.monotonic() - begin)
    return outcome


def _read(file: bytes, outcome: Outcome) -> None:
    try:
        photo = read_photo(file)
        assert photo.dtype == "uint8"
        assert photo.ndim == photo.shape[2] == 3
        outcome.photos += 1
    except PhotoError:
        outcome.sentences += 1
    except BaseException as error:
        outcome.surprises.append(repr(error))


def damaged(file: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, lost or added, mostly where the headers are."""
    data = bytearray(file)
    for _ in range(dice.choice([1, 1, 2, 4, 16])):
        at = dice.randrange(min(len(data) + 1, dice.choice([HEADERS, 1 << 30])))
        act = dice.random()
        if act < 0.6:
            data[at : at + 1] = bytes([dice.choice([*LIMITS, dice.randrange(256)])])
        elif act < 0.75:
            del data[at : at + dice.randrange(1, 20)]
        elif act < 0.95:
            data[at:at] = dice.randbytes(dice.randrange(1, 12))
        else:
            del data[at + 1 :]
    return with_checksums(bytes(data)) if dice.random() < 0.8 else bytes(data)


def with_checksums(file: bytes) -> bytes:
    """A damaged PNG with matching checksums, so that the damage is read."""
    if not file.startswith(PNG):
        return file
    out, at = PNG, len(PNG)
    while at + 8 <= len(file):
        size = int.from_bytes(file[at : at + 4])
        body = file[at + 4 : at + 8 + size]
        out += file[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return out


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    args = parser.parse_args()
    found = fuzz(seeds(), seconds=args.seconds, seed=args.seed)
    tried = found.photos + found.sentences + len(found.surprises)
    row: dict[str, object] = {
        "files": tried, "a second": tried / args.seconds, "photos": found.photos,
        "refused": found.sentences, "surprises": len(found.surprises),
        "slowest, s": found.slowest,
    }  # fmt: skip
    table([row])
    for surprise in sorted(set(found.surprises)):
        print(surprise)
    write(args.json, {"rows": [row]})


if __name__ == "__main__":
    main()
