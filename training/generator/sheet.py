"""Contact sheets: renders and what the networks paint of the same codes, in turns."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from stylegan import to_uint8

from ..data import Faces
from .losses import shrunk
from .networks import Networks
from .patch import paint

COLUMNS, ROWS = 8, 3


@torch.no_grad()
def save_pairs(networks: Networks, faces: Faces, side: int, file: Path) -> None:
    """Renders (odd rows) and pictures (even); and ``*_points.png`` with the coordinates of both.

    Coordinates are shown as colours: x red, y green, z blue; black where no face is.
    """
    lines: list[np.ndarray] = []
    colours: list[np.ndarray] = []
    for index in torch.arange(min(len(faces), COLUMNS * ROWS)).split(COLUMNS):
        pairs = faces.pairs(index, side)
        painted = paint(networks, networks.generator.style(pairs.z), side)
        lines += [_line(pairs.pictures), _line(painted.pictures[side])]
        here = max(painted.points)
        made, wanted = painted.points[here], shrunk(pairs.points, here)
        colours += [_line(_shown(wanted, 0.5)), _line(_shown(made, 0.0))]
    Image.fromarray(_stacked(lines)).save(file)
    Image.fromarray(_stacked(colours)).save(file.with_name(f"{file.stem}_points.png"))


def _shown(points: Float[Tensor, "n 4 s s"], threshold: float) -> Float[Tensor, "n 3 s s"]:
    return torch.where(points[:, 3:] > threshold, points[:, :3], -1.0)


def _line(pictures: Float[Tensor, "n 3 s s"]) -> np.ndarray:
    return np.concatenate([to_uint8(picture) for picture in pictures], axis=1)


def _stacked(lines: list[np.ndarray]) -> np.ndarray:
    width = max(line.shape[1] for line in lines)
    return np.concatenate([np.pad(x, ((0, 0), (0, width - x.shape[1]), (0, 0))) for x in lines])
