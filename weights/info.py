"""What a model's file holds, without building the network."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from photo.domain import Domain
from stylegan import Config

from .checkpoints import is_ours, opened
from .files import FACES
from .formats import config, domain, metadata
from .hub.cache import kept
from .hub.catalogue import PublicModel, published
from .published.checkpoint import lacked
from .published.unfilled import unfilled

ARCHITECTURE = "architecture"  # in the metadata of a converted file, see ``Outline``
SOURCE = "source_sha256"  # in the metadata of a converted file: which file it was made from


@dataclass(frozen=True)
class Outline:
    """What a model's file tells at once: neither its numbers nor its checksum are looked at.

    Args:
        format: of the file, in words.
        config: the generator's shape.
        facts: more that the file tells, by name.
        public: the model of the catalogue that the file is, or was converted from, if that is told.
        domain: how a photo is cropped for it, if the file or the catalogue tells.
        architecture: "skip", or "orig": the last block alone makes the picture.
        missing: the names of the generator's tensors that are not in the file, or nothing but 0.
    """

    format: str
    config: Config
    facts: Mapping[str, str]
    public: PublicModel | None
    domain: Domain | None
    architecture: str
    missing: Collection[str]


def outline(file: Path) -> Outline:
    """What a model's file tells at once.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
    """
    public = kept(file)
    crop = public and public.domain
    if is_ours(file):
        facts = metadata(file)
        crop = crop or domain(file, facts)
        public = public or published(facts.get(SOURCE))
        shape, drawn = config(file, facts), "orig" if facts.get(ARCHITECTURE) == "orig" else "skip"
        zero = lacked(shape, drawn)
        return Outline("DragPhoto, safetensors", shape, facts, public, crop, drawn, zero)
    with opened(file) as found:
        drawn, missing = found.architecture, found.missing
        return Outline(found.kind, found.config, {}, public, crop, drawn, missing)


def info(file: Path) -> dict[str, object]:
    """What a model's file holds, by name; None is what neither the file nor the catalogue tells.

    ``resolution`` is in px, ``size`` in bytes, ``parameters`` how many numbers training sets,
    ``source`` the sha256 of the file that this one was converted from.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
    """
    told, checksum = outline(file), sha256(file)
    shape, public = told.config, told.public or published(checksum)
    licence = told.facts.get("licence", public and public.licence.name)
    parts = unfilled(shape).named_parameters()
    labels = f", {shape.c_dim} labels" if shape.c_dim else ""
    return {
        "format": told.format,
        "architecture": f"StyleGAN2, {told.architecture}, z {shape.z_dim}, w {shape.w_dim}{labels}",
        "resolution": shape.resolution,
        "parameters": sum(part.numel() for name, part in parts if name not in told.missing),
        "domain": told.domain or (public and public.domain),
        "licence": "CC0-1.0" if file.resolve() == FACES else licence,
        "sha256": checksum,
        "size": file.stat().st_size,
        "source": told.facts.get(SOURCE),
    }


def sha256(file: Path) -> str:
    """The digest of a file's bytes, in hexadecimal."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
