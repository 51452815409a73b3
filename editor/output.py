"""Results on disk: whole or not at all, without metadata of the photo, labelled as AI-edited."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Picture = UInt8[np.ndarray, "h w 3"]
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
FRAME_MS = 80
PNG_EFFORT = 1  # of 9: three times as fast as the default, and the files are hardly larger


class OutputError(ValueError):
    """A place that cannot be written to; the text is for the person who chose it."""


def check_folder(file: Path) -> None:
    """Complain before the work is done, not after it.

    Raises:
        OutputError: the folder is missing, or the name belongs to a folder.
    """
    if not file.parent.is_dir():
        raise OutputError(f"There is no folder {file.parent}: make it first.")
    if file.is_dir():
        raise OutputError(f"{file} is a folder: name a file in it.")


def save_png(picture: Picture, file: Path) -> None:
    """Write a PNG with the IPTC label for composites with generated content."""
    label = PngInfo()
    label.add_itxt("XML:com.adobe.xmp", _xmp(), zip=False)
    image = Image.fromarray(picture)
    _whole(
        file,
        lambda part: image.save(part, format="PNG", compress_level=PNG_EFFORT, pnginfo=label),
    )


def save_gif(frames: Sequence[Picture], file: Path) -> None:
    """Write pictures of one size as a looping GIF, the last one held for a while."""
    images = [Image.fromarray(frame) for frame in frames]
    times = [FRAME_MS] * (len(images) - 1) + [10 * FRAME_MS]
    _whole(
        file,
        lambda part: images[0].save(
            part, format="GIF", save_all=True, append_images=images[1:], duration=times, loop=0
        ),
    )


def _xmp() -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
    )


def _whole(file: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file, then put it in its place."""
    part = file.with_name(file.name + ".part")
    try:
        write(part)
        part.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
