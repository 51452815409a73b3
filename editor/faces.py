"""Where the faces of a photo are, by the landmark net."""

from functools import cache

from inversion import Photo, Points, find_faces
from inversion.landmarks import LandmarkNet, build
from weights.small import LANDMARKS, load_small


@cache
def landmark_net() -> LandmarkNet:
    """The landmark net, read once."""
    return build(*load_small(LANDMARKS))


def faces(photo: Photo) -> list[Points]:
    """Left eye, right eye (as seen) and mouth of each face, in photo px, the largest face first."""
    return find_faces(photo, landmark_net())
