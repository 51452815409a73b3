"""What keep/appearance.py says of pictures whose colours are known, and of the model's."""

import cv2
import numpy as np
import pytest

from benchmarks.keep import appearance
from benchmarks.keep.appearance import SEED, Shown
from editor.engine import Engine
from transfer.correspondence import CoordinateMap
from weights.files import FACES

SIDE = 128
SKIN, HAIR, GROUND = (0.8, 0.6, 0.5), (0.2, 0.15, 0.1), (0.0, 0.9, 0.0)


def head(shift: int = 0) -> CoordinateMap:
    """A flat one, 1.7 dm wide, in the middle of its picture, or so many px to the right."""
    row, column = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x, y = (column - 64 - shift) / 40, 9 - row / 40
    points = np.stack([x, y, np.zeros_like(x)], axis=2)
    return CoordinateMap(points, (abs(x) < 0.85) & (y < 8.6))


def coloured(face: CoordinateMap, skin: tuple, hair: tuple) -> Shown:
    """A head of these colours before a green ground: hair above the hairline, eyes white."""
    painted = np.where(face.points[..., 1:2] > 8.03, hair, skin)
    x, y, _ = face.points.transpose(2, 0, 1)
    painted[(abs(abs(x) - 0.31) < 0.1) & (abs(y - 7.32) < 0.08)] = 1
    painted = np.where(face.covered[..., None], painted, GROUND).astype(np.float32)
    return Shown(cv2.cvtColor(painted, cv2.COLOR_RGB2Lab), face)


def lab(colour: tuple) -> np.ndarray:
    return cv2.cvtColor(np.full((1, 1, 3), colour, np.float32), cv2.COLOR_RGB2Lab)[0, 0]


def test_a_head_that_moved_is_the_same_person() -> None:
    figures = appearance.drift(coloured(head(), SKIN, HAIR), coloured(head(9), SKIN, HAIR))
    assert figures.pop("hair both") == pytest.approx(1)
    assert figures == pytest.approx(dict.fromkeys(figures, 0.0), abs=0.2)


@pytest.mark.parametrize("part", ["skin", "hair"])
def test_other_skin_or_hair_is_told_by_its_distance_in_lab(part: str) -> None:
    other = (0.4, 0.25, 0.15)
    colours = {"skin": SKIN, "hair": HAIR}
    before = coloured(head(), **colours)
    figures = appearance.drift(before, coloured(head(5), **colours | {part: other}))
    away = float(np.linalg.norm(lab(other) - lab(colours[part])))
    kept = "hair" if part == "skin" else "skin"
    assert [figures[part], figures[f"{part} px"]] == pytest.approx([away, away], abs=0.5)
    assert figures[kept] == pytest.approx(0, abs=0.5)
    assert figures["drift"] == pytest.approx(away / 2, abs=0.5)


def test_without_a_head_there_is_nothing_to_compare() -> None:
    shown = coloured(head(), SKIN, HAIR)
    nothing = CoordinateMap(head().points, np.zeros((SIDE, SIDE), bool))
    figures = appearance.drift(shown, Shown(shown.lab, nothing))
    assert np.isnan([figures["skin"], figures["hair"], figures["drift"]]).all()
    assert figures["hair both"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mouth open", "nose right"])
def test_drags_of_the_embedded_model_keep_who_is_shown(kind: str) -> None:
    """With race, gender and age among the axes these went 35 and 24 in Lab, to darker skin."""
    engine = Engine(FACES, device="cpu")
    ws = engine.latent(SEED + 1, 0.8)
    state, after = appearance.dragged(engine, ws, kind)
    figures = appearance.compared(engine, ws, after)
    assert state.end == "arrived"
    assert figures["skin"] < 5
    assert figures["hair"] < 8
