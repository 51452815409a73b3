"""Results on disk: whole or not at all, without metadata of the photo, labelled as AI-edited."""

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from jaxtyping import Float, UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Picture = UInt8[np.ndarray, "h w 3"]
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL = "Edited with AI: made with DragPhoto."
FRAME_MS = 80
COLOURS = 255  # of a GIF: one is left for what does not change from picture to picture
DITHER = 8.0  # grey levels, peak to peak
SAMPLES, SAMPLE_STEP = 8, 4  # pictures, and px between those of their pixels, that choose colours
BT709 = 1  # the colours of HD video, by FFmpeg's number
QUALITY = {"crf": "17", "preset": "medium"}  # of a video: hardly to be told from the pictures
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


def save_gif(frames: Iterable[Picture], file: Path) -> None:
    """Write pictures of one size as a looping GIF; there must be at least one.

    Raises:
        OutputError: there is no room, or no permission.
    """
    pictures = list(frames)
    palette = _palette(pictures)
    first, *rest = (_reduced(picture, palette) for picture in pictures)
    _whole(
        file,
        lambda part: first.save(
            part, format="GIF", save_all=True, append_images=rest, duration=FRAME_MS, loop=0,
            comment=LABEL.encode(),
        ),
    )  # fmt: skip


def save_mp4(frames: Iterable[Picture], file: Path, rate: int = 25) -> None:
    """Write pictures of one size as a video, H.264, ``rate`` a second; at least one.

    Odd sizes become even, as the format asks: the last row or column is doubled.

    Raises:
        OutputError: there is no room, or no permission.
    """
    _whole(file, lambda part: _encode(frames, part, rate))


def _encode(frames: Iterable[Picture], part: Path, rate: int) -> None:
    converted = map(_video_frame, frames)
    first = next(converted)
    with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
        container.metadata["comment"] = LABEL
        stream = container.add_stream("libx264", rate=rate, options=QUALITY)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, first.format.name
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = ColorRange.MPEG
        for frame in chain([first], converted):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _video_frame(picture: Picture) -> av.VideoFrame:
    """In the colours of HD video, with even sides."""
    height, width = picture.shape[:2]
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(even, format="rgb24")
    return frame.reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def _palette(pictures: list[Picture]) -> Image.Image:
    """Colours that suit all pictures, so that what stands still does not flicker."""
    chosen = np.linspace(0, len(pictures) - 1, SAMPLES).round().astype(int)
    some = [pictures[number][::SAMPLE_STEP, ::SAMPLE_STEP] for number in chosen]
    joined = Image.fromarray(np.concatenate(some))
    return joined.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=4)


def _reduced(picture: Picture, palette: Image.Image) -> Image.Image:
    """The picture in the palette's colours, dithered with a pattern that does not move (Bayer)."""
    height, width = picture.shape[:2]
    pattern = np.tile(_bayer(), (-(-height // 8), -(-width // 8)))[:height, :width, None]
    dithered = np.clip(np.round(picture + DITHER * pattern), 0, 255).astype(np.uint8)
    return Image.fromarray(dithered).quantize(palette=palette, dither=Image.Dither.NONE)


def _bayer() -> Float[np.ndarray, "8 8"]:
    """Thresholds from -1/2 to 1/2, neighbours as different as can be."""
    order = np.zeros((1, 1))
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return (order + 0.5) / 64 - 0.5


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
    except (OSError, av.FFmpegError) as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
