"""Decode an upload: upright sRGB, uint8. Nothing hostile or private gets past here."""

import io
import struct
from pathlib import Path
from typing import cast

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000
SMALLEST_SIDE = 64
LARGEST_ASPECT = 8
ORIENTATION = 0x0112  # EXIF's tag for how the camera was held
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Photo = UInt8[np.ndarray, "h w 3"]


class PhotoError(ValueError):
    """A photo that cannot be used; the text is for the person who chose it."""


def read_photo(source: Path | bytes | io.BytesIO) -> Photo:
    """Upright sRGB pixels of a JPEG, PNG or WebP; its metadata does not survive.

    The header is checked before a pixel is decoded. Transparency is shown on white, 16-bit
    greys are scaled, CMYK and colour profiles are converted to sRGB, of an animation the first
    frame is taken.

    Raises:
        PhotoError: not a picture of these formats, damaged, too small, too large or too narrow.
    """
    try:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(stream, formats=FORMATS) as image:
            _check_size(*image.size)
            image.load()
            return np.asarray(_flatten(_upright(image))).copy()
    except FileNotFoundError as error:
        raise PhotoError(f"There is no file {source}.") from error
    except UnidentifiedImageError as error:
        raise PhotoError(_name_format(source)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(
            "This picture is too large: make it smaller than 40 megapixels."
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError("This picture is damaged or cut off: save or export it again.") from error


def _check_size(width: int, height: int) -> None:
    size = f"{width} x {height} px"
    if width * height > MOST_PIXELS:
        raise PhotoError(f"This picture has {size}: make it smaller than 40 megapixels.")
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(f"This picture has {size}: choose one of at least 64 px on each side.")
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise PhotoError(f"This picture has {size}: crop it, it is more than 8 times as long.")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held; broken EXIF counts as none."""
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return image
    return image if turn is None else image.transpose(turn)


def _flatten(image: Image.Image) -> Image.Image:
    """Any mode -> RGB as a person would see it on white paper."""
    profile = cast(bytes | None, image.info.get("icc_profile"))
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.float64) / 257
        image = Image.fromarray(grey.round().clip(0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image).convert("RGB")
    if image.mode == "P":
        image = image.convert("RGB")
    if profile is not None:
        image = _to_srgb(image, profile)
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert by the picture's colour profile; a broken profile is ignored."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return image if converted is None else converted


def _name_format(source: Path | bytes | io.BytesIO) -> str:
    """What to do with a file that is none of our formats, by its first bytes."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(64)
    elif isinstance(source, bytes):
        head = source[:64]
    else:
        source.seek(0)
        head = source.read(64)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[4:8] == b"ftyp":
        return "This looks like HEIC or AVIF: export it as JPEG, then choose that file."
    if start.startswith((b"<svg", b"<?xml")):
        return "This is an SVG drawing: export it as PNG, then choose that file."
    if head.startswith(b"GIF8"):
        return "This is a GIF: export one frame as PNG or JPEG, then choose that file."
    if head.startswith((b"BM", b"II*\x00", b"MM\x00*")):
        return "This format is not supported: export it as JPEG or PNG, then choose that file."
    return "This is not a picture that can be opened: choose a JPEG, PNG or WebP file."
