"""Fits on disk: the same photo comes back at once, and a fit that was killed goes on.

A fit is found by what it depends on: the crop's pixels, the model's weights, the options. They are
as personal as the photo: the folder is its owner's alone, and old ones go. Each file holds a digest
of its contents and its name: what is damaged, or another's, goes, and the photo is fitted anew.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from inversion import STAGES, Inversion
from weights import files
from weights.files import WeightsError
from weights.formats import read, write
from weights.tensors import data

from .session_schema import is_moderate

FOLDER = "DRAGPHOTO_CACHE"
"""The environment variable that names the folder for fits."""
FORM = "2"  # changes when the same options give another fit
EVERY = 20  # steps between two checkpoints
OLDEST = 7 * 24 * 3600.0  # s
MOST = 1_000_000_000  # bytes of all files
DELTA = "delta."
DIGEST = "digest"

Contents = tuple[dict[str, Tensor], dict[str, str]]


def default_folder() -> Path | None:
    """The folder of the person who runs the program: see FOLDER, else in their cache, if any."""
    named, cache = os.environ.get(FOLDER), os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named)
    try:
        return (Path(cache) if cache else Path.home() / ".cache") / "dragphoto" / "fits"
    except RuntimeError:  # a user whom the system does not know
        return None


class Fits:
    """One fit in a folder: its checkpoints while it lasts, its result (inversion/checkpoint.py)."""

    def __init__(self, folder: Path, image: Float[Tensor, "3 r r"], *depends_on: str):
        pixels = image.detach().cpu().contiguous().numpy().tobytes()
        key = hashlib.sha256(pixels)
        for text in (FORM, str(tuple(image.shape)), torch.__version__, *depends_on):
            key.update(text.encode() + b"\0")
        self.folder, self.key = folder, key.hexdigest()[:32]

    def result(self, shapes: Mapping[str, torch.Size]) -> Inversion | None:
        """The fit, if it is here, whole, and of these shapes: by weight, and of "ws"."""
        kept = self._read("fit")
        if kept is None:
            return None
        tensors, facts = kept
        if not _is_sound(tensors, shapes):
            return None
        ws = tensors.pop("ws")
        delta = {name.removeprefix(DELTA): tensor for name, tensor in tensors.items()}
        try:
            away, pivot, step, steps = (float(part) for part in facts["figures"].split())
            stage = STAGES[facts["stage"]]
            fit = Inversion(ws, delta, away, pivot, stage, int(step), int(steps), done=1.0)
        except (KeyError, ValueError, OverflowError):
            return None
        return fit if isfinite(away + pivot) and 0 <= fit.step < fit.steps else None

    def finish(self, fit: Inversion) -> None:
        """Keep the result instead of the checkpoints, where there is room."""
        tensors = {"ws": fit.ws.contiguous(), **{DELTA + n: t for n, t in fit.delta.items()}}
        figures = (fit.distance, fit.pivot_distance, fit.step, fit.steps)
        facts = {"figures": " ".join(repr(number) for number in figures), "stage": fit.stage}
        if self._write("fit", tensors, facts):
            for stage in ("project", "tune"):
                _remove(self.file(stage))
        sweep(self.folder)

    def load(self, stage: str) -> dict[str, Tensor] | None:
        """The last checkpoint of this stage."""
        kept = self._read(stage)
        return None if kept is None else kept[0]

    def keep(self, stage: str, step: int, tensors: Callable[[], dict[str, Tensor]]) -> None:
        """Every so many steps, where there is room."""
        if step and step % EVERY == 0:
            self._write(stage, tensors(), {})

    def file(self, stage: str = "fit") -> Path:
        """The place of the result, or of a stage's checkpoint."""
        return self.folder / f"{self.key}.{stage}.safetensors"

    def _read(self, stage: str) -> Contents | None:
        file = self.file(stage)
        # Whatever it is that cannot be read: it is not what was written.
        with suppress(Exception):
            tensors, facts = read(file)
            if facts.pop(DIGEST) == _digest(file.name, tensors, facts):
                return tensors, facts
        _remove(file)
        return None

    def _write(self, stage: str, tensors: Mapping[str, Tensor], facts: dict[str, str]) -> bool:
        file = self.file(stage)
        with suppress(WeightsError, OSError):  # no room: the fit itself is not in danger
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write(file, tensors, facts | {DIGEST: _digest(file.name, tensors, facts)})
            return True
        return False


def _digest(name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> str:
    """Of all that a file of this name holds."""
    ordered = sorted(tensors.items())
    told = [(each, str(tensor.dtype), tuple(tensor.shape)) for each, tensor in ordered]
    header = json.dumps([name, sorted(facts.items()), told]).encode()
    digest = hashlib.blake2b(header, digest_size=16)
    for _, tensor in ordered:
        digest.update(data(tensor))
    return digest.hexdigest()


def _is_sound(tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> bool:
    """Whether this is a fit of these shapes, of numbers that a session may hold."""
    expected = {DELTA + name: (shape, torch.float16) for name, shape in shapes.items()}
    expected["ws"] = expected.pop(DELTA + "ws")[0], torch.float32
    return "ws" in tensors and all(
        (tensor.shape, tensor.dtype) == expected.get(name) and is_moderate(tensor)
        for name, tensor in tensors.items()
    )


def sweep(folder: Path, now: float | None = None) -> None:
    """Remove what is too old; then the oldest until the rest is small enough."""
    now = time.time() if now is None else now
    files.sweep(folder)
    size = 0
    for age, room, file in sorted(_found(folder, now)):
        size += room
        if age > OLDEST or size > MOST:
            _remove(file)


def _found(folder: Path, now: float) -> Iterator[tuple[float, int, Path]]:
    """(age, bytes, file) of all that is there."""
    with suppress(OSError):  # there is no such folder
        for file in folder.glob("*.safetensors*"):
            with suppress(OSError):  # another process has removed it meanwhile
                facts = file.lstat()
                yield now - facts.st_mtime, facts.st_size, file


def _remove(file: Path) -> None:
    with suppress(OSError):  # it is not there, or not ours
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink()
