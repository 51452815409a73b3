"""Where the landmarks of a generated face are, by judges that know different things.

"net" is the mesh net, which sees the picture only; "calibrated" the same less what it gets wrong of
renders (benchmarks/calibrated.py); "head" the coordinate head, which paints which point of the face
each pixel shows, and which a drag follows itself: it proves little there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from editor.engine import Engine
from editor.motion.estimators import Latents, correspondence
from photo import crop
from photo.mesh import IBUG
from transfer.correspondence import CoordinateMap, confidence_of, nearest

from ..calibrated import seen as landmarks_seen

Marks = Float[np.ndarray, "68 2"]
Seen = Mapping[str, Marks]
"""By each judge, (x, y) px of the generator's picture; nan for those hidden, or without a face."""
JUDGES = ("calibrated", "net", "head")
PSI, SEED, SURVEY = 0.8, 40_000_000, 200
"""Truncation and first seed of the faces, and how many of them say where landmarks are."""
HIDDEN = 0.5  # confidence below which a landmark is not to be seen


@dataclass(frozen=True)
class Judges:
    """Those that there are for an engine's model."""

    engine: Engine

    def __call__(self, ws: Latents) -> Seen:
        """What they see at these ws."""
        net, better = landmarks_seen(self.engine.picture(ws))
        seen = {"calibrated": better, "net": net}
        return seen if self.under is None else {**seen, "head": self.by_head(ws, self.under)}

    @cached_property
    def under(self) -> Float[np.ndarray, "68 3"] | None:
        """The point of the neutral face that is under each landmark in most faces."""
        model = self.engine.model
        if model.coordinates is None or model.landmark_regressor is None:
            return None
        found: list[np.ndarray] = []
        for k in range(SURVEY):
            ws = self.engine.latent(SEED - 1 - k, PSI)
            face = self.face(ws)
            place = (
                self.engine.dragger.places(ws)[list(IBUG)] * len(face.covered) / self.engine.side
            )
            column, row = place.round().astype(int).clip(0, len(face.covered) - 1).T
            covered = face.covered[row, column, None]
            found.append(np.where(covered, face.points[row, column], np.nan))
        return np.nanmedian(np.stack(found), axis=0).astype(np.float32)

    def face(self, ws: Latents) -> CoordinateMap:
        """Which point of the face each pixel shows, by the coordinate head."""
        known = correspondence(self.engine.model, ws, self.engine.side)
        assert known is not None, "This model has no coordinate head."
        return known.shown(ws)

    def by_head(self, ws: Latents, under: Float[np.ndarray, "68 3"]) -> Marks:
        """Where the coordinate head paints the landmarks."""
        face = self.face(ws)
        places, distance = nearest(under, face)
        places[confidence_of(distance) < HIDDEN] = np.nan
        return crop.resized(places, len(face.covered), self.engine.side)


def distance(a: Float[np.ndarray, "p 2"], b: Float[np.ndarray, "p 2"]) -> float:
    """Mean distance of the points that both have; nan without any."""
    away = np.linalg.norm(a - b, axis=1)
    return float(np.nanmean(away)) if np.isfinite(away).any() else float("nan")
