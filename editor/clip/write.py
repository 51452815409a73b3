"""A clip on disk with its pictures changed: its own times, its own sound."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio import AudioStream
from av.container import OutputContainer

from ..export import mp4, result, video_frame, video_stream
from .source import Clip, Frame, opened

COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac")
"""Sound that MP4 files hold as it is; other sound is encoded anew."""
Change = Callable[[Iterator[Frame]], Iterable[Frame]]


def save_clip(clip: Clip, change: Change, file: Path) -> Iterator[int]:
    """Write a clip with its frames changed, H.264 in MP4: how many of them are written.

    Who stops, by Ctrl-C or by taking no more, has a whole file of what is written.

    Raises:
        ClipError: the clip cannot be decoded.
        OutputError: there is no room, or no permission.
    """
    heard: deque[av.Packet] = deque()
    stop = None
    with opened(clip.file) as source, result(file) as part, mp4(part.name) as made:
        sound = _Sound(made, source.streams.audio[0]) if clip.sounds else None
        frames, count = iter(change(_seen(clip, heard))), 0
        first = next(frames)
        video = video_stream(made, video_frame(first.picture), clip.rate)
        video.codec_context.time_base = clip.unit
        try:
            for frame in _and(first, frames):
                shown = video_frame(frame.picture)
                shown.pts, shown.time_base = round(frame.time / clip.unit), clip.unit
                made.mux(video.encode(shown))
                count += 1
                if sound is not None:
                    sound.write(heard, frame.time)
                yield count
        except (GeneratorExit, KeyboardInterrupt) as wish:
            if not count:
                raise
            stop = wish
        made.mux(video.encode())
        if sound is not None:
            sound.end(heard if stop is None else ())
    if stop is not None:
        raise stop


def _seen(clip: Clip, heard: deque[av.Packet]) -> Iterator[Frame]:
    """The frames; the sound that comes between them is put aside."""
    for item in clip.items():
        if isinstance(item, Frame):
            yield item
        else:
            heard.append(item)


def _and(first: Frame, others: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from others


class _Sound:
    """The sound of a clip on its way into another one."""

    def __init__(self, made: OutputContainer, source: AudioStream):
        self.made, self.copied = made, source.codec_context.name in COPIED
        if self.copied:
            self.stream = made.add_stream_from_template(source)
        else:
            self.stream = made.add_stream("aac", rate=source.codec_context.sample_rate)

    def write(self, heard: deque[av.Packet], until: Fraction) -> None:
        """What is heard up to this time, s."""
        while heard and _begins(heard[0]) <= until:
            self._take(heard.popleft())

    def end(self, rest: Iterable[av.Packet]) -> None:
        """All that is left."""
        for packet in rest:
            self._take(packet)
        if not self.copied:
            self.made.mux(self.stream.encode(None))

    def _take(self, packet: av.Packet) -> None:
        if not self.copied:
            for frame in packet.decode():
                self.made.mux(self.stream.encode(frame))
        elif packet.dts is not None:
            packet.stream = self.stream
            self.made.mux(packet)


def _begins(packet: av.Packet) -> Fraction:
    """When it is heard, s."""
    return Fraction(0) if packet.pts is None else packet.pts * packet.time_base
