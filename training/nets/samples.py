"""One render at a time, as the landmark net and the encoder are taught with."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from ..data import Faces


@dataclass(frozen=True)
class Sample:
    """One render: ``face`` is where it is not background, ``landmarks`` are (x, y) px."""

    picture: UInt8[np.ndarray, "side side 3"]
    face: Bool[np.ndarray, "half half"]
    landmarks: Float[np.ndarray, "p 2"]
    z: Float[np.ndarray, " z"]

    def resized(self, side: int) -> Float[np.ndarray, "s s 3"]:
        """The picture at this size, averaged, in [0, 1]."""
        small = cv2.resize(self.picture, (side, side), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255


def sample(faces: Faces, position: int) -> Sample:
    """The face at this position."""
    row = int(faces.rows[position])
    covered = np.asarray(faces.coordinates[row, :, :, 3]) > 0
    landmarks, z = faces.landmarks[position].numpy(), faces.z[position].numpy()
    return Sample(np.asarray(faces.images[row]), covered, landmarks, z)


def landmark_names(folder: Path) -> tuple[str, ...]:
    """What the landmarks of a folder are called."""
    return tuple(json.loads((folder / "layout.json").read_text("utf-8"))["landmarks"])
