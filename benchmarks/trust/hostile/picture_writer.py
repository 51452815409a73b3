"""Writes pictures piece by piece, true or false: PNG chunks, JPEG segments, WebP chunks, EXIF."""

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types
EXIF = b"Exif\0\0"
TURN = (0x112, 3, 1, b"\0\6\0\0")  # EXIF's entry of a camera that was held on its side
GREATEST = 2**32 - 1
Make = Callable[[], bytes]
Named = Iterator[tuple[str, Make]]


def picture(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Smooth, with an edge, in any mode that Pillow converts to."""
    y, x = np.mgrid[0:height, 0:width]
    levels = [x * 255 // width, y * 255 // height, np.where(x > y, 250, 9)]
    return Image.fromarray(np.stack(levels, -1).astype(np.uint8)).convert(mode)


def encode(image: Image.Image, form: str, **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **how)
    return stream.getvalue()


def of_mode(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture(mode="L")).astype(np.uint16) * 257)
    return picture(mode="RGBA").convert("LA") if mode == "LA" else picture(mode=mode)


def jpeg(mode: str = "RGB", **how: object) -> bytes:
    return encode(picture(mode=mode), "JPEG", **how)


def chunk(kind: bytes, data: bytes = b"", size: int | None = None, right: bool = True) -> bytes:
    """Of a PNG; its length and checksum may be false."""
    size, crc = len(data) if size is None else size, zlib.crc32(kind + data)
    return struct.pack(">I", size) + kind + data + struct.pack(">I", crc if right else crc ^ 1)


def ihdr(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def zeros(count: int) -> bytes:
    """So many zero bytes as zlib packs them, a thousandth of it."""
    press, block = zlib.compressobj(6), bytes(2**20)
    whole, rest = divmod(count, len(block))
    return b"".join([*(press.compress(block) for _ in range(whole)), press.compress(bytes(rest)),
                     press.flush()])  # fmt: skip


def png(
    width: int = 96, height: int = 64, depth: int = 8, colour: int = 2, *more: bytes,
    interlace: int = 0, data: bytes | None = None, after: bytes = b"",
) -> bytes:  # fmt: skip
    """A black PNG with ``more`` chunks before its pixels."""
    if data is None:
        row = 1 + (width * depth * CHANNELS.get(colour, 4) + 7) // 8
        data = zeros(row * height + (height * 8 if interlace else 0))
    palette = (chunk(b"PLTE", bytes(range(48))),) if colour == 3 else ()
    head = [ihdr(width, height, depth, colour, interlace), *palette, *more]
    return b"".join([PNG, *head, chunk(b"IDAT", data), after, chunk(b"IEND")])


def packed(text: bytes) -> bytes:
    return zlib.compress(text, 9)


def segment(marker: int, data: bytes = b"", size: int | None = None) -> bytes:
    """Of a JPEG; its length may be false."""
    return struct.pack(">BBH", 255, marker, len(data) + 2 if size is None else size) + data


def parts(file: bytes) -> list[bytes]:
    """A JPEG cut before each segment; a scan goes along with its SOS."""
    found, at = [file[:2]], 2
    while file[at + 1] != 0xD9:
        end = at + 2 + int.from_bytes(file[at + 2 : at + 4])
        while file[at + 1] == 0xDA and not (file[end] == 0xFF and file[end + 1] not in REST):
            end += 1
        found.append(file[at:end])
        at = end
    return [*found, file[at:]]


REST = {0, *range(0xD0, 0xD8)}  # after 0xFF: still the scan


def with_segments(file: bytes, *segments: bytes) -> bytes:
    """A JPEG with segments after its start."""
    return file[:2] + b"".join(segments) + file[2:]


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    """A WebP."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def riff_chunk(kind: bytes, data: bytes, size: int | None = None) -> bytes:
    head = kind + struct.pack("<I", len(data) if size is None else size)
    return head + data + bytes(len(data) % 2)


def three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def vp8x(width: int, height: int, flags: int = 0) -> bytes:
    """The header of a WebP with extras: 2 animation, 4 XMP, 8 EXIF, 16 alpha, 32 ICC."""
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + three(width - 1) + three(height - 1))


def image_chunk(image: Image.Image, **how: object) -> bytes:
    """VP8 or VP8L: the pixels of a WebP."""
    file = encode(image, "WEBP", **how)
    at = 12
    while file[at : at + 3] != b"VP8" or file[at : at + 4] == b"VP8X":
        at += 8 + -(-struct.unpack_from("<I", file, at + 4)[0] // 2) * 2
    return file[at : at + 8 + -(-struct.unpack_from("<I", file, at + 4)[0] // 2) * 2]


def frame(data: bytes, x: int = 0, y: int = 0, width: int = 64, height: int = 64) -> bytes:
    """Of an animated WebP."""
    head = three(x // 2) + three(y // 2) + three(width - 1) + three(height - 1) + three(20)
    return riff_chunk(b"ANMF", head + b"\0" + data)


def ifd(
    *entries: tuple[int, int, int, bytes], following: int = 0, count: int | None = None
) -> bytes:
    """EXIF with one directory; an entry is (tag, type, how many, 4 bytes)."""
    body = b"".join(struct.pack(">HHI4s", *entry) for entry in entries)
    head = struct.pack(">IH", 8, len(entries) if count is None else count)
    return b"MM\0*" + head + body + struct.pack(">I", following)


def icc(
    space: bytes = b"RGB ",
    kind: bytes = b"mntr",
    pcs: bytes = b"XYZ ",
    tags: Iterable[tuple[bytes, int, int]] = (),
    body: bytes = b"",
    count: int | None = None,
) -> bytes:
    """A colour profile; a tag is (name, offset, size)."""
    table = b"".join(struct.pack(">4sII", *tag) for tag in tags)
    table = struct.pack(">I", len(table) // 12 if count is None else count) + table
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(table) + len(body), b"lcms", 0x4300000, kind, space, pcs
    )
    head += bytes(12) + b"acsp" + bytes(128 - len(head) - 16)
    return head + table + body
