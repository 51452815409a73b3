"""A sheet of even triangles over a part of a picture, and where it lies once it is bent."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int

VERTICES = 400  # of a sheet, about
FINEST = 6.0  # px between two vertices, at least
WALKS = 2  # from triangle to triangle, to that in which a pixel is

Vertices = Float[np.ndarray, "v 2"]
Triangles = Int[np.ndarray, "t 3"]


@dataclass(frozen=True)
class Sheet:
    """Triangles over a part of a picture; ``step`` is the length of their edges at rest, in px."""

    vertices: Vertices
    triangles: Triangles
    step: float

    def areas(self, vertices: Vertices) -> Float[np.ndarray, " t"]:
        """Of each triangle, as shares of that at rest: below 0 it is turned over."""
        return _areas(vertices[self.triangles]) / _areas(self.vertices[self.triangles])

    @property
    def edges(self) -> Int[np.ndarray, "e 2"]:
        """Pairs of vertices, each once."""
        pairs = self.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
        return np.unique(np.sort(pairs, axis=1), axis=0)

    def weights(self, points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "p v"]:
        """Each point as a mean of the corners of its triangle, or of the nearest one."""
        corners = self.vertices[self.triangles]
        first = corners[:, 0]
        frames = np.linalg.inv((corners[:, 1:] - first[:, None]).transpose(0, 2, 1))
        rows = np.zeros((len(points), len(self.vertices)))
        for row, point in zip(rows, points, strict=True):
            shares = np.einsum("tij,tj->ti", frames, point - first)
            shares = np.c_[1 - shares.sum(1), shares]
            own = int(shares.min(1).argmax())
            inside = shares[own].clip(0)
            row[self.triangles[own]] = inside / inside.sum()
        return rows


def sheet(where: Bool[np.ndarray, "h w"], margin: int) -> Sheet:
    """Even triangles over what is True and so many px around it."""
    step = max(FINEST, float(np.sqrt(where.sum() / (VERTICES * np.sqrt(0.75)))))
    away = cv2.distanceTransform((~where).astype(np.uint8), cv2.DIST_L2, 5)
    (low_y, low_x), (high_y, high_x) = (f(np.argwhere(where), axis=0) for f in (np.min, np.max))
    around = margin + 2 * step
    rows = np.arange(low_y - around, high_y + around, step * np.sqrt(0.75))
    columns = np.arange(low_x - around, high_x + around, step)
    places = np.empty((len(rows), len(columns), 2))
    places[..., 0] = columns + np.where(np.arange(len(rows)) % 2, step / 2, 0)[:, None]
    places[..., 1] = rows[:, None]
    triangles, places = _lattice(len(rows), len(columns)), places.reshape(-1, 2)
    height, width = where.shape
    middles = places[triangles].mean(1)
    x, y = np.round(middles).astype(int).clip(0, (width - 1, height - 1)).T
    beyond = np.abs(middles - middles.clip(0, (width - 1, height - 1))).max(1)
    out = away[y, x] + beyond
    order = np.argsort(-out, kind="stable")  # what is inside is drawn last
    kept = triangles[order[out[order] < margin + step]]
    used, numbers = np.unique(kept, return_inverse=True)
    return Sheet(places[used], numbers.reshape(-1, 3), step)


def _lattice(rows: int, columns: int) -> Triangles:
    """The triangles between rows of vertices, of which every second one is half a step ahead."""
    number = np.arange(rows * columns).reshape(rows, columns)
    found: list[np.ndarray] = []
    for row in range(rows - 1):
        above, below = number[row], number[row + 1]
        if row % 2:
            above, below = below, above
        # `above` lies half a step behind `below`.
        pairs = [
            np.stack([above[:-1], above[1:], below[:-1]], 1),
            np.stack([below[:-1], above[1:], below[1:]], 1),
        ]
        found += [pair[:, ::-1] if row % 2 else pair for pair in pairs]
    return np.concatenate(found)


def sources(
    rest: Sheet, vertices: Vertices, size: tuple[int, int]
) -> tuple[Float[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """((x, y) at rest of what the bent sheet shows at each pixel, where it shows something)."""
    numbers = np.full(size, -1, np.int32)
    corners = vertices[rest.triangles]
    for number, polygon in enumerate(np.round(corners * 16).astype(np.int32)):
        cv2.fillConvexPoly(numbers, polygon, number, cv2.LINE_8, 4)
    ahead = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], 2)
    there = numbers >= 0
    y, x = np.nonzero(there)
    pixel, own = np.stack([x, y, np.ones(len(x))], 1), numbers[there]
    shares, beyond = np.linalg.inv(ahead), _beyond(rest.triangles)
    for _ in range(WALKS):  # what is drawn reaches a px too far
        inside = np.einsum("pi,pij->pj", pixel, shares[own])
        worst = inside.argmin(1)
        other = beyond[own, worst]
        out = (inside[np.arange(len(own)), worst] < 0) & (other >= 0)
        own = np.where(out, other, own)
    maps = shares @ rest.vertices[rest.triangles]
    places = np.zeros((*size, 2), np.float32)
    places[there] = np.einsum("pi,pij->pj", pixel, maps[own])
    return places, there


def moved(
    rest: Sheet, vertices: Vertices, least: float, size: tuple[int, int]
) -> Bool[np.ndarray, "h w"]:
    """Where at rest the sheet has triangles with a corner that has moved further than this."""
    far = np.linalg.norm(vertices - rest.vertices, axis=1) > least
    shown = np.zeros(size, np.uint8)
    for polygon in rest.vertices[rest.triangles[far[rest.triangles].any(1)]]:
        cv2.fillConvexPoly(shown, np.round(polygon * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    return shown > 0


def _beyond(triangles: Triangles) -> Int[np.ndarray, "t 3"]:
    """The triangle beyond the side that is opposite to each corner; -1 where there is none."""
    sides = np.sort(triangles[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2), axis=1)
    order = np.lexsort(sides.T)
    first, second = order[:-1], order[1:]
    same = (sides[first] == sides[second]).all(1)
    beyond = np.full(len(sides), -1)
    beyond[first[same]], beyond[second[same]] = second[same] // 3, first[same] // 3
    return beyond.reshape(-1, 3)


def _areas(corners: Float[np.ndarray, "t 3 2"]) -> Float[np.ndarray, " t"]:
    (x, y), (u, v) = (corners[:, k].T - corners[:, 0].T for k in (1, 2))
    return (x * v - y * u) / 2
