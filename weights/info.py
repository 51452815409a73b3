"""What a model's file holds, without building the network."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .checkpoints import is_ours, opened
from .formats import FACES, config, read
from .unfilled import unfilled

SOURCE = "source_sha256"  # in the metadata of a converted file: which file it was made from


@dataclass(frozen=True)
class Info:
    """What is known of a model's file.

    Args:
        format: of the file, in words.
        architecture: of the network, in words.
        resolution: side of its pictures in px.
        parameters: how many numbers training sets.
        licence: of the weights, if the file tells.
        sha256: of the file.
        size: of the file in bytes.
        source: sha256 of the file that this one was converted from, if the file tells.
    """

    format: str
    architecture: str
    resolution: int
    parameters: int
    licence: str | None
    sha256: str
    size: int
    source: str | None


def info(file: Path) -> Info:
    """What a model's file holds.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
    """
    facts: dict[str, str] = {}
    if is_ours(file):
        facts, kind = read(file)[1], "DragPhoto, safetensors"
        shape = config(file, facts)
    else:
        with opened(file) as found:
            kind, shape = found.kind, found.config
    labels = f", {shape.c_dim} labels" if shape.c_dim else ""
    return Info(
        kind,
        f"StyleGAN2, skip, z {shape.z_dim}, w {shape.w_dim}{labels}",
        shape.resolution,
        sum(part.numel() for part in unfilled(shape).parameters()),
        "CC0-1.0" if file.resolve() == FACES else facts.get("licence"),
        sha256(file),
        file.stat().st_size,
        facts.get(SOURCE),
    )


def sha256(file: Path) -> str:
    """The digest of a file's bytes, in hexadecimal."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
