"""One portrait of a code: picture, canonical coordinates and landmarks."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8

from . import traits as T
from .assets import BROWS, HAIR, IRISES, SKINS, Assets
from .figure import Heads, Poser, rotate
from .mesh import Surface
from .points import Landmarks
from .scene import Part, Scene, Shading

HAIR_NEARER = 0.05  # decimetres
FRINGE = 7.72  # height in the base mesh: hair before the face that hangs lower is drawn up
EARS = 7.0  # height in the base mesh below which long hair can be longer or shorter
CROWN = np.array([0.0, 7.3, 0.25])  # hair grows away from here


@dataclass(frozen=True)
class Portrait:
    """What to draw, and the head it was made from."""

    parts: list[Part]
    shading: Shading
    head: Heads


def textures(assets: Assets) -> dict[str, list[UInt8[np.ndarray, "s s 4"]]]:
    """All textures by the name that parts know them by; white where there is none."""

    def read(paths: list[str], side: int) -> list[np.ndarray]:
        return [assets.texture(path, side) for path in paths]

    hair = {name: read([assets.picture_of(f"hair/{name}")], 512) for name in HAIR}
    return hair | {
        "skin": read([assets.picture_of(f"skins/{name}") for name in SKINS], 1024),
        "eyes": read([f"eyes/materials/{name}_eye.png" for name in IRISES], 512),
        "brows": read([assets.picture_of(f"eyebrows/{name}") for name in BROWS], 256),
        "lashes": read([assets.picture_of("eyelashes/eyelashes01")], 256),
        "teeth": read([assets.picture_of("teeth/teeth_base")], 512),
        "tongue": read([assets.picture_of("tongue/tongue01")], 128),
        "plain": [np.full((8, 8, 4), 255, dtype=np.uint8)],
    }


class Portraits:
    """Draws portraits of codes."""

    def __init__(self, assets: Assets):
        self.assets, self.landmarks = assets, Landmarks(assets)
        self.poser = Poser(assets, used_vertices(assets))
        self.skin, corner = np.unique(assets.body.vertex, return_inverse=True)
        self.body = Surface(corner.astype("i4"), assets.body.uv, assets.body.triangles)
        self.rest = {name: proxy.fit(assets.base) for name, proxy in assets.proxies.items()}
        self.scene = Scene(textures(assets))

    def portrait(self, z: Float[np.ndarray, " z"]) -> Portrait:
        """The parts of one code's portrait in their places."""
        x = T.factors(z[None])
        head = self.poser.heads(x)[0]
        looks = {name: value[0] for name, value in T.looks(x).items()}
        skin = self._part("skin", head, "skin")
        parts = [_mixed(skin, T.skin(x)[0]), self._eyes(head, x)]
        parts += [self._part("mouth", head, "teeth"), self._part("mouth", head, "tongue")]
        parts += self._brows(head, x, float(looks["brow_dark"][0]))
        parts += [self._part("lashes", head, "lashes", opacity=float(looks["lashes"][0]))]
        parts += self._hair(head, x)
        return Portrait(parts, shading(looks, T.hair_colour(x)[0]), head)

    def points(self, head: Heads) -> Float[np.ndarray, "p 2"]:
        """The landmarks of a portrait in px."""
        at, rest = self.landmarks.on(head.base), self.landmarks.on(self.assets.base)
        return head.pixels(head.turn(at, rest))

    def _part(
        self,
        kind: str,
        head: Heads,
        name: str,
        points: np.ndarray | None = None,
        opacity: float = 1,
    ) -> Part:
        if name == "skin":
            surface, points, rest = self.body, head.base[self.skin], self.assets.base[self.skin]
        else:
            proxy, rest = self.assets.proxies[name], self.rest[name]
            surface = proxy.surface
            points = proxy.fit(head.base) if points is None else points
        view = head.turn(points, rest)
        clip = head.clip(view)
        if kind == "hair":  # a little nearer, so that no scalp shows through
            clip[:, 2] = head.clip(view + np.array([0, 0, HAIR_NEARER]))[:, 2]
        return Part(kind, surface, clip, view, rest, name, opacity=opacity)

    def _eyes(self, head: Heads, x: dict[str, np.ndarray]) -> Part:
        points = self.assets.proxies["eyes"].fit(head.base)
        yaw, pitch = T.pose(x)[1][0]
        for joint in ("l-eye", "r-eye"):
            centre = head.base[self.assets.joints[joint]].mean(0)
            mine = (points[:, 0] > 0) == (joint == "l-eye")
            angles = np.tile([yaw, pitch, 0.0], (int(mine.sum()), 1))
            points[mine] = rotate(points[mine] - centre, angles) + centre
        return _mixed(self._part("eyes", head, "eyes", points), T.iris(x)[0])

    def _brows(self, head: Heads, x: dict[str, np.ndarray], dark: float) -> list[Part]:
        found: list[Part] = []
        for k, share in enumerate(T.brows(x)[0]):
            if share > 0.02:
                part = self._part("brows", head, BROWS[k], opacity=dark * min(1.0, 1.5 * share))
                found.append(replace(part, textures="brows", layer=(k,)))
        return found

    def _hair(self, head: Heads, x: dict[str, np.ndarray]) -> list[Part]:
        style = int(T.hair_style(x)[0])
        if style == T.BALD:
            return []
        name = HAIR[style]
        points, rest = self.assets.proxies[name].fit(head.base), self.rest[name]
        length, volume = 0.16 * x["hair_length"][0, 0], 0.02 * x["hair_volume"][0, 0]
        away = points - (CROWN + head.pivot - self.assets.base[self.assets.joints["head"]].mean(0))
        points = points + volume * np.clip(rest[:, 1:2] - 6.6, 0, 1) * away
        points[:, 1] += length * np.minimum(rest[:, 1] - EARS, 0)
        fringe = np.clip((rest[:, 2] - 0.9) / 0.4, 0, 1) * np.clip(
            6 * (0.75 - abs(rest[:, 0])), 0, 1
        )
        points[:, 1] -= 0.85 * fringe * np.minimum(rest[:, 1] - FRINGE, 0)
        part = self._part("hair", head, name, points)
        return [part]


def used_vertices(assets: Assets) -> np.ndarray:
    """The vertices of the base mesh that anything drawn depends on."""
    proxies = [v for p in assets.proxies.values() for v in (p.base.ravel(), p.scale.ravel())]
    return np.unique(np.concatenate([assets.body.vertex, *assets.joints.values(), *proxies]))


def _mixed(part: Part, shares: np.ndarray) -> Part:
    """The part with a mix of its textures; the largest shares are kept."""
    order = np.argsort(-shares)[:4]
    return replace(part, layer=tuple(order.tolist()), share=tuple(shares[order].tolist()))


def shading(looks: dict[str, np.ndarray], hair: np.ndarray) -> Shading:
    """Light and colours from the traits."""
    azimuth, elevation = looks["light"]
    direction = np.array([np.sin(azimuth), elevation, np.cos(azimuth)])
    warm = np.array([1.0, 0.0, -1.0]) * looks["warmth"]
    exposure, contrast = float(looks["exposure"][0]), float(looks["contrast"][0])
    key = 1.25 * exposure * contrast * (1 + warm)
    sky = 0.62 * exposure * (1.15 - contrast) * (1 - 0.5 * warm)
    numbers = {name: float(looks[name][0]) for name in ("lips", "blush", "stubble")}
    inputs: dict[str, object] = {
        "camera": (0.0, 0.0, 14.0), "key_direction": tuple(direction / np.linalg.norm(direction)),
        "key": tuple(key), "fill": tuple(0.25 * sky), "sky": tuple(sky),
        "ground": tuple(0.55 * sky), "tint": tuple(looks["tint"]), "hair": tuple(hair),
        "cloth": tuple(looks["cloth"]), "collar": tuple(looks["collar"]), **numbers,
    }  # fmt: skip
    back = looks["background"]
    background: dict[str, object] = {
        "from": tuple(back[:3]), "to": tuple(back[3:]),
        "gradient": tuple(looks["gradient"]), "blobs": looks["blobs"].tolist(),
    }  # fmt: skip
    return Shading(direction, inputs, background)
