"""What is measured in each frame of a clip, without the trembling of what measures it.

All frames are known before the first one is painted, so nothing has to lag behind.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from photo.mesh import Mesh, eye_distance

from .layers import smooth

SECONDS = 0.3  # over which a mesh is smoothed
FADE = 0.3  # s, in which an edit comes where a face appears, and goes where it is lost
JUMP = 0.6  # of the distance between the eyes: who moves further from a frame to the next is cut


def runs(meshes: Sequence[Mesh | None]) -> list[range]:
    """The frames in which a face is seen without a break or a cut, together."""
    found: list[range] = []
    for number, mesh in enumerate(meshes):
        if mesh is None:
            continue
        before = meshes[number - 1] if number else None
        if before is not None and np.abs(mesh - before).mean() < JUMP * eye_distance(mesh):
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found


def steadied(run: Float[np.ndarray, "n ..."], rate: float) -> Float[np.ndarray, "n ..."]:
    """The same, each value by the parabola through those around it in time.

    Least squares over a window, without phase (Savitzky and Golay 1964): a steady motion, and an
    accelerated one, stay as they are.

    Args:
        run: values of frames one after the other.
        rate: frames a second.
    """
    width = 2 * round(SECONDS * rate / 2) + 1
    width = min(width, len(run) - 1 + len(run) % 2)
    if width < 5:
        return run
    powers = np.vander(np.linspace(-1, 1, width), 3)
    weights = powers @ np.linalg.pinv(powers)
    first = (np.arange(len(run)) - width // 2).clip(0, len(run) - width)
    return np.stack(
        [np.tensordot(weights[n - k], run[k : k + width], 1) for n, k in enumerate(first)]
    )


def strengths(seen: Bool[np.ndarray, " n"], rate: float) -> Float[np.ndarray, " n"]:
    """How much of an edit each frame shows: all, but near frames in which no face is seen."""
    number, lost = np.arange(len(seen)), np.flatnonzero(~seen)
    if not len(lost):
        return np.ones(len(seen))
    away = np.abs(number[:, None] - lost[None]).min(1)
    return smooth(away / (1 + round(FADE * rate)))
