"""The frames of a clip, upright and in sRGB, one at a time; and the packets of its sound."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Colorspace

from photo import Photo
from weights.files import check

FORMATS = {".mp4": "mov", ".m4v": "mov", ".mov": "mov", ".webm": "matroska", ".mkv": "matroska"}
"""FFmpeg's demuxers by the ends of names; others, of which some open other files, are not tried."""
MOST_SECONDS, MOST_FRAMES = 60, 1800
LEAST_SIDE, MOST_PIXELS = 64, 3840 * 2160
BRIGHT = (16, 18)  # PQ and HLG, by FFmpeg's numbers of transfer curves
UNNAMED = 2  # of colour spaces, by the same
HD = 720  # rows from which colours that are not named are those of HD video
CHANGES = "The pictures of this clip change their size: save it anew in one size."


class ClipError(ValueError):
    """A clip that cannot be edited; the text is for the person who chose it."""


@dataclass(frozen=True)
class Frame:
    """A frame of a clip.

    Args:
        picture: upright.
        time: s, as the clip has it.
    """

    picture: Photo
    time: Fraction


@dataclass(frozen=True)
class Clip:
    """What is known of a clip before it is decoded.

    Args:
        file: which is read anew each time.
        rate: frames a second, a mean.
        unit: s: its times are whole numbers of these.
        count: about how many frames there are.
        sounds: whether there is sound.
    """

    file: Path
    rate: Fraction
    unit: Fraction
    count: int
    sounds: bool

    def frames(self) -> Iterator[Frame]:
        """All frames, in order.

        Raises:
            ClipError: there are too many, none, or some that cannot be decoded.
        """
        for item in self.items(False):
            assert isinstance(item, Frame)
            yield item

    def items(self, sound: bool = True) -> Iterator[Frame | av.Packet]:
        """The frames and the packets of the sound, about in the order in which they are needed."""
        count, size = 0, None
        with opened(self.file) as container:
            video, audio = container.streams.video[0], container.streams.audio[:1] if sound else ()
            for packet in container.demux(video, *audio):
                if packet.stream.type == "audio":
                    yield packet
                    continue
                for frame in packet.decode():
                    assert isinstance(frame, av.VideoFrame)
                    picture = _upright(frame)
                    if count == MOST_FRAMES or (size or picture.shape) != picture.shape:
                        raise ClipError(_too_long() if count == MOST_FRAMES else CHANGES)
                    yield Frame(picture, _time(frame, count, self.rate))
                    count, size = count + 1, picture.shape
        if not count:
            raise ClipError(f"{self.file.name} holds no frame that can be decoded.")


def open_clip(file: Path) -> Clip:
    """Look at a clip.

    Raises:
        WeightsError: there is no such file.
        ClipError: it is no clip, or one that is too long, too large, or of a kind not known here.
    """
    check(file)
    with opened(file) as container:
        if not container.streams.video:
            raise ClipError(f"{file.name} holds no pictures.")
        video = container.streams.video[0]
        rate = video.average_rate or video.guessed_rate or Fraction(25)
        length = (container.duration or 0) / av.time_base
        count = video.frames or round(length * rate)
        if length > MOST_SECONDS + 1 or count > MOST_FRAMES:
            raise ClipError(_too_long(length, count))
        _check_kind(video.codec_context, video.sample_aspect_ratio)
        unit = video.time_base or 1 / rate
        return Clip(file, rate, unit, count, bool(container.streams.audio))


def _check_kind(video: av.VideoCodecContext, aspect: Fraction | None) -> None:
    width, height = video.width, video.height
    if min(width, height) < LEAST_SIDE or width * height > MOST_PIXELS:
        raise ClipError(
            f"This clip has {width} x {height} px: use one of {LEAST_SIDE} px to 3840 x 2160."
        )
    if video.color_trc in BRIGHT:
        raise ClipError("This clip is in HDR: save it in SDR first.")
    if aspect not in (None, 0, 1):
        raise ClipError("The pixels of this clip are not square: save it with square ones first.")


def _too_long(seconds: float = 0, count: int = 0) -> str:
    long = f"lasts {seconds:.0f} s" if seconds > MOST_SECONDS else f"has {count or 'many'} frames"
    return f"This clip {long}: cut it to at most {MOST_SECONDS} s and {MOST_FRAMES} frames."


@contextmanager
def opened(file: Path) -> Generator[InputContainer]:
    """A clip's container: FFmpeg gets a stream, which names no other file, and one demuxer.

    Raises:
        ClipError: it is no clip, or damaged.
    """
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise ClipError(f"{file.name} is no clip known here: use one of {', '.join(FORMATS)}.")
    try:
        with file.open("rb") as stream, av.open(stream, "r", format=form) as container:
            yield container
    except av.FFmpegError as error:
        raise ClipError(f"{file.name} is damaged, or no clip that can be decoded.") from error


def _upright(frame: av.VideoFrame) -> Photo:
    space = Colorspace.ITU709 if frame.colorspace == UNNAMED and frame.height >= HD else None
    picture = frame.reformat(format="rgb24", src_colorspace=space).to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))


def _time(frame: av.VideoFrame, number: int, rate: Fraction) -> Fraction:
    if frame.pts is None or frame.time_base is None:
        return number / rate
    return frame.pts * frame.time_base
