"""Photos and drawings without a face, and drags on them, for ``benchmarks.real.elastic``."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import skimage.data
from jaxtyping import Bool

from editor.elastic import SIDE, whole
from photo import Photo
from photo.crop import Crop

Pairs = list[tuple[tuple[float, float], tuple[float, float]]]


@dataclass(frozen=True)
class Trial:
    """A drag on a photo; ``paint`` are ellipses (x, y, across, down) of what may move."""

    photo: Photo
    drags: Pairs
    paint: list[tuple[float, float, float, float]]

    @cached_property
    def mask(self) -> Bool[np.ndarray, "h w"]:
        """True may move."""
        mask = np.zeros(self.photo.shape[:2], np.uint8)
        for x, y, across, down in self.paint:
            centre, axes = (round(x), round(y)), (round(across), round(down))
            cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, cv2.FILLED)
        return mask > 0

    @property
    def crop(self) -> Crop:
        """All of the photo, as it is pulled."""
        return Crop(whole(self.photo), SIDE)


def trials() -> Iterator[tuple[str, Trial]]:
    """(name, trial) of all twelve."""
    cat, cup, rocket = skimage.data.chelsea(), skimage.data.coffee(), skimage.data.rocket()
    motorcycle, _, _ = skimage.data.stereo_motorcycle()
    horse, tower = _horse_on_grass(), _drawn_tower()
    yield "cat: nose", Trial(cat, [((262, 245), (244, 255))], [(255, 235, 90, 60)])
    eyes: Pairs = [((172, 116), (162, 112)), ((318, 136), (327, 132))]
    yield "cat: eyes apart", Trial(cat, eyes, [(172, 116, 60, 50), (318, 136, 50, 50)])
    yield "cup: handle", Trial(cup, [((215, 265), (190, 285))], [(215, 265, 85, 70)])
    rim: Pairs = [((185, 80), (165, 78)), ((395, 95), (415, 92))]
    yield "cup: wider", Trial(cup, rim, [(290, 100, 150, 100)])
    yield "rocket: aside", Trial(rocket, [((321, 145), (350, 135))], [(330, 205, 85, 140)])
    bend: Pairs = [((321, 145), (345, 140)), ((321, 230), (309, 230))]
    yield "rocket: bend", Trial(rocket, bend, [(321, 220, 75, 140)])
    yield "horse: head", Trial(horse, [((465, 120), (440, 80))], [(440, 130, 100, 120)])
    legs: Pairs = [((105, 420), (75, 410)), ((185, 415), (210, 405))]
    yield "horse: legs", Trial(horse, legs, [(145, 370, 140, 115)])
    yield "motorcycle: lamp", Trial(motorcycle, [((540, 145), (560, 125))], [(550, 140, 85, 75)])
    tank: Pairs = [((430, 210), (430, 185)), ((520, 280), (535, 285))]
    yield "motorcycle: tank", Trial(motorcycle, tank, [(475, 245, 130, 110)])
    yield "tower: lean", Trial(tower, [((512, 250), (600, 270))], [(550, 470, 220, 350)])
    three: Pairs = [((512, 250), (540, 220)), ((512, 450), (470, 450)), ((512, 620), (530, 620))]
    yield "tower: sway", Trial(tower, three, [(512, 480, 170, 340)])


def _horse_on_grass() -> Photo:
    """A brown horse, 512 x 512 px."""
    grass = cv2.cvtColor(skimage.data.grass(), cv2.COLOR_GRAY2RGB) * [0.6, 0.9, 0.4]
    shape = cv2.resize((~skimage.data.horse()).astype(np.float32), (512, 420))
    shape = np.pad(shape, ((46, 46), (0, 0)))[..., None]
    light = 0.8 + 0.4 * cv2.resize(skimage.data.gravel().astype(np.float32), (512, 512)) / 255
    return (
        (grass + shape * (light[..., None] * [110, 70, 40] - grass)).clip(0, 255).astype(np.uint8)
    )


def _drawn_tower() -> Photo:
    """A tower with windows before clouds, 1024 x 1024 px."""
    noise = np.random.default_rng(0).uniform(size=(32, 32)).astype(np.float32)
    clouds = cv2.resize(noise, (1024, 1024), interpolation=cv2.INTER_CUBIC)[..., None]
    picture = np.array([110, 150, 210], np.float32) + 60 * clouds
    ground = cv2.resize(skimage.data.gravel(), (1024, 224))[..., None]
    picture[800:] = ground * np.array([0.5, 0.45, 0.3], np.float32)
    outline = np.array([[440, 810], [470, 240], [512, 170], [554, 240], [584, 810]])
    cv2.fillPoly(picture, [outline], (190, 170, 140), cv2.LINE_AA)
    bricks = cv2.resize(skimage.data.brick(), (1024, 1024))[..., None].astype(np.float32) / 128
    inside = cv2.fillPoly(np.zeros((1024, 1024), np.uint8), [outline], 1)[..., None]
    picture = np.where(inside > 0, picture * bricks, picture)
    for y in range(280, 780, 70):
        cv2.ellipse(picture, (512, y), (12, 20), 0, 0, 360, (40, 35, 50), -1, cv2.LINE_AA)
    return picture.clip(0, 255).astype(np.uint8)
