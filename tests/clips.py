"""Clips to edit, made as phones make them; and an edit."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import skimage.data
import torch

from editor.engine import default_crop
from editor.motion.poses import rigged
from editor.session import FittedPhoto, Session, Version
from editor.view import untouched
from photo import Photo
from transfer.rig import Pose

FACE = skimage.data.astronaut()[:256, 96:352]
EMPTY = np.full_like(FACE, 120)
UNIT = Fraction(1, 12800)


def head_moved() -> Session:
    """The astronaut's head moved aside."""
    photo = skimage.data.astronaut()
    quad = default_crop(photo, "face")
    assert quad is not None
    rig = rigged(photo, quad)
    assert rig is not None
    ws = torch.zeros(2, 3)
    pose = Pose(rig.vertices + rig.follow[:, None] * (15, 0, 0), np.zeros((2, 2)))
    return untouched(FittedPhoto(photo, quad, ws, {}, rig), 0).moved(Version(ws, pose))


def panned(count: int) -> list[Photo]:
    """A camera that looks along the face."""
    return [np.ascontiguousarray(np.roll(FACE, 2 * k, 1)) for k in range(count)]


def clip(
    file: Path, pictures: list[Photo], times: list[int] | None = None, sound: str = "",
    rotation: int = 0, curve: int = 1,
) -> Path:  # fmt: skip
    """Write a clip.

    Args:
        file: whose name says the kind.
        pictures: of 25 a second.
        times: of each, where they are not even, in UNIT.
        sound: a codec's name; a second of it.
        rotation: degrees by which players turn it to the left.
        curve: FFmpeg's number of the transfer curve.
    """
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", rate=25)
        height, width = pictures[0].shape[:2]
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.time_base, video.codec_context.color_trc = UNIT, curve
        if rotation:
            video.set_display_rotation(rotation)
        audio = container.add_stream(sound, rate=48000) if sound else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = 512 * number if times is None else times[number]
            frame.time_base = UNIT
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for number in range(50 if audio is not None else 0):
            tone = np.sin(np.arange(960) * 0.06 + number)[None].astype(np.float32)
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 48000, 960 * number
            assert audio is not None
            container.mux(audio.encode(heard))
        if audio is not None:
            container.mux(audio.encode())
    return file
