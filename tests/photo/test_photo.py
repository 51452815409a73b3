"""Uploads: upright sRGB from whatever a camera writes, a sentence for whatever cannot be used."""

import io
import os
import re
import socket
import struct
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

from photo import PhotoError, on_white, read_photo
from photo.decoder import pool, process
from photo.transparency import see_through

ORIENTATION = 274
WHITE = [255, 255, 255]
# How the file of a camera held otherwise stores the upright picture (EXIF 2.3, tag 0x0112).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


def upright() -> np.ndarray:
    """Another colour in every quarter; wider than high."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :48], image[:32, 48:], image[32:, :48] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    return image


def encode(image: Image.Image | np.ndarray, form: str = "PNG", **how: object) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(stream, form, **how)
    return stream.getvalue()


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[270] = "a description"
    return exif


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, kind: tuple[int, int], pixels: bytes) -> bytes:
    """A PNG of some depth and type of colour."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def header_only_png(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds nothing to decode."""
    return png_of(width, height, (8, 2), chunk(b"IDAT", b"nothing"))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG with one chunk more, before its pixels."""
    file = encode(upright())
    at = file.index(b"IDAT") - 4
    return file[:at] + chunk(kind, data) + file[at:]


@pytest.mark.parametrize(("form", "near"), [("PNG", 0), ("JPEG", 8), ("WEBP", 8)])
def test_each_format_opens(form: str, near: int) -> None:
    photo = read_photo(encode(upright(), form, **({} if form == "PNG" else {"quality": 100})))
    assert (photo.dtype, photo.shape) == (np.uint8, (64, 96, 3))
    inside = np.s_[8:24, 8:40]
    assert np.abs(photo[inside].astype(int) - upright()[inside]).max() <= near


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", list(STORED))
def test_the_picture_is_upright(orientation: int, form: str) -> None:
    stored = np.ascontiguousarray(STORED[orientation](upright()))
    file = encode(stored, form, lossless=True, exif=exif_of(orientation))
    assert np.array_equal(read_photo(file), upright())


def test_bytes_a_path_and_a_stream_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(encode(upright()))
    stream = io.BytesIO(file.read_bytes())
    for source in (file, file.read_bytes(), stream):
        assert np.array_equal(read_photo(source), upright())
    assert not stream.closed


def test_alpha_is_kept_and_shown_on_white() -> None:
    image = np.zeros((64, 64, 4), np.uint8)
    image[:, :, 0] = 200
    image[:, 32:, 3], image[:32, 32:, 3] = 255, 51
    kept = read_photo(encode(image))
    assert np.array_equal(kept, image)
    photo = on_white(kept)
    assert photo[0, 0].tolist() == WHITE
    assert photo[63, 63].tolist() == [200, 0, 0]
    assert np.abs(photo[0, 63].astype(int) - [244, 204, 204]).max() <= 1


@pytest.mark.parametrize("how", [{"transparency": 0}, {"transparency": bytes([0, 255])}])
def test_a_transparent_palette_is_shown_on_white(how: dict[str, object]) -> None:
    image = Image.fromarray(np.repeat([[0], [1]], 64, axis=0).repeat(64, 1).astype(np.uint8), "P")
    image.putpalette([9, 9, 9, 10, 20, 30])
    photo = on_white(read_photo(encode(image, **how)))
    assert photo[0, 0].tolist() == WHITE
    assert photo[127, 0].tolist() == [10, 20, 30]


def test_greys_with_alpha_and_colour_keys_are_shown_on_white() -> None:
    grey = Image.new("LA", (64, 64), (80, 0))
    assert read_photo(encode(grey))[5, 5].tolist() == [80, 80, 80, 0]
    keyed = encode(Image.new("RGB", (64, 64), (1, 2, 3)), transparency=(1, 2, 3))
    assert on_white(read_photo(keyed))[5, 5].tolist() == WHITE


def test_a_16_bit_ramp_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(64, 0)
    photo = read_photo(encode(ramp))
    assert np.array_equal(photo[9], np.arange(256)[:, None].repeat(3, 1))


def test_grey_and_bilevel_pictures_become_rgb() -> None:
    assert read_photo(encode(Image.new("L", (64, 64), 77)))[0, 0].tolist() == [77, 77, 77]
    assert read_photo(encode(Image.new("1", (64, 64), 1)))[0, 0].tolist() == WHITE


def test_only_what_is_transparent_has_four_channels() -> None:
    for image in (Image.fromarray(upright()).convert("RGBA"), Image.new("LA", (64, 64), (80, 255))):
        assert read_photo(encode(image)).shape[2] == 3


def test_16_bit_alpha_is_scaled() -> None:
    ramp = np.linspace(0, 65535, 256).astype(">u2")[None].repeat(64, 0)
    rows = b"".join(b"\0" + np.repeat(row[:, None], 4, 1).tobytes() for row in ramp)
    file = png_of(256, 64, (16, 6), chunk(b"IDAT", zlib.compress(rows)))
    assert np.abs(read_photo(file)[7, :, 3] - np.arange(256.0)).max() <= 1


def test_a_turned_transparent_photo_is_upright() -> None:
    image = np.dstack([upright(), upright()[..., 0] // 2])
    stored = np.ascontiguousarray(STORED[6](image))
    for form in ("PNG", "WEBP"):
        file = encode(stored, form, lossless=True, exact=True, exif=exif_of(6))
        assert np.array_equal(read_photo(file), image)


@given(arrays(np.uint8, (3, 4, 4)), arrays(np.uint8, (3, 4, 4)))
def test_what_is_edited_on_white_looks_so(own: np.ndarray, wanted: np.ndarray) -> None:
    """And what was not edited is bit for bit as it came."""
    seen, opacity = on_white(wanted), wanted[..., 3].copy()
    seen[0], opacity[0] = on_white(own)[0], own[0, :, 3]
    result = see_through(own, seen, opacity)
    assert np.array_equal(result[0], own[0])
    assert np.array_equal(result[..., 3], opacity)
    assert np.abs(on_white(result).astype(int) - seen).max() <= 1


def test_cmyk_becomes_rgb() -> None:
    red = encode(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=100)
    assert np.abs(read_photo(red)[9, 9].astype(int) - [255, 0, 0]).max() <= 3


def swapped_profile() -> bytes:
    """sRGB with the red and the green primary exchanged."""
    raw = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return raw.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")


def test_a_colour_profile_is_applied() -> None:
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    photo = read_photo(encode(red, icc_profile=swapped_profile()))
    assert np.abs(photo[9, 9].astype(int) - [0, 255, 0]).max() <= 4


@pytest.mark.parametrize("profile", [b"no profile", swapped_profile()[:300], bytes(500)])
def test_a_broken_colour_profile_is_ignored(profile: bytes) -> None:
    file = encode(upright(), icc_profile=profile)
    assert np.array_equal(read_photo(file), upright())


def test_a_profile_for_other_colours_is_ignored() -> None:
    file = encode(Image.new("L", (64, 64), 77), icc_profile=swapped_profile())
    assert read_photo(file)[0, 0].tolist() == [77, 77, 77]


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt"])
def test_a_long_text_is_no_damage(kind: bytes) -> None:
    text = b"x" * 1_100_000
    packed = zlib.compress(text)
    said = {b"zTXt": b"\0\0" + packed, b"iTXt": b"\0\1\0\0\0" + packed, b"tEXt": b"\0" + text}
    assert np.array_equal(read_photo(with_chunk(kind, b"Comment" + said[kind])), upright())
    bomb = zlib.compress(bytes(200_000_000))
    assert np.array_equal(read_photo(with_chunk(b"zTXt", b"Comment\0\0" + bomb)), upright())


def test_a_large_colour_profile_is_applied() -> None:
    """Its tags may be anywhere: it is padded with what it would look up in tables."""
    profile = bytearray(swapped_profile()) + np.random.default_rng(0).bytes(1_100_000)
    profile[:4] = len(profile).to_bytes(4)
    red = encode(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=bytes(profile))
    assert len(red) > 1_000_000
    assert np.abs(read_photo(red)[9, 9].astype(int) - [0, 255, 0]).max() <= 4
    bomb = with_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000)))
    assert np.array_equal(read_photo(bomb), upright())


def test_of_several_pictures_the_first_is_taken_upright() -> None:
    stored, other = np.ascontiguousarray(STORED[6](upright())), Image.new("RGB", (32, 32), "white")
    exif = exif_of(6)
    file = encode(stored, "MPO", quality=100, save_all=True, append_images=[other], exif=exif)
    assert b"MPF\0" in file
    photo = read_photo(file)
    assert np.abs(photo[8:24, 8:40].astype(int) - upright()[8:24, 8:40]).max() <= 8
    assert photo.shape == upright().shape


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(form: str) -> None:
    others = [Image.new("RGB", (96, 64), colour) for colour in ("white", "red")]
    how = {"lossless": True} if form == "WEBP" else {}
    file = encode(upright(), form, save_all=True, append_images=others, duration=40, **how)
    assert (b"ANIM" if form == "WEBP" else b"acTL") in file
    assert np.array_equal(read_photo(file), upright())


@pytest.mark.slow
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_of_64_megapixels_opens(progressive: bool) -> None:
    """In a worker of 1 GB: it could not be opened otherwise."""
    wide = Image.fromarray(upright()).resize((9840, 6560), Image.Resampling.NEAREST)
    photo = read_photo(encode(wide, "JPEG", progressive=progressive, exif=exif_of(3)))
    assert photo.shape == (6560, 9840, 3)
    some = np.s_[800::1640, 1200::2460]
    assert np.abs(photo[some].astype(int) - np.asarray(wide)[::-1, ::-1][some]).max() < 9


def heic(image: np.ndarray, **how: object) -> bytes:
    heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    stream = io.BytesIO()
    heif.from_pillow(Image.fromarray(image)).save(stream, quality=95, **how)
    return stream.getvalue()


def test_heic_opens_where_its_extra_is_installed() -> None:
    wide = upright().repeat(4, 0).repeat(4, 1)
    photo = read_photo(heic(wide, exif=exif_of(1).tobytes()))
    assert photo.shape == wide.shape
    assert np.abs(photo[16:100, 16:160].astype(int) - wide[16:100, 16:160]).max() <= 16
    half = np.dstack([wide, np.full(wide.shape[:2], 128, np.uint8)])
    assert np.abs(read_photo(heic(half))[..., 3].astype(int) - 128).max() <= 2


def test_a_heic_keeps_to_the_limits() -> None:
    with pytest.raises(PhotoError, match="72 x 640 px: crop it"):
        read_photo(heic(np.zeros((640, 72, 3), np.uint8)))
    with pytest.raises(PhotoError, match=re.escape(DAMAGED)):
        read_photo(heic(NOISE)[:9000])


def test_avif_opens() -> None:
    assert np.abs(read_photo(encode(upright(), "AVIF", quality=95))[9, 9] - [250.0, 0, 0]).max() < 9


def test_heic_without_the_extra_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = process.BEGIN.replace(
        "main()", "from decoder import formats; formats.find_spec = lambda name: None; main()"
    )
    monkeypatch.setattr(process, "BEGIN", begin)
    monkeypatch.setattr(pool, "_pool", pool.Pool())
    advice = r"This is a HEIC photo: save it as JPEG, or install dragphoto\[heic\] to open it."
    with pytest.raises(PhotoError, match=advice):
        read_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    pool.close()


NOISE = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
HEIF = find_spec("pillow_heif")
DAMAGED = "This picture is damaged or cut off: save or export it again."
REFUSED: list[tuple[str, bytes, str]] = [
    ("text", b"Dear Sir or Madam", "This is not a picture that can be opened"),
    ("nothing", b"", "This is not a picture that can be opened"),
    ("half a JPEG", encode(NOISE, "JPEG")[:9000], DAMAGED),
    ("half a PNG", encode(NOISE)[:20000], DAMAGED),
    (
        "HEIC",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "This is a HEIC photo: save it as JPEG" if HEIF is None else DAMAGED,
    ),
    ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0avif", DAMAGED),
    ("MP4", b"\0\0\0\x1cftypisom\0\0\0\0mp42", "This is not a picture that can be opened"),
    ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "This is an SVG drawing"),
    ("SVG, as editors save it", b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg/>', "This is an SVG"),
    ("GIF", encode(upright(), "GIF"), "This is a GIF: export one frame"),
    ("BMP", encode(upright(), "BMP"), "This format is not supported: export it as JPEG or PNG"),
    ("TIFF", encode(upright(), "TIFF"), "This format is not supported: export it as JPEG or PNG"),
    ("1 x 1", encode(Image.new("RGB", (1, 1))), "1 x 1 px: choose one of at least 64 px"),
    ("narrow", encode(Image.new("L", (1, 9999))), "1 x 9999 px: choose one of at least 64 px"),
    ("long", encode(Image.new("L", (64, 513))), "64 x 513 px: crop it, it is more than 8 times"),
    ("108 Mpx", header_only_png(12_000, 9000), "12000 x 9000 px: make it smaller than 100 mega"),
    ("200 Mpx", header_only_png(20_000, 10_000), "make it smaller than 100 megapixels."),
    ("900 Mpx", header_only_png(30_000, 30_000), "make it smaller than 100 megapixels."),
]


@pytest.mark.parametrize(
    ("file", "sentence"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_each_unusable_file_has_its_sentence(file: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(file)
    for source in (file, path, io.BytesIO(file)):
        with pytest.raises(PhotoError, match=re.escape(sentence)):
            read_photo(source)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"There is no file .*gone\.jpg"):
        read_photo(tmp_path / "gone.jpg")


def test_the_smallest_and_the_longest_picture_open() -> None:
    assert read_photo(encode(Image.new("L", (64, 512)))).shape == (512, 64, 3)


def test_strips_of_a_turned_photo_come_together() -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (55, 100, 3), dtype=np.uint8)
    wide = coarse.repeat(20, 0).repeat(20, 1)
    for orientation, stored in STORED.items():
        file = encode(
            np.ascontiguousarray(stored(wide)), exif=exif_of(orientation), compress_level=1
        )
        assert np.array_equal(read_photo(file), wide)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A named pipe would block for ever."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero")):
            with pytest.raises(PhotoError, match=f"^{path} is not a file: choose a picture"):
                read_photo(path)
    with pytest.raises(PhotoError, match="is a folder: choose a picture in it"):
        read_photo(tmp_path)


@pytest.mark.parametrize("name", ["x" * 300 + ".jpg", "a\0b.jpg", "photo.jpg/photo.jpg"])
def test_an_impossible_name_is_no_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(PhotoError, match="There is no file"):
        read_photo(tmp_path / name)


def test_a_file_of_more_than_250_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(250_000_001)
    with pytest.raises(PhotoError, match="This file has 251 MB: choose a picture of at most 250"):
        read_photo(tmp_path / "large.png")
