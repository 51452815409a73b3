"""A stand-in for MakeHuman's data folder: a smooth head on shoulders, made here of formulas.

It has every file that ``training`` reads, and the vertices that ``training/renderer/points.py``
names are where they belong; nothing in it is MakeHuman's.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import moderngl
import numpy as np
import pytest
from PIL import Image

from training.renderer import points
from training.renderer import traits as T
from training.renderer.assets import BROWS, HAIR, IRISES, MOUTH_CORNERS, SKINS
from training.renderer.scene import HEADLESS

COUNT = 19_158  # vertices of the base mesh
COLUMNS = 96
# Height, half width, front and back of the body.
PROFILE = np.array([
    (4.0, 2.2, 0.9, -0.9), (5.0, 2.0, 0.8, -0.8), (5.4, 1.2, 0.7, -0.6), (5.6, 0.55, 0.6, -0.5),
    (6.0, 0.45, 0.6, -0.45), (6.2, 0.5, 1.35, -0.5), (6.6, 0.62, 1.45, -0.6),
    (7.0, 0.74, 1.5, -0.75), (7.4, 0.78, 1.5, -0.8), (7.8, 0.75, 1.42, -0.8),
    (8.1, 0.62, 1.2, -0.65), (8.35, 0.4, 0.8, -0.4), (8.5, 0.02, 0.2, 0.16),
])  # fmt: skip
HEIGHTS = np.hstack([np.linspace(4, 6, 16), np.arange(6.08, 7.76, 0.03), np.linspace(7.8, 8.5, 8)])
JOINTS = {"head": (0.0, 7.0, 0.2), "l-eye": (0.31, 7.28, 1.25), "r-eye": (-0.31, 7.28, 1.25)}
CENTRE = np.array([0.0, 7.3, 0.2])
CUBE = 0.03 * np.stack(np.meshgrid(*[[-1, 1]] * 3), -1).reshape(-1, 3)
COLOURS = {"skins": (214, 160, 130, 255), "hair": (90, 60, 40, 255), "teeth": (240, 235, 225, 255)}
# x and y of the person's left side of what points.py lists.
PLACES = {
    points.JAW: [(0.74, 7.3), (0.72, 7.06), (0.68, 6.85), (0.6, 6.6), (0.5, 6.46), (0.4, 6.38),
                 (0.29, 6.29), (0.15, 6.24)],
    points.BROW: [(0.14, 7.46), (0.24, 7.49), (0.34, 7.49), (0.44, 7.46), (0.54, 7.4)],
    points.NOSTRIL: [(0.07, 6.8), (0.15, 6.83)],
    points.EYE: [(0.17, 7.28), (0.26, 7.34), (0.36, 7.34), (0.45, 7.28), (0.36, 7.22),
                 (0.26, 7.22)],
    (points.LIP_CORNER, points.INNER_CORNER): [(0.27, 6.6), (0.2, 6.6)],
    points.UPPER_LIP: [(0.07, 6.72), (0.16, 6.7)],
    points.LOWER_LIP: [(0.07, 6.49), (0.16, 6.51)],
    (points.INNER_UPPER, points.INNER_LOWER): [(0.11, 6.65), (0.11, 6.55)],
    points.EAR: [(0.77, 7.4), (0.7, 6.95)],
    points.CHEEK: [(0.5, 6.9), (0.47, 7.1), (0.55, 6.75)],
    points.TEMPLE: [(0.64, 7.55), (0.3, 7.9), (0.6, 7.7)],
    points.NOSE: [(0, 7.3), (0, 7.18), (0, 7.06), (0, 6.95)],
    points.MIDDLE: [(0, 7.95), (0, 7.6), (0, 6.35)],
    (points.UNDER_NOSE, points.CHIN): [(0, 6.8), (0, 6.23)],
    (points.UPPER_MIDDLE, points.LOWER_MIDDLE): [(0, 6.73), (0, 6.48)],
    (points.INNER_UPPER_MIDDLE, points.INNER_LOWER_MIDDLE): [(0, 6.66), (0, 6.54)],
}  # fmt: skip


@dataclass(frozen=True)
class Skin:
    """A grid of points wrapped around the body, and its quads.

    Args:
        place: the points.
        number: which vertex of the base mesh each point is.
        quads: four corners each, anticlockwise from outside: (point, place in the texture).
        uv: places in the texture.
    """

    place: np.ndarray
    number: np.ndarray
    quads: np.ndarray
    uv: np.ndarray


def expect_opengl() -> None:
    """Fail with what to install where nothing can be drawn."""
    try:
        moderngl.create_standalone_context(**HEADLESS).release()
    except Exception as trouble:
        packages = "libegl1 libgl1 libgl1-mesa-dri"
        sentence = f"No OpenGL through EGL ({trouble}). Install Mesa: apt-get install {packages}"
        pytest.fail(sentence, pytrace=False)


def write(folder: Path) -> Path:
    """Fill the folder."""
    place = grid()
    skin = Skin(place, numbered(place), *quads(len(HEIGHTS)))
    base = np.zeros((COUNT, 3))
    base[skin.number] = place
    joints = np.setdiff1d(np.arange(COUNT), skin.number)[:24].reshape(3, 8)
    base[joints] = np.array(list(JOINTS.values()))[:, None] + CUBE
    middle = place[skin.quads[..., 0]].mean(1)
    lips = (abs(middle[:, 0]) < 0.15) & (abs(middle[:, 1] - 6.6) < 0.03) & (middle[:, 2] > 1)
    groups = {"body": faces(skin.quads[~lips], skin.number)}  # the mouth is open a little
    for name, vertices in zip(JOINTS, joints, strict=True):
        groups[f"joint-{name}"] = [f"f {' '.join(str(v + 1) for v in vertices)}"]
    save(folder / "3dobjs/base.obj", obj(base, skin.uv, groups))
    for path, kept, push in patches(place):
        write_patch(folder / path, skin, kept, push)
    for name in T.morphs(T.factors(np.ones((1, T.Z_DIM))), True):
        save(folder / f"targets/{name}.target", target(name, skin))
    write_textures(folder)
    return folder


def grid() -> np.ndarray:
    """Rings of points, closer together in the face; the nose sticks out."""
    turn = np.arange(COLUMNS) * 2 * np.pi / COLUMNS
    turn = turn - 0.4 * np.sin(turn)
    wide, front, back = (np.interp(HEIGHTS, PROFILE[:, 0], PROFILE[:, k]) for k in (1, 2, 3))
    x = wide[:, None] * np.sin(turn)
    z = (front + back)[:, None] / 2 + (front - back)[:, None] / 2 * np.cos(turn)
    y = np.broadcast_to(HEIGHTS[:, None], x.shape)
    z = z + (z > 1) * 0.2 * np.exp(-((x / 0.1) ** 2) - ((y - 6.95) / 0.15) ** 2)
    half = COLUMNS // 2  # exact mirror pairs
    x[:, half], x[:, half + 1 :], z[:, half + 1 :] = (
        0,
        -x[:, half - 1 : 0 : -1],
        z[:, half - 1 : 0 : -1],
    )
    return np.stack([x, y, z], -1).reshape(-1, 3).round(5)


def numbered(place: np.ndarray) -> np.ndarray:
    """Which vertex of the base mesh each point is: those of PLACES, then any."""
    number = np.full(len(place), -1)
    for vertices, wanted in PLACES.items():
        for vertex, (x, y) in zip(vertices, wanted, strict=True):
            away = np.abs(place[:, :2] - (x, y)).sum(1)
            away[(place[:, 2] < 0.3) | (number >= 0) | ((place[:, 0] > 0) != (x > 0))] = np.inf
            number[away.argmin()] = vertex
    other = place[number == MOUTH_CORNERS[0]] * [-1, 1, 1]
    number[np.abs(place - other).sum(1).argmin()] = MOUTH_CORNERS[1]
    number[number < 0] = np.setdiff1d(np.arange(COUNT), number)[: (number < 0).sum()]
    return number


def quads(rings: int) -> tuple[np.ndarray, np.ndarray]:
    """(four (point, place in the texture) each; places in the texture, with a seam behind)."""
    ring, column = (part.ravel() for part in np.mgrid[: rings - 1, :COLUMNS])
    corners = [(ring + up, column + on) for up, on in ((0, 0), (0, 1), (1, 1), (1, 0))]
    found = [(r * COLUMNS + c % COLUMNS, r * (COLUMNS + 1) + c) for r, c in corners]
    v, u = np.mgrid[:rings, : COLUMNS + 1]
    uv = np.stack([u / COLUMNS, v / (rings - 1)], -1).reshape(-1, 2)
    return np.array(found).transpose(2, 0, 1), uv


def faces(chosen: np.ndarray, number: np.ndarray) -> list[str]:
    return [
        "f " + " ".join(f"{number[point] + 1}/{uv + 1}" for point, uv in quad)
        for quad in chosen.tolist()
    ]


def obj(points: np.ndarray, uvs: np.ndarray, groups: dict[str, list[str]]) -> list[str]:
    lines = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in points.tolist()]
    lines += [f"vt {u:.5f} {v:.5f}" for u, v in uvs.tolist()]
    for name, polygons in groups.items():
        lines += [f"g {name}", *polygons]
    return lines


def patches(place: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(path, which points of the skin it lies over, how far it is pushed away from them)."""
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    away = place - CENTRE
    away = away / np.linalg.norm(away, axis=1, keepdims=True)
    forward = np.array([0.0, 0.0, 1.0])
    eye = (((x - 0.31) / 0.11) ** 2 + ((y - 7.28) / 0.05) ** 2 < 1) & (z > 1)
    lash = (abs(x - 0.31) < 0.12) & (abs(y - 7.34) < 0.05) & (z > 1)
    brow = (abs(x - 0.34) < 0.18) & (abs(y - 7.47) < 0.05) & (z > 0.9)
    mouth = (x < 0.3) & (abs(y - 6.6) < 0.15) & (z > 1)
    yield "eyes/high-poly/high-poly", eye, 0.03 * forward
    yield "eyelashes/eyelashes01/eyelashes01", lash, 0.04 * forward
    yield "teeth/teeth_base/teeth_base", mouth, -0.1 * forward
    yield "tongue/tongue01/tongue01", mouth & (y < 6.6), -0.15 * forward
    for name in BROWS:
        yield f"eyebrows/{name}/{name}", brow, 0.02 * forward
    for k, name in enumerate(HAIR):
        low = 7.3 - 0.25 * k
        yield f"hair/{name}/{name}", (y > 7.95) | ((z < 0.35) & (y > low)), 0.1 * away


def write_patch(path: Path, skin: Skin, kept: np.ndarray, push: np.ndarray) -> None:
    """A proxy that lies over some of the skin; each vertex is a base vertex and an offset."""
    points = np.flatnonzero(kept)
    within = np.cumsum(kept) - 1
    chosen = skin.quads[kept[skin.quads[..., 0]].all(1)]
    polygons = faces(chosen, within)
    save(path.with_suffix(".obj"), obj(skin.place[points], skin.uv, {"patch": polygons}))
    lines = ["# made of formulas", f"name {path.name}", f"obj_file {path.name}.obj"]
    for axis, name in enumerate("xyz"):
        order = np.argsort(skin.place[:, axis] + 100 * (skin.place[:, 1] < 6.2))
        order = order[skin.place[order, 1] >= 6.2]
        ends = [order[0], order[-1]]
        size = skin.place[ends[1], axis] - skin.place[ends[0], axis]
        lines.append(f"{name}_scale {skin.number[ends[0]]} {skin.number[ends[1]]} {size:.5f}")
    offsets = np.broadcast_to(push, skin.place.shape)[points]
    lines.append("verts 0")
    for v, (x, y, z) in zip(skin.number[points].tolist(), offsets.tolist(), strict=True):
        lines.append(f"{v} {v} {v} 1 0 0 {x:.5f} {y:.5f} {z:.5f}")
    save(path.with_suffix(".mhclo"), lines)


def target(name: str, skin: Skin) -> list[str]:
    """A dent or bump on one or both sides of the head; left and right are each other's mirror."""
    side = re.search(r"left|right|/[lr]-|-[lr]$", name)
    plain = re.sub(r"left|right|/[lr]-|-[lr]$", "", name)
    dice = np.random.default_rng(zlib.crc32(plain.encode()))
    x, y, z = dice.uniform((0.1, 6.3, 0.9), (0.5, 7.7, 1.4))
    move = dice.uniform(-0.04, 0.04, 3)
    lines = ["# made of formulas"]
    for letter, sign in (("l", 1), ("r", -1)):
        if side and letter not in side[0].replace("left", "l").replace("right", "r"):
            continue
        away = np.linalg.norm(skin.place - (sign * x, y, z), axis=1)
        for k in np.flatnonzero(away < max(0.15, away.min() + 0.03)).tolist():
            dx, dy, dz = move * [sign, 1, 1]
            lines.append(f"{skin.number[k]} {dx:.4f} {dy:.4f} {dz:.4f}")
    return lines


def write_textures(folder: Path) -> None:
    """Textures of a few pixels."""
    names = [f"skins/{name}/skin_{k}.png" for k, name in enumerate(SKINS)]
    names += [f"eyes/materials/{name}_eye.png" for name in IRISES]
    names += [
        f"{kind}/{n}/{n}.png" for kind, all_ in (("eyebrows", BROWS), ("hair", HAIR)) for n in all_
    ]
    names += ["eyelashes/eyelashes01/e.png", "teeth/teeth_base/t.png", "tongue/tongue01/t.png"]
    for k, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        colour = COLOURS.get(name.split("/")[0], (40 + 5 * k, 60, 70, 255))
        Image.new("RGBA", (8, 8), colour).save(folder / name)


def save(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "utf-8")
