"""What can be said of a model before anybody chooses it, without building its network."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from photo.domain import Domain

from ..files import FACES, WeightsError
from ..info import outline
from .cache import cached
from .catalogue import CATALOGUE

SUFFIXES = (".safetensors", ".pkl", ".pt", ".pth")


@dataclass(frozen=True)
class Offer:
    """A model that can be chosen.

    Args:
        name: for a list that people choose from.
        file: of its weights.
        domain: how photos are cropped for it.
    """

    name: str
    file: Path
    domain: Domain = "face"


def offers(folder: Path | None = None) -> dict[str, Offer]:
    """The embedded model, those in the folder, and the public ones that are here, by name.

    Of two with one name the first counts. A file that cannot be read has its bare name: what is
    wrong with it is said once somebody chooses it.

    Raises:
        WeightsError: the embedded model cannot be read.
    """
    found = [_told(FACES, _stamp(FACES))]
    files = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    found += [_offer(file) for file in files if file.suffix in SUFFIXES]
    found += [Offer(m.label, file, m.domain) for m in CATALOGUE if (file := cached(m))]
    by_name: dict[str, Offer] = {}
    for offer in found:
        by_name.setdefault(offer.name, offer)
    return by_name


def _offer(file: Path) -> Offer:
    try:
        return _told(file, _stamp(file))
    except (WeightsError, OSError):
        return Offer(file.stem, file)


def _stamp(file: Path) -> tuple[int, int]:
    """Changes when the file does."""
    facts = file.stat()
    return facts.st_mtime_ns, facts.st_size


@lru_cache(64)
def _told(file: Path, stamp: tuple[int, int]) -> Offer:
    """What the file tells; read again only when it has changed."""
    told = outline(file)
    words = [f"{told.config.resolution} px"]
    if told.domain not in (None, "face"):
        words.append(told.domain)
    if told.public is not None:
        words.append(told.public.licence.short)
    title = file.stem[:1].upper() + file.stem[1:]
    return Offer(f"{title} ({', '.join(words)})", file, told.domain or "face")
