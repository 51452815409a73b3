"""Public models that stand in for real ones: small files in a published format, and servers."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from file_server import Site, serve
from worlds import SMALL, small_generator

from benchmarks.trust.hostile.pickle_writer import nvidia, pickled, snapshot, write
from weights.hub.catalogue import CC_BY, Licence, PublicModel

TERMS = {"CC": CC_BY, "toy": Licence("Toy Licence", "Toy", "play only", "/toy")}
FULL = "the disk is full"
"""This file in the folder for temporary files makes it so for shelf_page.py."""


@dataclass(frozen=True)
class Shelf:
    """What is in the catalogue: two models whose file is ``good``, and one whose file is not."""

    lions: Site
    dogs: Site
    horses: Site

    def catalogue(self) -> str:
        """For shelf_page.py."""
        good = self.lions.data
        facts = {"sha256": hashlib.sha256(good).hexdigest(), "bytes": len(good)}
        entries = [
            {"name": f"{name}-64", "title": name.capitalize(), "url": site.url, "licence": terms}
            for name, site, terms in (
                ("lions", self.lions, "CC"),
                ("dogs", self.dogs, "CC"),
                ("horses", self.horses, "toy"),
            )
        ]
        return json.dumps([facts | entry for entry in entries])


def entries(catalogue: str) -> tuple[PublicModel, ...]:
    """What it says, as the program knows it."""
    return tuple(
        PublicModel(
            entry["name"], entry["title"], "animal", 64, "nvidia", (entry["url"],),
            entry["sha256"], 1, entry["bytes"], TERMS[entry["licence"]],
        )
        for entry in json.loads(catalogue)
    )  # fmt: skip


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """Its servers run until the block ends."""
    file = folder / "model.pkl"
    write(file, pickled(snapshot(nvidia(small_generator(replace(SMALL, resolution=64))))))
    good = file.read_bytes()
    with (
        serve(Site(good)) as lions,
        serve(Site(bytes(len(good)))) as dogs,
        serve(Site(good)) as horses,
    ):
        yield Shelf(lions, dogs, horses)
