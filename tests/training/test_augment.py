"""Renders are changed to look like photos, and a net is fitted in the time that it has."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.nets import augment
from training.nets.fitting import Schedule, fit
from training.nets.samples import Sample


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_points_move_with_their_picture() -> None:
    """A dot is where its moved point is."""
    source = np.random.default_rng(3)
    for _ in range(10):
        matrix = augment.Jitter(0.3, 0.2, 0.05).draw(64, source)
        point = source.uniform(24, 40, (1, 2))
        picture = np.zeros((64, 64), np.float32)
        x, y = np.meshgrid(np.arange(64), np.arange(64))
        picture = np.exp(-((x - point[0, 0]) ** 2 + (y - point[0, 1]) ** 2) / 8).astype(np.float32)
        seen = augment.warp(picture, matrix, 64, cv2.BORDER_CONSTANT)
        centre = np.array([(seen * x).sum(), (seen * y).sum()]) / seen.sum()
        np.testing.assert_allclose(centre, moved(matrix, point)[0], atol=0.1)


def test_two_matrices_in_a_row_are_one() -> None:
    source = np.random.default_rng(4)
    first, second = (augment.Jitter(0.3, 0.2, 0.1).draw(64, source) for _ in range(2))
    points = source.uniform(0, 64, (5, 2))
    both = moved(augment.after(second, first), points)
    np.testing.assert_allclose(both, moved(second, moved(first, points)))


@pytest.mark.parametrize("change", [change for change, _ in augment.CHANGES])
def test_each_change_keeps_the_form_and_is_repeatable(change: augment.Change) -> None:
    picture = np.random.default_rng(0).random((48, 48, 3), dtype=np.float32)
    for seed in range(8):
        made = change(picture.copy(), np.random.default_rng(seed))
        assert made.shape == picture.shape
        assert -1e-3 <= made.min() <= made.max() <= 1 + 1e-3
        assert not np.array_equal(made, picture)
        assert np.array_equal(made, change(picture.copy(), np.random.default_rng(seed)))


def test_a_new_background_leaves_the_face() -> None:
    picture, face = np.full((256, 256, 3), 90, np.uint8), np.zeros((128, 128), bool)
    picture[50:210, 50:210], face[25:105, 25:105] = (200, 160, 140), True
    render = Sample(picture, face, np.zeros(16, np.float32))
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    behind = np.zeros((256, 256, 3), np.float32)
    made = augment.place(render.picture, render.face, still, 256, behind)
    assert np.abs(made[0, 0]).max() == 0
    np.testing.assert_allclose(made[100, 110], render.picture[100, 110] / 255, atol=0.02)
    kept = augment.place(render.picture, render.face, still, 256, None)
    np.testing.assert_allclose(kept, render.picture / 255, atol=1e-6)


def test_backgrounds_are_of_many_kinds() -> None:
    other = np.random.default_rng(1).random((48, 48, 3), dtype=np.float32)
    made = [augment.background(48, other, np.random.default_rng(seed)) for seed in range(20)]
    assert all(each.shape == (48, 48, 3) and each.dtype == np.float32 for each in made)
    assert all(0 <= each.min() <= each.max() <= 1 for each in made)


def test_a_fit_stops_in_time_and_resumes(tmp_path: Path) -> None:
    """A line through points for a second; its checkpoint is where it was left."""
    x = torch.linspace(-1, 1, 32)[:, None]
    schedule = Schedule(1 / 60, 0.1, tmp_path / "checkpoint.pt")

    def fitted(net: torch.nn.Linear) -> list[tuple[float, int, float]]:
        draw = lambda source: (x, 2 * x + 1)  # noqa: E731
        return list(fit(net, draw, lambda batch: (net(batch[0]) - batch[1]).abs().mean(), schedule))

    line, again = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    ((seconds, steps, mean),) = fitted(line)
    assert seconds >= 1
    assert steps > 0
    assert np.isfinite(mean)
    assert fitted(again)[0][:2] == (seconds, steps)  # its time is over: nothing more is done
    torch.testing.assert_close(again.weight, line.weight)
