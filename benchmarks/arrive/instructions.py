"""FreeDragBench's files: drags of pictures that a model makes of a seed.

Published are five JSON Lines files (cars, cats, elephants, faces, horses; 600 pictures, 2251 pairs
of points), one picture a line::

    {"seed": 7, "points": {"handle": [[363, 197], [370, 312]], "target": [[379, 225], [383, 275]]}}

- ``seed``: of z, as NVIDIA's code draws it (NumPy's RandomState); the w is truncated to 0.7. So has
  it FreeDrag's code; that the files mean it, too, is written nowhere. A seed means a picture of one
  model only, which no file names.
- ``points``: as many handles as targets, each [row, column] in px of the model's picture. Some
  have both in the same place: they are to stay.
- ``mask``: what published files do not have, and ours may. The name of a picture beside the file,
  of the size of the model's: white may move, black not.

Other fields are passed over, and so are empty lines.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from drag import Edit, EditError
from drag import edit as limits
from editor.engine import Engine
from editor.motion.estimators import Latents

PSI = 0.7
SEEDS = 2**32  # NumPy's RandomState takes so many
Points = Float[np.ndarray, "p 2"]


class InstructionError(ValueError):
    """A file of drags cannot be used; the text says where, and what is wrong."""


@dataclass(frozen=True)
class Instruction:
    """A drag of the picture that a model makes of a seed; points are (x, y) in px of it.

    Args:
        seed: of the picture.
        handles: what is dragged.
        targets: where to; where its handle is, a point shall stay.
        mask: True where the picture may move; None: everywhere.
    """

    seed: int
    handles: Points
    targets: Points
    mask: Bool[np.ndarray, "h w"] | None = None

    def ws(self, engine: Engine) -> Latents:
        """Of the picture."""
        generator = engine.generator
        z = np.random.RandomState(self.seed).randn(1, generator.config.z_dim)
        return generator.style(torch.from_numpy(z).float(), PSI)[0]

    def edit(self, side: int, back: bool = False) -> Edit:
        """The drag, or the opposite one, in pictures of this side.

        Raises:
            EditError: it cannot be carried out, as one for a larger picture.
        """
        first, second = (torch.from_numpy(p).float() for p in (self.handles, self.targets))
        mask = None if self.mask is None else torch.from_numpy(self.mask)
        return still_allowed(side, *((second, first) if back else (first, second)), mask)


def still_allowed(
    side: int,
    handles: Float[Tensor, "p 2"],
    targets: Float[Tensor, "p 2"],
    mask: Bool[Tensor, "h w"] | None = None,
) -> Edit:
    """An edit in which points may be told to stay: a person may not ask so.

    Raises:
        EditError: it cannot be carried out.
    """
    with patch.object(limits, "SHORTEST", 0.0):
        return Edit((side, side), handles, targets, mask)


def read(file: Path, side: int) -> list[Instruction]:
    """All drags of a file, of pictures of this side.

    Raises:
        InstructionError: it is no such file, or one for other pictures.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InstructionError(f"{file} cannot be read as text.") from error
    found: list[Instruction] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_instruction(json.loads(line), file.parent, side))
            except (ValueError, OSError) as error:
                raise InstructionError(f"{file}, line {number}: {_reason(error)}") from error
    if not found:
        raise InstructionError(f"{file} has no drags in it.")
    return found


def _reason(error: ValueError | OSError) -> str:
    """In a sentence."""
    if isinstance(error, json.JSONDecodeError):
        return "this is no JSON."
    return "the mask cannot be read." if isinstance(error, OSError) else str(error)


def _instruction(fields: object, folder: Path, side: int) -> Instruction:
    """Of one line."""
    line = cast(Mapping[str, Any], fields) if isinstance(fields, Mapping) else {}
    seed, points, name = line.get("seed"), line.get("points"), line.get("mask")
    if type(seed) is not int or not 0 <= seed < SEEDS:
        raise InstructionError(f"seed must be a whole number from 0 to {SEEDS - 1}.")
    if not isinstance(points, Mapping):
        raise InstructionError("points must have a handle and a target.")
    handles, targets = (_points(points.get(end)) for end in ("handle", "target"))
    if len(handles) != len(targets):
        raise InstructionError(f"there are {len(handles)} handles and {len(targets)} targets.")
    found = Instruction(seed, handles, targets, _mask(name, folder))
    try:
        found.edit(side)
    except EditError as error:
        raise InstructionError(f"{error} Is this file for another model?") from error
    return found


def _points(value: object) -> Points:
    """(x, y) of [row, column] pairs."""
    try:
        points = np.array(value, dtype=float)
    except (TypeError, ValueError):
        points = np.empty((0, 0))
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InstructionError("handle and target must be lists of [row, column].")
    return points[:, ::-1].copy()


def _mask(name: object, folder: Path) -> Bool[np.ndarray, "h w"] | None:
    """Of the picture of this name in the folder."""
    if name is None:
        return None
    if not isinstance(name, str) or Path(name).name != name:
        raise InstructionError("mask must be the name of a picture beside the file.")
    with Image.open(folder / name) as picture:
        return np.array(picture.convert("L")) >= 128


def write(file: Path, instructions: Iterable[Instruction]) -> None:
    """The same as a file; px are rounded, as published ones are. Masks are written beside it."""
    lines: list[dict[str, object]] = []
    for each in instructions:
        handles, targets = (
            points[:, ::-1].round().astype(int).tolist() for points in (each.handles, each.targets)
        )
        line: dict[str, object] = {
            "seed": each.seed,
            "points": {"handle": handles, "target": targets},
        }
        if each.mask is not None:
            line["mask"] = name = f"{file.stem}-{len(lines) + 1}.png"
            Image.fromarray(np.where(each.mask, 255, 0).astype(np.uint8)).save(file.parent / name)
        lines.append(line)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
