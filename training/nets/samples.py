"""One render at a time, as the encoder is taught with."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from ..data import Faces


@dataclass(frozen=True)
class Sample:
    """One render: ``face`` is where it is not background."""

    picture: UInt8[np.ndarray, "side side 3"]
    face: Bool[np.ndarray, "half half"]
    z: Float[np.ndarray, " z"]

    def resized(self, side: int) -> Float[np.ndarray, "s s 3"]:
        """The picture at this size, averaged, in [0, 1]."""
        small = cv2.resize(self.picture, (side, side), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255


def sample(faces: Faces, position: int) -> Sample:
    """The face at this position."""
    row = int(faces.rows[position])
    covered = np.asarray(faces.coordinates[row, :, :, 3]) > 0
    return Sample(np.asarray(faces.images[row]), covered, faces.z[position].numpy())
