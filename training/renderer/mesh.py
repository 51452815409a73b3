"""Read MakeHuman's meshes: OBJ surfaces, MHCLO proxies on the base mesh, morph targets."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32


@dataclass(frozen=True)
class Surface:
    """Triangles with a texture. A corner is a vertex with its place in the texture.

    Args:
        vertex: which vertex each corner shows.
        uv: place of each corner in the texture, (0, 0) at its bottom left.
        triangles: three corners each, anticlockwise from outside.
    """

    vertex: Int32[np.ndarray, " corners"]
    uv: Float32[np.ndarray, "corners 2"]
    triangles: Int32[np.ndarray, "triangles 3"]


@dataclass(frozen=True)
class Proxy:
    """Vertices bound to the base mesh, so that hair, eyes and teeth follow every morph.

    A vertex is the weighted sum of three base vertices plus an offset. The offset's x, y and z
    grow with the distance of two base vertices, given with their distance in the asset's own size.
    """

    surface: Surface
    base: Int32[np.ndarray, "n 3"]
    weights: Float32[np.ndarray, "n 3"]
    offset: Float32[np.ndarray, "n 3"]
    scale: Int32[np.ndarray, "3 2"]
    scale_at: Float32[np.ndarray, " 3"]

    def fit(self, base: Float32[np.ndarray, "v 3"]) -> Float32[np.ndarray, "n 3"]:
        """The proxy's vertices on this shape of the base mesh."""
        ends = base[self.scale]
        axes = np.arange(3)
        size = np.abs(ends[axes, 0, axes] - ends[axes, 1, axes]) / self.scale_at
        return np.einsum("nk,nkd->nd", self.weights, base[self.base]) + self.offset * size


def read_obj(text: str) -> tuple[Float32[np.ndarray, "v 3"], dict[str, Surface]]:
    """(vertices, the surface of each group); polygons become fans of triangles."""
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    polygons: dict[str, list[list[tuple[int, int]]]] = {}
    group = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(number) for number in rest.split()[:3]])
        elif kind == "vt":
            uvs.append([float(number) for number in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            polygons.setdefault(group, []).append([_corner(word) for word in rest.split()])
    places = np.array(uvs or [[0, 0]], dtype=np.float32)
    surfaces = {name: _surface(faces, places) for name, faces in polygons.items()}
    return np.array(vertices, dtype=np.float32), surfaces


def _corner(word: str) -> tuple[int, int]:
    vertex, _, uv = word.partition("/")
    return int(vertex) - 1, int(uv.partition("/")[0] or 1) - 1


def _surface(polygons: list[list[tuple[int, int]]], uvs: np.ndarray) -> Surface:
    known: dict[tuple[int, int], int] = {}
    triangles = [
        [known.setdefault(polygon[k], len(known)) for k in (0, second, second + 1)]
        for polygon in polygons
        for second in range(1, len(polygon) - 1)
    ]
    corners = np.array(list(known), dtype=np.int32)
    return Surface(corners[:, 0], uvs[corners[:, 1]], np.array(triangles, dtype=np.int32))


def read_proxy(text: str, surface: Surface) -> Proxy:
    """An MHCLO file; a line of one number is a vertex that lies on a base vertex."""
    scale, scale_at, rows = np.zeros((3, 2), dtype=np.int32), np.ones(3, dtype=np.float32), []
    reading = False
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words and words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            scale[axis], scale_at[axis] = [int(words[1]), int(words[2])], float(words[3])
        elif words and words[0] == "verts":
            reading = True
        elif reading and words and words[0].lstrip("-").isdigit():
            rows.append(_row(words))
        elif rows and words:
            break
    table = np.array(rows, dtype=np.float64)
    base, numbers = table[:, :3].astype(np.int32), table[:, 3:].astype(np.float32)
    return Proxy(surface, base, numbers[:, :3], numbers[:, 3:], scale, scale_at)


def _row(words: list[str]) -> list[float]:
    if len(words) == 1:
        return [float(words[0])] * 3 + [1, 0, 0, 0, 0, 0]
    return [float(word) for word in words[:9]]


def read_target(text: str) -> tuple[Int32[np.ndarray, " n"], Float32[np.ndarray, "n 3"]]:
    """(vertices that a morph target moves, how far in decimetres)."""
    rows = [line.split() for line in text.splitlines() if line and line[0] not in "#\r"]
    table = np.array([row[:4] for row in rows if len(row) >= 4], dtype=np.float64).reshape(-1, 4)
    return table[:, 0].astype(np.int32), table[:, 1:].astype(np.float32)


def select(surface: Surface, keep: Iterable[bool]) -> Surface:
    """The triangles whose three vertices are all kept."""
    kept = np.asarray(list(keep))[surface.vertex][surface.triangles].all(1)
    corners, triangles = np.unique(surface.triangles[kept], return_inverse=True)
    indices = triangles.reshape(-1, 3).astype(np.int32)
    return Surface(surface.vertex[corners], surface.uv[corners], indices)


def vertex_normals(
    vertices: Float32[np.ndarray, "v 3"], triangles: Int32[np.ndarray, "t 3"]
) -> Float32[np.ndarray, "v 3"]:
    """Unit normals, the mean over the triangles around weighted by their area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    sums = [
        sum(np.bincount(triangles[:, k], faces[:, d], len(vertices)) for k in range(3))
        for d in range(3)
    ]
    normals = np.stack(sums, axis=1)
    return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)).astype("f4")
