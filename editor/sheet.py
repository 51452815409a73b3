"""Pictures side by side, a line of words below each: what a command shows of several results."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from photo import Photo

from .export import LABEL

TILE, GAP, LETTERS = 384, 12, 18  # px: a picture's side, between pictures, height of letters
LINE = 2 * LETTERS  # px below a picture for its words
ACROSS = 3  # pictures


def sheet(pictures: Sequence[Photo], words: Sequence[str]) -> Photo:
    """The pictures, squares of TILE px, by threes, and at the bottom that this was made with AI."""
    size = sheet_size(len(pictures))
    made = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(LETTERS)
    for number, (picture, line) in enumerate(zip(pictures, words, strict=True)):
        row, column = divmod(number, ACROSS)
        left, top = GAP + column * (TILE + GAP), GAP + row * (TILE + LINE)
        made.paste(Image.fromarray(picture), (left, top))
        draw.text((left + TILE // 2, top + TILE + LINE // 2), line, "black", font, "mm")
    draw.text((GAP, size[1] - LINE // 2), LABEL, "dimgrey", font, "lm")
    return np.array(made)


def sheet_size(count: int) -> tuple[int, int]:
    """(width, height) of a sheet of so many pictures, px."""
    columns, rows = min(count, ACROSS), -(-count // ACROSS)
    return GAP + columns * (TILE + GAP), GAP + rows * (TILE + LINE) + LINE
