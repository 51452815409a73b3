"""Fits on disk: the same photo comes back at once, and a fit that was killed goes on.

A fit is found by what it depends on: the crop's pixels, the model's weights, the options. They are
as personal as the photo: the folder is its owner's alone, and old ones go.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from inversion import Inversion
from weights import WeightsError
from weights.formats import read, write

FOLDER = "DRAGPHOTO_CACHE"
"""The environment variable that names the folder for fits."""
FORM = "1"  # changes when the same options give another fit
EVERY = 20  # steps between two checkpoints
OLDEST = 7 * 24 * 3600.0  # s
MOST = 1_000_000_000  # bytes of all files
DELTA = "delta."


def usual_folder() -> Path:
    """The folder of the person who runs the program: see FOLDER, else in their cache."""
    named = os.environ.get(FOLDER)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else cache / "dragphoto" / "fits"


class Fits:
    """One fit in a folder: its checkpoints while it lasts (see inversion/resume.py), its result."""

    def __init__(self, folder: Path, image: Float[Tensor, "3 r r"], *depends_on: str):
        pixels = image.detach().cpu().contiguous().numpy().tobytes()
        found = hashlib.sha256(pixels)
        for text in (FORM, str(tuple(image.shape)), torch.__version__, *depends_on):
            found.update(text.encode() + b"\0")
        self.folder, self.key = folder, found.hexdigest()[:32]

    def found(self) -> Inversion | None:
        """The fit, if it is here and whole."""
        kept = self._read(self.file())
        if kept is None:
            return None
        tensors, facts = kept
        delta = {n.removeprefix(DELTA): t for n, t in tensors.items() if n.startswith(DELTA)}
        try:
            away, pivot, step, steps = (float(part) for part in facts["figures"].split())
            stage = "tune" if facts["stage"] == "tune" else "project"
            return Inversion(
                tensors["ws"], delta, away, pivot, stage, int(step), int(steps), done=1.0
            )
        except (KeyError, ValueError):
            return None

    def finish(self, fit: Inversion) -> None:
        """Keep the result instead of the checkpoints, where there is room."""
        tensors = {"ws": fit.ws.contiguous(), **{DELTA + n: t for n, t in fit.delta.items()}}
        figures = (fit.distance, fit.pivot_distance, fit.step, fit.steps)
        facts = {"figures": " ".join(repr(number) for number in figures), "stage": fit.stage}
        if self._write(self.file(), tensors, facts):
            for stage in ("project", "tune"):
                _remove(self.file(stage))
        sweep(self.folder)

    def load(self, stage: str) -> dict[str, Tensor] | None:
        """The last checkpoint of this stage."""
        kept = self._read(self.file(stage))
        return None if kept is None else kept[0]

    def keep(self, stage: str, step: int, tensors: Callable[[], dict[str, Tensor]]) -> None:
        """Every so many steps, where there is room."""
        if step and step % EVERY == 0:
            self._write(self.file(stage), tensors(), {})

    def file(self, stage: str = "fit") -> Path:
        """The place of the result, or of a stage's checkpoint."""
        return self.folder / f"{self.key}.{stage}.safetensors"

    def _read(self, file: Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
        try:
            return read(file)
        except WeightsError:
            _remove(file)  # missing, or damaged
            return None

    def _write(self, file: Path, tensors: dict[str, Tensor], facts: dict[str, str]) -> bool:
        with suppress(WeightsError, OSError):  # no room: the fit itself is not in danger
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
            write(file, cpu, facts)
            return True
        return False


def sweep(folder: Path, now: float | None = None) -> None:
    """Remove what is too old; then the oldest until the rest is small enough."""
    now = time.time() if now is None else now
    size = 0
    for age, room, file in sorted(_found(folder, now)):
        size += room
        if age > OLDEST or size > MOST:
            _remove(file)


def _found(folder: Path, now: float) -> Iterator[tuple[float, int, Path]]:
    """(age, bytes, file) of all that is there."""
    for file in folder.glob("*.safetensors*"):
        with suppress(OSError):  # another process has removed it meanwhile
            facts = file.stat()
            yield now - facts.st_mtime, facts.st_size, file


def _remove(file: Path) -> None:
    with suppress(OSError):  # it is not there, or not ours
        file.unlink()
