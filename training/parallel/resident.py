"""Rendered faces in a GPU's memory: batches are drawn there, and nothing waits for the disk."""

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data import HELD_OUT, Pairs, codes_of, marks_of, pictures_of, points_of, read_layout

ARRAYS = ("images", "coordinates", "z", "landmarks")
AT_ONCE = 512  # faces that are copied together
PATIENCE = 4.0  # seconds between two looks at what was rendered meanwhile


class Resident:
    """The training faces of a folder; what is rendered while training goes on comes along."""

    def __init__(self, folder: Path, device: torch.device):
        self.layout = read_layout(folder).on(device)
        stored = {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in ARRAYS}
        self._stored = stored | {"coordinates": stored["coordinates"].view(np.int16)}
        self._done = np.load(folder / "done.npy", mmap_mode="r")
        count = len(self._done) - HELD_OUT
        self._known = np.zeros(count, dtype=bool)
        self._here = {
            name: torch.empty(count, *a.shape[1:], dtype=_kind(a), device=device)
            for name, a in self._stored.items()
        }
        self.count = torch.zeros([], device=device)
        self.patience, self._looked = PATIENCE, -PATIENCE
        self.refresh()

    def refresh(self) -> None:
        """Take in what has been rendered since the last look, unless that was just now."""
        if time.monotonic() - self._looked < self.patience:
            return
        self._looked = time.monotonic()
        new = np.flatnonzero((self._done[: len(self._known)] == 1) & ~self._known)
        first = int(self._known.sum())
        for start in range(0, len(new), AT_ONCE):
            rows = new[start : start + AT_ONCE]
            here = slice(first + start, first + start + len(rows))
            together = int(rows[-1]) - int(rows[0]) + 1 == len(rows)  # a slice is not copied first
            chosen = slice(int(rows[0]), int(rows[-1]) + 1) if together else rows
            for name, array in self._stored.items():
                self._here[name][here].copy_(torch.from_numpy(array[chosen]))
        self._known[new] = True
        self.count.fill_(float(self._known.sum()))

    def drawn(self, count: int, side: int) -> Pairs:
        """Random faces, every second one mirrored; needs no word from the CPU."""
        place = torch.rand(count, device=self.count.device)
        index = (place * self.count).long().minimum((self.count - 1).long())
        mirrored = torch.rand(count, device=self.count.device) < 0.5
        images, points, z, marks = (self._here[name][index] for name in ARRAYS)
        return Pairs(
            codes_of(z, self.layout, mirrored),
            pictures_of(images, side, mirrored),
            points_of(points, self.layout, mirrored),
            marks_of(marks, self.layout, mirrored),
        )


def _kind(array: np.ndarray) -> torch.dtype:
    return torch.from_numpy(np.empty(0, array.dtype)).dtype


class Pool:
    """Codes and what they stand for, many, in a GPU's memory."""

    def __init__(self, z: np.ndarray, known: np.ndarray, device: torch.device):
        self.z, self.known = (torch.from_numpy(part).to(device) for part in (z, known))

    def drawn(self, count: int) -> tuple[Tensor, Tensor]:
        """Random codes [count z] and what they stand for [count p]."""
        index = torch.randint(len(self.z), (count,), device=self.z.device)
        return self.z[index], self.known[index].float()
