"""Which formats are opened, by what, and what to do with a file of another one."""

import zlib
from contextlib import suppress
from importlib.util import find_spec

from PIL import JpegImagePlugin as JpegImagePlugin  # else Pillow imports all that it has
from PIL import PngImagePlugin
from PIL import WebPImagePlugin as WebPImagePlugin

from .bounds import DAMAGED

USUAL = ("JPEG", "PNG", "WEBP")
HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
AVIF = (b"avif", b"avis")
MOST_UNPACKED = 4 * 2**20  # bytes of a text or a colour profile in a PNG


def formats(file: bytes) -> tuple[str, ...]:
    """Pillow's names of what this file may be; what opens them is loaded when it is needed."""
    brand = _brand(file)
    if brand in AVIF:
        with suppress(ImportError):
            from PIL import AvifImagePlugin

            AvifImagePlugin.DEFAULT_MAX_THREADS = 1
            return ("AVIF",) if AvifImagePlugin.SUPPORTED else ()
    if brand in HEIF and find_spec("pillow_heif") is not None:
        import pillow_heif

        pillow_heif.register_heif_opener(
            thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
        )
        return ("HEIF",)
    return () if brand else USUAL


def advice(file: bytes) -> str:
    """What to do with a file that cannot be opened, by its first bytes."""
    head = file[:64]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if (brand := _brand(file)) in (*HEIF, *AVIF):
        if formats(file):
            return DAMAGED
        name = "an AVIF" if brand in AVIF else "a HEIC"
        return f"This is {name} photo: save it as JPEG, or install dragphoto[heic] to open it."
    if start.startswith((b"<svg", b"<?xml")):
        return "This is an SVG drawing: export it as PNG, then choose that file."
    if head.startswith(b"GIF8"):
        return "This is a GIF: export one frame as PNG or JPEG, then choose that file."
    if head.startswith((b"BM", b"II*\x00", b"MM\x00*")):
        return "This format is not supported: export it as JPEG or PNG, then choose that file."
    return "This is not a picture that can be opened: choose a JPEG, PNG or WebP file."


def _brand(file: bytes) -> bytes:
    """Of a file in boxes (ISO 14496-12): HEIC, AVIF, films; else nothing."""
    return file[8:12] if file[4:8] == b"ftyp" else b""


def _unpacked(packed: bytes) -> bytes:
    """A text or a colour profile of a PNG.

    Raises:
        zlib.error: it is broken, or too large: Pillow goes on without it then. By itself it would
            refuse a picture for a text of 1 MB.
    """
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, MOST_UNPACKED)
    if unpacker.unconsumed_tail:
        raise zlib.error
    return text


PngImagePlugin._safe_zlib_decompress = _unpacked
