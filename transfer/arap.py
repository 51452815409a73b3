"""A sheet of triangles that bends as rigidly as it can (Sorkine and Alexa 2007)."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import cho_factor, cho_solve

VERTICES = 400  # of a sheet, about
FINEST = 6.0  # px between two vertices, at least
PULL = 3e3  # weight of a handle against an edge of the sheet
STIFF, STIFF_REACH = 8.0, 0.05  # how much stiffer, and to which share of the side, around a handle
ROUNDS = 60  # local and global steps, at most
STILL = 0.02  # px: where no vertex moves further in a round, the sheet is at rest
FLAT = 0.1  # of its area at rest: a triangle that is smaller folds
STEPS, HALVINGS = 4, 5  # on the way to the targets; of a step that folds

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
    kept = triangles[away[y, x] + beyond < margin + step]
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


@dataclass(frozen=True)
class Pull:
    """What is asked of a sheet.

    Args:
        handles: points of it, at rest.
        targets: where they should go.
        held: how much each vertex is to stay: 0 not at all; an edge weighs about 1.
        reach: px around a handle in which the sheet is stiffer, so that no tip is pulled out of it.
    """

    handles: Float[np.ndarray, "p 2"]
    targets: Float[np.ndarray, "p 2"]
    held: Float[np.ndarray, " v"]
    reach: float


def bent(rest: Sheet, pull: Pull) -> Iterator[Vertices]:
    """The sheet on the way to the targets, step by step, as far as no triangle folds."""
    frame, vertices, reached = _Frame.of(rest, pull), rest.vertices, 0.0
    for number in range(1, STEPS + 1):
        share = number / STEPS
        made = frame.solved(vertices, share)
        if rest.areas(made).min() > FLAT:
            reached, vertices = share, made
            yield vertices
            continue
        for _ in range(HALVINGS):
            middle = (reached + share) / 2
            made = frame.solved(vertices, middle)
            if rest.areas(made).min() > FLAT:
                reached, vertices = middle, made
            else:
                share = middle
        yield vertices
        return


@dataclass(frozen=True)
class _Frame:
    """What all steps share: edges, their weights, the handles' rows, and the factored matrix."""

    pull: Pull
    rest: Vertices
    edges: Int[np.ndarray, "e 2"]
    weights: Float[np.ndarray, " e"]
    rows: Float[np.ndarray, "p v"]
    factor: tuple[np.ndarray, bool]

    @staticmethod
    def of(rest: Sheet, pull: Pull) -> "_Frame":
        """The matrix of the global step (section 3, equation 9), with soft constraints."""
        edges, rows, count = rest.edges, rest.weights(pull.handles), len(rest.vertices)
        middles = rest.vertices[edges].mean(1)
        away = np.linalg.norm(middles[:, None] - pull.handles, axis=2).min(1)
        weights = 1 + STIFF * np.exp(-((away / pull.reach) ** 2))
        matrix = np.zeros((count, count))
        matrix[edges[:, 0], edges[:, 1]] = matrix[edges[:, 1], edges[:, 0]] = -weights
        matrix[np.diag_indices(count)] = pull.held - matrix.sum(1)
        matrix += PULL * rows.T @ rows
        factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
        return _Frame(pull, rest.vertices, edges, weights, rows, factor)

    def solved(self, vertices: Vertices, share: float) -> Vertices:
        """From these vertices to rest, the handles so much of their way to the targets."""
        pull = self.pull
        goals = pull.handles + share * (pull.targets - pull.handles)
        fixed = pull.held[:, None] * self.rest + PULL * self.rows.T @ goals
        for _ in range(ROUNDS):
            before, right = vertices, fixed + self._turned(vertices)
            vertices = cho_solve(self.factor, right, check_finite=False)
            if np.abs(vertices - before).max() < STILL:
                break
        return vertices

    def _turned(self, vertices: Vertices) -> Vertices:
        """The right side of equation 9: edges at rest, turned as those around each end have."""
        start, end = self.edges.T
        old, new = (places[start] - places[end] for places in (self.rest, vertices))
        cosine = self.weights * (old * new).sum(1)
        sine = self.weights * (old[:, 0] * new[:, 1] - old[:, 1] * new[:, 0])
        count = len(vertices)
        cosine, sine = (
            np.bincount(start, part, count) + np.bincount(end, part, count)
            for part in (cosine, sine)
        )
        turn = np.stack([cosine, sine]) / np.maximum(np.hypot(cosine, sine), 1e-12)
        c, s = self.weights * (turn[:, start] + turn[:, end]) / 2
        turned = c * old[:, 0] - s * old[:, 1], s * old[:, 0] + c * old[:, 1]
        sums = [np.bincount(start, part, count) - np.bincount(end, part, count) for part in turned]
        return np.stack(sums, 1)


def _areas(corners: Float[np.ndarray, "t 3 2"]) -> Float[np.ndarray, " t"]:
    (x, y), (u, v) = (corners[:, k].T - corners[:, 0].T for k in (1, 2))
    return (x * v - y * u) / 2


def sources(
    rest: Sheet, vertices: Vertices, size: tuple[int, int]
) -> tuple[Float[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """((x, y) at rest of what the bent sheet shows at each pixel, where it shows something)."""
    numbers = np.full(size, -1, np.int32)
    corners = vertices[rest.triangles]
    for number, polygon in enumerate(np.round(corners * 16).astype(np.int32)):
        cv2.fillConvexPoly(numbers, polygon, number, cv2.LINE_8, 4)
    ahead = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], 2)
    maps = np.linalg.solve(ahead, rest.vertices[rest.triangles])
    there = numbers >= 0
    y, x = np.nonzero(there)
    own = maps[numbers[there]]
    places = np.zeros((*size, 2), np.float32)
    places[there] = x[:, None] * own[:, 0] + y[:, None] * own[:, 1] + own[:, 2]
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
