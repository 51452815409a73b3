"""Results on disk: whole or not at all, without metadata of the photo, labelled as AI-edited."""

import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from jaxtyping import Float
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from photo import Photo, Sent
from weights.files import OutputError, whole

from .session import FittedPhoto, Version
from .view import between, show

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL = "Edited with AI: made with DragPhoto."
FRAME_MS = 80
COLOURS = 255  # of a GIF: one is left for what does not change from picture to picture
DITHER = 8.0  # grey levels, peak to peak
SAMPLES, SAMPLE_STEP = 8, 4  # pictures, and px between those of their pixels, that choose colours
BT709 = 1  # the colours of HD video, by FFmpeg's number
QUALITY = {"crf": "17", "preset": "medium"}  # of a video: hardly to be told from the pictures
JPEG_QUALITY = 92
PNG_EFFORT = 1  # of 9: three times as fast as the default, and the files are hardly larger


def save_png(picture: Sent, file: Path) -> None:
    """Write a PNG, as transparent as the picture, with IPTC's label for generated content.

    Raises:
        OutputError: there is no room, or no permission.
    """
    label = PngInfo()
    label.add_itxt("XML:com.adobe.xmp", _xmp(), zip=False)
    image = Image.fromarray(picture)
    with result(file) as part:
        image.save(part, format="PNG", compress_level=PNG_EFFORT, pnginfo=label)


def save_jpeg(picture: Photo, file: Path) -> None:
    """Write a JPEG with IPTC's label for generated content.

    Raises:
        OutputError: there is no room, or no permission.
    """
    with result(file) as part:
        Image.fromarray(picture).save(
            part, format="JPEG", quality=JPEG_QUALITY, xmp=_xmp().encode()
        )


def save_gif(frames: Iterable[Photo], file: Path) -> None:
    """Write pictures of one size as a looping GIF; there must be at least one.

    Raises:
        OutputError: there is no room, or no permission.
    """
    pictures = list(frames)
    palette = _palette(pictures)
    first, *rest = (_reduced(picture, palette) for picture in pictures)
    made = io.BytesIO()  # Pillow says of a disk that is full no more than "encoder error"
    first.save(
        made, format="GIF", save_all=True, append_images=rest, duration=FRAME_MS, loop=0,
        comment=LABEL.encode(),
    )  # fmt: skip
    with result(file) as part:
        part.write(made.getbuffer())


def save_mp4(frames: Iterable[Photo], file: Path, rate: int = 25) -> None:
    """Write pictures of one size as a video, H.264, ``rate`` a second; at least one.

    Odd sizes become even, as the format asks: the last row or column is doubled.

    Raises:
        OutputError: there is no room, or no permission.
    """
    with result(file) as part:
        _encode(frames, part.name, rate)


def morph(subject: FittedPhoto, versions: Sequence[Version], frames: int = 16) -> Iterator[Photo]:
    """The subject's photo from the first version through each to the last, one picture at a time.

    ``frames`` pictures lead from a version to the next, the last of them being that next one;
    before and after it all the picture stands still for half as many. The larger the subject's
    photo, the longer it takes: see `closeup`.
    """
    held = max(1, frames // 2)
    yield from repeat(show(subject, versions[0]), held)
    for before, after in pairwise(versions):
        for number in range(1, frames + 1):
            change = between(before.change, after.change, _eased(number / frames))
            yield show(subject, Version(after.ws, change))
    yield from repeat(show(subject, versions[-1]), held)


def _encode(frames: Iterable[Photo], part: str, rate: int) -> None:
    converted = map(video_frame, frames)
    first = next(converted)
    with mp4(part) as container:
        stream = video_stream(container, first, Fraction(rate))
        for frame in chain([first], converted):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def mp4(part: str) -> OutputContainer:
    """A new MP4 file, labelled; it is closed by ``with``."""
    container = av.open(part, "w", format="mp4", options={"movflags": "faststart"})
    container.metadata["comment"] = LABEL
    return container


def video_stream(container: OutputContainer, first: av.VideoFrame, rate: Fraction) -> VideoStream:
    """H.264 for frames like this one, so many a second."""
    stream = container.add_stream("libx264", rate=rate, options=QUALITY)
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, first.format.name
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = ColorRange.MPEG
    return stream


def video_frame(picture: Photo) -> av.VideoFrame:
    """In the colours of HD video, with even sides."""
    height, width = picture.shape[:2]
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(even, format="rgb24")
    return frame.reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def _palette(pictures: list[Photo]) -> Image.Image:
    """Colours that suit all pictures, so that what stands still does not flicker."""
    chosen = np.linspace(0, len(pictures) - 1, SAMPLES).round().astype(int)
    some = [pictures[number][::SAMPLE_STEP, ::SAMPLE_STEP] for number in chosen]
    joined = Image.fromarray(np.concatenate(some))
    return joined.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=4)


def _reduced(picture: Photo, palette: Image.Image) -> Image.Image:
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


def _eased(share: float) -> float:
    """0 to 1, slow at both ends."""
    return share * share * (3 - 2 * share)


@contextmanager
def result(file: Path) -> Generator[BinaryIO, None, None]:
    """A stream to what takes the file's place at the end, or leaves no trace.

    Raises:
        OutputError: there is no room, or no permission.
    """
    try:
        with whole(file) as part:
            yield part
    except (OSError, av.FFmpegError) as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
