"""MakeHuman's data folder, as published: the head's surfaces, morph targets and textures."""

import io
from dataclasses import dataclass
from pathlib import Path
from zipfile import Path as ZipPath

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from .mesh import Proxy, Surface, read_obj, read_proxy, read_target, select

MOUTH_CORNERS = (7129, 369)  # vertices of the base mesh: the person's left, right
LOWEST = 4.3  # decimetres of the base mesh: the chest, below which nothing is drawn
HAIR = ("short01", "short02", "short03", "short04", "long01", "braid01", "ponytail01", "bob02")
SKINS = (
    "young_caucasian_male", "young_caucasian_male2", "middleage_caucasian_male",
    "young_caucasian_female2", "young_asian_male", "middleage_asian_male",
    "young_asian_female", "middleage_asian_female",
    "young_african_male", "middleage_african_male", "old_african_male",
)  # fmt: skip
IRISES = ("brown", "brownlight", "green", "grey", "blue", "lightblue")
BROWS = ("eyebrow001", "eyebrow004", "eyebrow008", "eyebrow010", "eyebrow012")
RACES = ("african", "asian", "caucasian")
TEXTURE_SIDE = 1024

Folder = Path | ZipPath


@dataclass(frozen=True)
class Assets:
    """What is needed to draw heads; lengths in decimetres, y up, z towards the viewer.

    Args:
        folder: where textures are read from.
        base: vertices of the neutral base mesh, helpers and joints included.
        body: the skin, from the chest up.
        joints: the vertices whose mean is a joint, by its name without ``joint-``.
        proxies: eyes, teeth, tongue, brows, lashes and hair by name.
        targets: how far each morph target moves the base mesh, by its path without ending.
    """

    folder: Folder
    base: Float32[np.ndarray, "v 3"]
    body: Surface
    joints: dict[str, np.ndarray]
    proxies: dict[str, Proxy]
    targets: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def mouth(self) -> np.ndarray:
        """The vertices of the mouth's corners."""
        return np.array(MOUTH_CORNERS)

    def texture(self, path: str, side: int = TEXTURE_SIDE) -> UInt8[np.ndarray, "side side 4"]:
        """A texture, its first row the bottom one, as OpenGL wants it."""
        with Image.open(io.BytesIO((self.folder / path).read_bytes())) as image:
            small = image.convert("RGBA").resize((side, side), Image.Resampling.BOX)
        return np.ascontiguousarray(np.asarray(small)[::-1])

    def picture_of(self, place: str) -> str:
        """The path of the only diffuse texture in a folder."""
        names = sorted(entry.name for entry in (self.folder / place).iterdir())
        return f"{place}/{next(name for name in names if name.endswith('.png'))}"


def read_assets(source: Path) -> Assets:
    """The folder, or a zip file of it.

    Raises:
        FileNotFoundError: a part is missing.
    """
    folder: Folder = ZipPath(source) if source.is_file() else source
    base, groups = read_obj((folder / "3dobjs/base.obj").read_text("utf-8"))
    body = select(groups["body"], base[:, 1] > LOWEST)
    joints = {
        name.removeprefix("joint-"): np.unique(surface.vertex)
        for name, surface in groups.items()
        if name.startswith("joint-")
    }
    proxies = {
        "eyes": _proxy(folder, "eyes/high-poly/high-poly"),
        "teeth": _proxy(folder, "teeth/teeth_base/teeth_base"),
        "tongue": _proxy(folder, "tongue/tongue01/tongue01"),
        "lashes": _proxy(folder, "eyelashes/eyelashes01/eyelashes01"),
    }
    proxies |= {name: _proxy(folder, f"hair/{name}/{name}") for name in HAIR}
    proxies |= {name: _proxy(folder, f"eyebrows/{name}/{name}") for name in BROWS}
    return Assets(folder, base, body, joints, proxies, _targets(folder / "targets", ""))


def _proxy(folder: Folder, path: str) -> Proxy:
    _, groups = read_obj((folder / f"{path}.obj").read_text("utf-8"))
    return read_proxy((folder / f"{path}.mhclo").read_text("utf-8"), _joined(groups))


def _joined(groups: dict[str, Surface]) -> Surface:
    surfaces = list(groups.values())
    starts = np.cumsum([0, *(len(surface.vertex) for surface in surfaces)])
    return Surface(
        np.concatenate([surface.vertex for surface in surfaces]),
        np.concatenate([surface.uv for surface in surfaces]),
        np.concatenate(
            [
                surface.triangles + np.int32(at)
                for surface, at in zip(surfaces, starts, strict=False)
            ]
        ),
    )


def _targets(folder: Folder, prefix: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found |= _targets(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".target"):
            name = f"{prefix}{entry.name.removesuffix('.target')}"
            found[name] = read_target(entry.read_text("utf-8"))
    return found
