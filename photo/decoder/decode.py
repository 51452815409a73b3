"""Decode a picture: upright sRGB, strip by strip. Nothing hostile or private gets past here.

It runs in the worker's process, which starts quickly because nothing but Pillow is imported.
"""

import io
import struct
from collections.abc import Iterator
from typing import cast

from PIL import Image, ImageCms, UnidentifiedImageError

from .bounds import PhotoError, check_size, check_work, too_large
from .formats import advice, formats

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
FROM_THE_END = (3, 4, 6, 7)  # orientations whose first stored row is the last row or column
SIDEWAYS = (5, 6, 7, 8)  # orientations whose stored rows are columns
STRIP = 2**20  # px that are converted at once


Tile = tuple[tuple[int, int, int, int], bytes]
"""A rectangle of the upright picture: left, top, width, height in px; its pixels by rows."""
Shape = tuple[int, int, int]
"""Width and height in px, and 3 channels (RGB) or 4 (RGBA)."""


def opened(file: bytes) -> Image.Image:
    """The picture, of which no pixel is decoded yet.

    Raises:
        PhotoError: not a picture of these formats, damaged, too small, large, narrow or costly.
    """
    check_work(file)
    try:
        image = Image.open(io.BytesIO(file), formats=formats(file))
    except UnidentifiedImageError as error:
        raise PhotoError(advice(file)) from error
    except Image.DecompressionBombError as error:
        raise PhotoError(too_large("too many px")) from error
    check_size(*image.size)
    return image


def upright(image: Image.Image) -> tuple[Shape, Iterator[Tile]]:
    """(the shape of the upright picture, tiles that fill it), its pixels decoded.

    It has a fourth channel where anything is transparent. 16-bit greys are scaled, CMYK and colour
    profiles are converted to sRGB, of an animation the first frame is taken, and so of several
    pictures. It goes by strips, so that little but the decoded picture is in memory.
    """
    orientation = _orientation(image)
    image.load()
    width, height = image.size
    channels = 4 if _is_transparent(image) else 3
    size = (height, width) if orientation in SIDEWAYS else (width, height)
    return (*size, channels), _tiles(image, orientation, channels)


def _orientation(image: Image.Image) -> int:
    """How the camera was held, 1 to 8; broken EXIF counts as none."""
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
        return int(orientation) if orientation in TURNS else 1
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _strips(image: Image.Image) -> Iterator[tuple[int, int, Image.Image]]:
    """(first row, the one after the last, the picture between them)."""
    width, height = image.size
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        end = min(top + rows, height)
        yield top, end, image.crop((0, top, width, end))


def _is_transparent(image: Image.Image) -> bool:
    """Anywhere at all."""
    if not image.has_transparency_data:
        return False
    opacity = (_parts(strip)[1] for _, _, strip in _strips(image))
    return any(part is not None and part.getextrema() != (255, 255) for part in opacity)


def _tiles(image: Image.Image, orientation: int, channels: int) -> Iterator[Tile]:
    height = image.height
    profile = _Profile(cast(bytes | None, image.info.get("icc_profile")))
    for top, end, stored in _strips(image):
        colours, opacity = _parts(stored)
        strip = profile.applied(colours)
        strip = strip if strip.mode == "RGB" else strip.convert("RGB")
        if opacity is not None and channels == 4:
            strip.putalpha(opacity)
        if orientation in TURNS:
            strip = strip.transpose(TURNS[orientation])
        place = height - end if orientation in FROM_THE_END else top
        left, top = (place, 0) if orientation in SIDEWAYS else (0, place)
        yield (left, top, *strip.size), strip.tobytes()


def _parts(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """(its colours without palette and 16 bit, how opaque they are: None for all)."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 257 + 0.5).convert("L")
        image.info.pop("transparency", None)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return image.convert("RGB"), image.getchannel("A")
    return (image.convert("RGB") if image.mode == "P" else image), None


class _Profile:
    """A picture's colour profile; a broken one, and one for other colours, is ignored."""

    def __init__(self, profile: bytes | None) -> None:
        self._profile = profile
        self._transform: ImageCms.ImageCmsTransform | None = None

    def applied(self, strip: Image.Image) -> Image.Image:
        """In sRGB; all strips of a picture have one mode."""
        if self._profile is None:
            return strip
        try:
            if self._transform is None:
                source = ImageCms.ImageCmsProfile(io.BytesIO(self._profile))
                target = ImageCms.createProfile("sRGB")
                self._transform = ImageCms.buildTransform(source, target, strip.mode, "RGB")
            return ImageCms.applyTransform(strip, self._transform) or strip
        except (ImageCms.PyCMSError, OSError, ValueError):
            self._profile = None
            return strip
