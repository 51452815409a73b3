"""Rendered faces with their codes, landmarks and dense coordinates, read from a mapped folder.

``layout.json`` says what is what; ``images.npy``, ``coordinates.npy``, ``landmarks.npy``, ``z.npy``
and ``done.npy`` are written by the renderer, which may still be at work: what is done is used.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int16, UInt8, UInt16
from torch import Tensor
from torch.nn import functional as F

CPU = torch.device("cpu")
HELD_OUT = 500  # the last of the array are never trained on
QUANTA = 65_535  # the highest value of a quantised coordinate


@dataclass(frozen=True)
class Layout:
    """What the numbers of a folder mean.

    Args:
        z_dim: length of a code.
        side: of the pictures in px.
        box: lowest and highest point of the neutral face, decimetres.
        mirror_z: sign of each dimension of the mirrored picture's code.
        mirror_landmarks: which landmark each becomes in the mirrored picture.
        dragged: first and last (exclusive) dimension of z that a drag may move.
    """

    z_dim: int
    side: int
    box: Float[Tensor, "2 3"]
    mirror_z: Float[Tensor, " z"]
    mirror_landmarks: Int[Tensor, " points"]
    dragged: tuple[int, int]

    def on(self, device: torch.device) -> "Layout":
        """The same on another device."""
        signs, places = self.mirror_z.to(device), self.mirror_landmarks.to(device)
        return replace(self, mirror_z=signs, mirror_landmarks=places)


@dataclass(frozen=True)
class Pairs:
    """A batch: what a code should become. ``landmarks`` are (x, y) in px of the stored picture."""

    z: Float[Tensor, "n z"]
    pictures: Float[Tensor, "n 3 side side"]
    points: Float[Tensor, "n 4 half half"]
    landmarks: Float[Tensor, "n points 2"]


@dataclass(frozen=True)
class Faces:
    """Rendered faces; the arrays are on disk and hold more than these.

    Args:
        layout: what the numbers mean.
        rows: where each of these faces is in ``images`` and ``coordinates``.
        images: RGB.
        coordinates: x, y, z over the layout's box, and the label (0: background).
        z: the codes of these faces.
        landmarks: of these faces, (x, y) in px of ``images``; (0, 0) is the first pixel's centre.
        device: where batches are wanted.
    """

    layout: Layout
    rows: Int[np.ndarray, " n"]
    images: UInt8[np.ndarray, "all side side 3"]
    coordinates: UInt16[np.ndarray, "all half half 4"]
    z: Float[Tensor, "n z"]
    landmarks: Float[Tensor, "n points 2"]
    device: torch.device = CPU

    def __len__(self) -> int:
        return len(self.rows)

    def batch(
        self, index: Int[Tensor, " b"], side: int, mirrored: Bool[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b 3 side side"]:
        """Pictures in [-1, 1] at this size, area-averaged."""
        stored = torch.from_numpy(self.images[self.rows[index.numpy()]])
        return pictures_of(stored.to(self.device), side, _on(mirrored, self.device))

    def points(
        self, index: Int[Tensor, " b"], mirrored: Bool[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b 4 half half"]:
        """Per pixel x, y, z in [-1, 1] over the box (0 where nothing is), and coverage 1 or 0."""
        stored = torch.from_numpy(self.coordinates[self.rows[index.numpy()]].view(np.int16))
        return points_of(stored.to(self.device), self.layout, _on(mirrored, self.device))

    def marks(
        self, index: Int[Tensor, " b"], mirrored: Bool[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b points 2"]:
        """Landmarks, (x, y) in px of the stored pictures."""
        marks = self.landmarks[index].to(self.device)
        return marks_of(marks, self.layout.on(self.device), _on(mirrored, self.device))

    def codes(
        self, index: Int[Tensor, " b"], mirrored: Bool[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b z"]:
        """The codes of pictures or of their mirror pictures."""
        codes = self.z[index].to(self.device)
        return codes_of(codes, self.layout.on(self.device), _on(mirrored, self.device))

    def pairs(
        self, index: Int[Tensor, " b"], side: int, mirrored: Bool[Tensor, " b"] | None = None
    ) -> Pairs:
        """Everything known about some faces, the pictures at this size."""
        return Pairs(
            self.codes(index, mirrored),
            self.batch(index, side, mirrored),
            self.points(index, mirrored),
            self.marks(index, mirrored),
        )

    def drawn(self, source: torch.Generator, count: int, side: int) -> Pairs:
        """Random faces, every second one mirrored."""
        index = torch.randint(len(self), (count,), generator=source)
        return self.pairs(index, side, torch.rand(count, generator=source) < 0.5)

    def on(self, device: torch.device) -> "Faces":
        """The same, with batches made on this device."""
        return replace(self, device=device)


def pictures_of(
    stored: UInt8[Tensor, "b s s 3"], side: int, mirrored: Bool[Tensor, " b"] | None
) -> Float[Tensor, "b 3 side side"]:
    """Pictures in [-1, 1] at this size, area-averaged; some of them mirrored."""
    pixels = stored.permute(0, 3, 1, 2).float()
    pictures = F.avg_pool2d(pixels, pixels.shape[-1] // side) / 127.5 - 1
    return _either(mirrored, lambda: pictures.flip(3), pictures)


def points_of(
    stored: Int16[Tensor, "b h h 4"], layout: Layout, mirrored: Bool[Tensor, " b"] | None
) -> Float[Tensor, "b 4 h h"]:
    """Coordinates as the renderer keeps them (the bits of 16 without a sign) -> x, y, z, coverage.

    x, y, z are in [-1, 1] over the box, 0 where nothing is.
    """
    cells = (stored.int() & QUANTA).permute(0, 3, 1, 2)
    covered = (cells[:, 3:] > 0).float()
    xyz = cells[:, :3] * (2 / QUANTA) - 1
    painted = torch.cat([xyz * covered, covered], 1)

    def other() -> Tensor:
        low, high = layout.box[:, 0].tolist()
        x = -xyz[:, :1] - 2 * (low + high) / (high - low)  # minus x, whatever the box
        return torch.cat([x * covered, painted[:, 1:]], 1).flip(3)

    return _either(mirrored, other, painted)


def marks_of(
    marks: Float[Tensor, "b points 2"], layout: Layout, mirrored: Bool[Tensor, " b"] | None
) -> Float[Tensor, "b points 2"]:
    """Landmarks (x, y) px, of the mirrored pictures where so wanted."""

    def other() -> Tensor:
        turned = marks[:, layout.mirror_landmarks]
        return torch.stack([layout.side - 1 - turned[..., 0], turned[..., 1]], 2)

    return _either(mirrored, other, marks)


def codes_of(
    z: Float[Tensor, "b z"], layout: Layout, mirrored: Bool[Tensor, " b"] | None
) -> Float[Tensor, "b z"]:
    """The codes of pictures or of their mirror pictures."""
    return _either(mirrored, lambda: z * layout.mirror_z, z)


def _either(
    chosen: Bool[Tensor, " b"] | None, other: Callable[[], Tensor], plain: Tensor
) -> Tensor:
    if chosen is None:
        return plain
    return torch.where(chosen.view(-1, *[1] * (plain.ndim - 1)), other(), plain)


def _on(flags: Bool[Tensor, " b"] | None, device: torch.device) -> Tensor | None:
    return None if flags is None else flags.to(device)


def read_layout(folder: Path) -> Layout:
    """What the numbers of a folder mean."""
    facts = json.loads((folder / "layout.json").read_text("utf-8"))
    first, last = facts["dragged"]
    return Layout(
        int(facts["z_dim"]),
        int(facts["side"]),
        torch.tensor(facts["box"], dtype=torch.float32),
        torch.tensor(facts["mirror_z"], dtype=torch.float32),
        torch.tensor(facts["mirror_landmarks"]),
        (int(first), int(last)),
    )


def load(folder: Path) -> tuple[Faces, Faces]:
    """(training faces, held-out faces): those that are rendered now."""
    images, coordinates, done = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "coordinates", "done")
    )
    z, landmarks = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("z", "landmarks"))
    rendered = np.flatnonzero(done == 1)
    last = len(done) - HELD_OUT
    layout = read_layout(folder)

    def chosen(rows: np.ndarray) -> Faces:
        codes, marks = (torch.from_numpy(part[rows]) for part in (z, landmarks))
        return Faces(layout, rows, images, coordinates, codes, marks)

    return chosen(rendered[rendered < last]), chosen(rendered[rendered >= last])
