"""Where a photo is usually cut for a generator of faces, animals, cars, or anything else."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from torch import Tensor

from .align import face_quad
from .crop import Quad, box_quad
from .decoder.process import Sent
from .domain import Domain
from .faces import Face, find_faces, nearest_face
from .transparency import on_white

DETECTION_SIDE = 320  # px of the longer side; animals are searched in a copy of this size
LEAST_SHARE = 0.2  # of the photo's shorter side; what the detector finds below is no face mostly
ANIMAL_SHARE = 1.2  # of the detector's box: that ends at the cheeks, AFHQ's pictures have the ears
CAR_SHARE = 0.75  # of LSUN's squares of cars is the picture, 4:3; above and below it they are black

Point = tuple[float, float]


def default_quad(photo: Sent, domain: Domain, at: Point | None = None) -> Quad | None:
    """The square to cut, its corners in photo px; None where no face was found for "face".

    Args:
        photo: where to look.
        domain: "face": a face, as FFHQ has it. "animal": the largest frontal face of a
            cat, as AFHQ has it, else as "square". "square": the largest in the middle. "car": the
            square around the largest 4:3 part in the middle, which may be higher than the photo.
        at: (x, y) px of the photo, on the face that is meant or next to it; else the largest.
    """
    if domain == "face":
        face = _meant(find_faces(photo), at)
        return None if face is None else face_quad(face.eyes_and_mouth)
    if domain == "animal" and (quad := _animal(photo)) is not None:
        return quad
    height, width = photo.shape[:2]
    side = float(min(width, height / CAR_SHARE if domain == "car" else height))
    return box_quad((width - side) / 2 - 0.5, (height - side) / 2 - 0.5, side)


def _meant(faces: list[Face], at: Point | None) -> Face | None:
    return next(iter(faces), None) if at is None else nearest_face(faces, np.array(at))


def _animal(photo: Sent) -> Quad | None:
    """A box around the largest face of an animal, inside the photo."""
    scale = min(1.0, DETECTION_SIDE / max(photo.shape[:2]))
    small = cv2.resize(on_white(photo), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    least = max(24, round(LEAST_SHARE * min(small.shape[:2])))
    file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalcatface_extended.xml"
    boxes = cv2.CascadeClassifier(str(file)).detectMultiScale(
        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY),
        scaleFactor=1.05, minNeighbors=4, minSize=(least, least),
    )  # fmt: skip
    if len(boxes) == 0:
        return None
    left, top, across, _ = max(np.asarray(boxes).tolist(), key=lambda box: box[2])
    height, width = photo.shape[:2]
    side = min(ANIMAL_SHARE * across / scale, height, width)
    centre = np.array([left + across / 2, top + across / 2]) / scale
    corner = (centre - side / 2).clip(0, (width - side, height - side))
    return box_quad(float(corner[0]) - 0.5, float(corner[1]) - 0.5, float(side))


def bars(side: int, domain: Domain) -> int:
    """How many rows above the content, and how many below it, are black in squares of this side."""
    return round(side * (1 - CAR_SHARE) / 2) if domain == "car" else 0


def framed(image: Float[Tensor, "3 r r"], domain: Domain) -> Float[Tensor, "3 r r"]:
    """A crop as the generator knows its kind: for cars, what is above and below is black."""
    image, rows = image.clone(), bars(image.shape[1], domain)
    image[:, :rows] = image[:, image.shape[1] - rows :] = -1
    return image
