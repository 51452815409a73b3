"""Where a face is to be cut as the generator expects it.

The crop is FFHQ's: a square whose place, size and tilt follow from the eyes and the mouth
(Karras et al. 2019, appendix A).
"""

import numpy as np
from jaxtyping import Float

from .crop import Quad
from .decoder.bounds import PhotoError

EyesMouth = Float[np.ndarray, "3 2"]
"""Left eye, right eye (as seen) and mouth: (x, y) px."""


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
