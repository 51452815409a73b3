"""Pictures side by side, a line of words below each: what a command shows of several results."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from photo import Photo

from .export import LABEL

TILE, GAP, LETTERS = 384, 12, 18  # px: a picture's side, between pictures, height of letters
LINE = 2 * LETTERS  # px below a picture for its words
ACROSS = 3  # pictures
Drawn = UInt8[np.ndarray, "_ _ 3"]
"""RGB; of another size than the photo."""


def sheet(pictures: Sequence[Drawn], words: Sequence[str]) -> Drawn:
    """The pictures, at most TILE px a side, by threes; below, that AI made them."""
    high = max(len(picture) for picture in pictures)
    size = sheet_size(len(pictures), high)
    made = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(LETTERS)
    for number, (picture, line) in enumerate(zip(pictures, words, strict=True)):
        row, column = divmod(number, ACROSS)
        middle, bottom = GAP + column * (TILE + GAP) + TILE // 2, GAP + row * (high + LINE) + high
        place = middle - picture.shape[1] // 2, bottom - picture.shape[0]
        made.paste(Image.fromarray(picture), place)
        draw.text((middle, bottom + LINE // 2), line, "black", font, "mm")
    draw.text((GAP, size[1] - LINE // 2), LABEL, "dimgrey", font, "lm")
    return np.array(made)


def tile(photo: Photo) -> Drawn:
    """All of a photo, as large as a sheet shows it."""
    scale = TILE / max(photo.shape[:2])
    size = [max(1, round(scale * length)) for length in photo.shape[1::-1]]
    return np.array(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))


def sheet_size(count: int, high: int = TILE) -> tuple[int, int]:
    """(width, height) of a sheet of so many pictures, the highest of them so high; px."""
    columns, rows = min(count, ACROSS), -(-count // ACROSS)
    return GAP + columns * (TILE + GAP), GAP + rows * (high + LINE) + LINE
