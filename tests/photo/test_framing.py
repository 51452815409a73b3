"""Where a photo is cut for generators of faces, animals, cars, or anything else."""

import cv2
import numpy as np
import pytest
import torch
from skimage.data import astronaut, chelsea

from photo.align import face_quad
from photo.crop import Crop, box_quad
from photo.faces import find_faces
from photo.framing import ANIMAL_SHARE, bars, default_quad, framed


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def cat(scale: float, height: int, width: int, x: float, y: float) -> np.ndarray:
    """A cat that looks straight ahead, the middle of its face at (x, y); 300 px wide at scale 1."""
    turn = cv2.getRotationMatrix2D((245, 155), 4, scale)
    turn[:, 2] += np.array([x, y]) - (245, 155)
    return cv2.warpAffine(
        chelsea(), turn, (width, height), flags=cv2.INTER_AREA, borderValue=(128, 128, 128)
    )


@pytest.mark.parametrize(
    ("size", "square", "car"),
    [
        ((300, 300), (0, 0, 300), (0, 0, 300)),
        ((900, 1600), (350, 0, 900), (200, -150, 1200)),
        ((600, 800), (100, 0, 600), (0, -100, 800)),
        ((601, 700), (49.5, 0, 601), (0, -49.5, 700)),
        ((500, 300), (0, 100, 300), (0, 100, 300)),
    ],
)
def test_the_usual_square_is_the_largest_in_the_middle(
    size: tuple[int, int], square: tuple[float, ...], car: tuple[float, ...]
) -> None:
    for domain, (left, top, side) in (("square", square), ("car", car)):
        expected = box_quad(left - 0.5, top - 0.5, float(side))
        np.testing.assert_allclose(default_quad(grey(*size), domain), expected)


@pytest.mark.parametrize("size", [(480, 640), (300, 900), (800, 500)])
def test_what_counts_of_a_car_is_in_the_photo_and_4_to_3(size: tuple[int, int]) -> None:
    quad = default_quad(grey(*size), "car")
    assert quad is not None
    side = quad[3, 0] - quad[0, 0]
    rows = side * bars(512, "car") / 512
    left, top, right, bottom = quad[0, 0], quad[0, 1] + rows, quad[2, 0], quad[2, 1] - rows
    assert (right - left) / (bottom - top) == pytest.approx(4 / 3)
    assert min(left, top) > -0.51
    assert right < size[1] - 0.49
    assert bottom < size[0] - 0.49
    assert right - left > size[1] - 1 or bottom - top > size[0] - 1


@pytest.mark.parametrize(("scale", "x", "y"), [(0.3, 300, 160), (0.4, 160, 150), (0.6, 240, 170)])
def test_an_animals_face_fills_the_square(scale: float, x: float, y: float) -> None:
    quad = default_quad(cat(scale, 300, 451, x, y), "animal")
    assert quad is not None
    side = quad[3, 0] - quad[0, 0]
    assert np.abs(quad.mean(0) - (x, y)).max() < 0.15 * side
    assert 300 * scale < side < 1.6 * 300 * scale


def test_large_photos_of_animals_are_cut_at_their_own_size() -> None:
    photo = cat(0.4, 300, 451, 160, 150)
    small = default_quad(photo, "animal")
    large = default_quad(photo.repeat(3, 0).repeat(3, 1), "animal")
    assert small is not None
    np.testing.assert_allclose((np.array(large) + 0.5) / 3 - 0.5, small, atol=4)


def test_the_square_of_an_animal_stays_in_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    found = np.array([[10, 20, 50, 50], [0, 140, 60, 60]])

    class Detector:
        def __init__(self, file: str):
            assert file.endswith("frontalcatface_extended.xml")

        def detectMultiScale(self, *_: object, **__: object) -> np.ndarray:
            return found

    monkeypatch.setattr(cv2, "CascadeClassifier", Detector)
    side = ANIMAL_SHARE * 60
    expected = box_quad(-0.5, 200 - side - 0.5, side)  # of the larger, moved off the rim
    np.testing.assert_allclose(default_quad(grey(200, 300), "animal"), expected)
    found = np.array([[10, 20, 190, 190]])
    expected = box_quad(4.5, -0.5, 200.0)  # no larger than the photo
    np.testing.assert_allclose(default_quad(grey(200, 300), "animal"), expected)


@pytest.mark.parametrize("photo", [grey(200, 300), astronaut()])
def test_without_an_animal_it_is_the_middle(photo: np.ndarray) -> None:
    np.testing.assert_array_equal(default_quad(photo, "animal"), default_quad(photo, "square"))


def test_a_face_is_cut_as_ffhq_has_it_or_not_at_all() -> None:
    quad = face_quad(find_faces(astronaut())[0].eyes_and_mouth)
    np.testing.assert_allclose(default_quad(astronaut(), "face"), quad)
    assert default_quad(grey(200, 300), "face") is None


def test_of_two_faces_the_one_at_the_point_is_cut() -> None:
    """Without a point the largest; for models of other things points do not count."""
    photo = np.hstack(
        [astronaut()[:400, :400], astronaut()[50:350, 50:350].repeat(2, 0).repeat(2, 1)[:400]]
    )
    small, large = (default_quad(photo, "face", at) for at in ((223.0, 125.0), (760.0, 150.0)))
    assert small is not None
    assert large is not None
    assert small.mean(0)[0] < 400 < large.mean(0)[0]
    assert np.array_equal(default_quad(photo, "face"), large)
    assert np.array_equal(default_quad(photo, "car", (0.0, 0.0)), default_quad(photo, "car"))


def test_cars_have_black_above_and_below() -> None:
    image = Crop(box_quad(0.0, 0.0, 400.0), 64).cut(astronaut())
    seen = framed(image, "car")
    assert (seen[:, :8] == -1).all()
    assert (seen[:, 56:] == -1).all()
    assert torch.equal(seen[:, 8:56], image[:, 8:56])
    assert (image[:, :8] != -1).any(), "the crop itself is left as it is"
    for domain in ("face", "animal", "square"):
        assert torch.equal(framed(image, domain), image)
