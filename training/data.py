"""Rendered faces with their codes, unpacked once into one array that training can index.

The folder holds ``NNNNNN.npz.zip`` shards: 500 WebP pictures of 256 px, their codes ``z.npy`` and
landmarks ``landmarks.npy`` ((x, y) in px of the 256 px picture).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SOURCE_SIDE = 256
HELD_OUT = 500  # the last shard is never trained on


@dataclass(frozen=True)
class Faces:
    """Pairs of code and picture; ``landmarks`` are (x, y) in px of ``images``."""

    images: UInt8[np.ndarray, "n side side 3"]
    z: Float[Tensor, "n z"]
    landmarks: Float[Tensor, "n points 2"]

    def __len__(self) -> int:
        return len(self.z)

    def batch(self, index: Tensor, side: int) -> Float[Tensor, "n 3 side side"]:
        """Pictures in [-1, 1] at this size, area-averaged."""
        pixels = torch.from_numpy(self.images[index.numpy()]).permute(0, 3, 1, 2).float()
        return F.avg_pool2d(pixels, pixels.shape[-1] // side) / 127.5 - 1

    def split(self, first: int, last: int) -> "Faces":
        """A slice of the pairs."""
        part = slice(first, last)
        return Faces(self.images[part], self.z[part], self.landmarks[part])


def load(folder: Path, cache: Path, side: int) -> tuple[Faces, Faces]:
    """(training pairs, held-out pairs) at ``side`` px; decodes into ``cache`` the first time."""
    if not (cache / f"images{side}.npy").exists():
        _decode(folder, cache, side)
    images = np.load(cache / f"images{side}.npy", mmap_mode="r")
    z = torch.from_numpy(np.load(cache / "z.npy"))
    landmarks = torch.from_numpy(np.load(cache / "landmarks.npy"))
    every = Faces(images, z, landmarks * (side / SOURCE_SIDE))
    return every.split(0, len(z) - HELD_OUT), every.split(len(z) - HELD_OUT, len(z))


def _decode(folder: Path, cache: Path, side: int) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    shards = sorted(folder.glob("*.npz.zip"))
    codes: list[np.ndarray] = []
    landmarks: list[np.ndarray] = []
    images: list[np.ndarray] = []
    for shard in shards:
        with ZipFile(shard) as archive:
            codes.append(_array(archive, "z.npy"))
            landmarks.append(_array(archive, "landmarks.npy"))
            images.append(np.stack(list(_pictures(archive, side))))
        print(f"decoded {shard.name}", flush=True)
    np.save(cache / "z.npy", np.concatenate(codes))
    np.save(cache / "landmarks.npy", np.concatenate(landmarks))
    np.save(cache / f"images{side}.npy", np.concatenate(images))


def _array(archive: ZipFile, name: str) -> np.ndarray:
    return np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def _pictures(archive: ZipFile, side: int) -> Iterator[UInt8[np.ndarray, "side side 3"]]:
    for name in sorted(n for n in archive.namelist() if n.endswith(".webp")):
        with Image.open(io.BytesIO(archive.read(name))) as picture:
            yield np.asarray(picture.convert("RGB").reduce(SOURCE_SIDE // side))
