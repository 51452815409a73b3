"""Where a face is to be cut as the generator expects it, and the own net's points of it.

The crop is FFHQ's: a square whose place, size and tilt follow from the eyes and the mouth
(Karras et al. 2019, appendix A).
"""

import numpy as np
from jaxtyping import Float

from .crop import Crop, Quad
from .decoder.bounds import PhotoError
from .decoder.process import Photo
from .landmarks import SIDE, LandmarkNet, eyes_and_mouth, locate

NET_SHARE = 0.8  # of the face's crop is what the landmark net sees
MOST_DOUBT = 0.15  # of the distance between the eyes; where the net expects more, it is not used

EyesMouth = Float[np.ndarray, "3 2"]
"""Left eye, right eye (as seen) and mouth: (x, y) px."""


def face_points(
    photo: Photo, guess: EyesMouth, net: LandmarkNet
) -> Float[np.ndarray, "p 2"] | None:
    """All of the net's points of the face about here, in photo px; None where it is in doubt.

    The first look shows where to look more closely, upright and at the right size.
    """
    points, doubt = guess, 0.0
    for _ in range(2):
        eyes = eyes_and_mouth(points) if len(points) > 3 else points
        try:
            crop = Crop(face_quad(eyes), SIDE).shrunk(NET_SHARE)
        except PhotoError:
            return None
        located = locate(net, crop.cut(photo))
        points = crop.to_photo(located.points)
        eyes = eyes_and_mouth(located.points)
        doubt = located.doubt / max(1e-6, float(np.linalg.norm(eyes[1] - eyes[0])))
    return points if doubt < MOST_DOUBT else None


def face_quad(points: EyesMouth) -> Quad:
    """FFHQ's crop in photo px (Karras et al. 2019, appendix A): corners as ``crop.Quad``.

    Raises:
        PhotoError: the points lie on top of each other.
    """
    left, right, mouth = points
    eyes, across = (left + right) / 2, right - left
    down = mouth - eyes
    x = across + np.array([down[1], -down[0]])
    if np.linalg.norm(across) < 4 or np.linalg.norm(down) < 4 or np.linalg.norm(x) < 4:
        raise PhotoError("Mark the two eyes and the mouth: the points lie too close together.")
    x *= max(2.0 * np.linalg.norm(across), 1.8 * np.linalg.norm(down)) / np.linalg.norm(x)
    y = np.array([-x[1], x[0]])
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])
