"""A sheet bends as rigidly as it can (Sorkine and Alexa 2007)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import cho_factor, cho_solve

from .sheet import Sheet, Vertices

PULL = 3e3  # weight of a handle against an edge of the sheet
GRIP = 3.0  # weight of a vertex next to a handle, which goes the same way, against an edge
ROOM = 0.7  # of the way to what is held, or to the next handle: so far others go with a handle
ROUNDS = 60  # local and global steps, at most
STILL = 0.02  # px: where no vertex moves further in a round, the sheet is at rest
FLAT = 0.1  # of its area at rest: a triangle that is smaller folds
STEPS, HALVINGS = 4, 5  # on the way to the targets; of a step that folds


@dataclass(frozen=True)
class Pull:
    """What is asked of a sheet.

    Args:
        handles: points of it, at rest.
        targets: where they should go.
        held: how much each vertex is to stay: 0 not at all; an edge weighs about 1.
        reach: px around a handle, at most, in which others go the same way.
    """

    handles: Float[np.ndarray, "p 2"]
    targets: Float[np.ndarray, "p 2"]
    held: Float[np.ndarray, " v"]
    reach: float

    def grip(self, rest: Vertices) -> tuple[Float[np.ndarray, " v"], Vertices]:
        """(how much each vertex goes the way of the handle next to it, that way).

        No tip is pulled out of the sheet so, and what is under a handle comes along as it is.
        """
        fixed = rest[self.held > 1]
        away = np.linalg.norm(rest[:, None] - self.handles, axis=2)
        others = np.linalg.norm(self.handles[:, None] - self.handles, axis=2)
        np.fill_diagonal(others, np.inf)
        room = np.full(len(self.handles), np.inf) if len(self.handles) < 2 else others.min(1)
        for ends in (self.handles, self.targets) if len(fixed) else ():
            room = np.minimum(room, np.linalg.norm(ends[:, None] - fixed, axis=2).min(1))
        which = away.argmin(1)
        reach = np.maximum(np.minimum(self.reach, ROOM * room), 1.0)
        weight = GRIP * np.exp(-((away.min(1) / reach[which]) ** 2))
        return weight, (self.targets - self.handles)[which]


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
    """What all steps share: edges, the handles' rows, who goes along, the factored matrix."""

    pull: Pull
    rest: Vertices
    edges: Int[np.ndarray, "e 2"]
    rows: Float[np.ndarray, "p v"]
    grip: Float[np.ndarray, " v"]
    ways: Vertices
    factor: tuple[np.ndarray, bool]

    @staticmethod
    def of(rest: Sheet, pull: Pull) -> "_Frame":
        """The matrix of the global step (section 3, equation 9), with soft constraints."""
        edges, rows, count = rest.edges, rest.weights(pull.handles), len(rest.vertices)
        grip, ways = pull.grip(rest.vertices)
        matrix = np.zeros((count, count))
        matrix[edges[:, 0], edges[:, 1]] = matrix[edges[:, 1], edges[:, 0]] = -1
        matrix[np.diag_indices(count)] = pull.held + grip - matrix.sum(1)
        matrix += PULL * rows.T @ rows
        factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
        return _Frame(pull, rest.vertices, edges, rows, grip, ways, factor)

    def solved(self, vertices: Vertices, share: float) -> Vertices:
        """From these vertices to rest, the handles so much of their way to the targets."""
        pull = self.pull
        goals = pull.handles + share * (pull.targets - pull.handles)
        fixed = pull.held[:, None] * self.rest + PULL * self.rows.T @ goals
        fixed += self.grip[:, None] * (self.rest + share * self.ways)
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
        cosine, sine = (old * new).sum(1), old[:, 0] * new[:, 1] - old[:, 1] * new[:, 0]
        count = len(vertices)
        cosine, sine = (
            np.bincount(start, part, count) + np.bincount(end, part, count)
            for part in (cosine, sine)
        )
        turn = np.stack([cosine, sine]) / np.maximum(np.hypot(cosine, sine), 1e-12)
        c, s = (turn[:, start] + turn[:, end]) / 2
        turned = c * old[:, 0] - s * old[:, 1], s * old[:, 0] + c * old[:, 1]
        sums = [np.bincount(start, part, count) - np.bincount(end, part, count) for part in turned]
        return np.stack(sums, 1)
