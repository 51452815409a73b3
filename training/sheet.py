"""Contact sheets: renders above, the generator's pictures of the same codes below."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from stylegan import Generator, to_uint8

from .data import Faces

COLUMNS, ROWS = 8, 3


@torch.no_grad()
def save_pairs(generator: Generator, faces: Faces, file: Path) -> None:
    """Rows of renders (odd) and of what the generator makes of their codes (even)."""
    side = generator.config.resolution
    lines: list[np.ndarray] = []
    for index in torch.arange(COLUMNS * ROWS).split(COLUMNS):
        for pictures in (
            faces.batch(index, side),
            generator(generator.style(faces.z[index]), "none"),
        ):
            lines.append(np.concatenate([to_uint8(picture) for picture in pictures], axis=1))
    Image.fromarray(np.concatenate(lines)).save(file)
