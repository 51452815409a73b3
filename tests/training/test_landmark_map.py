"""A model's file learns where its faces have their points, and keeps all else."""

from pathlib import Path

import numpy as np
import pytest
import torch
from worlds import small_generator

from photo.mesh import POINTS
from training.nets import landmark_map
from weights.formats import Model, load, read, save

COUNT = 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    generator = small_generator()
    save(Model(generator, 16, torch.randn(3, generator.config.w_dim)), tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_the_map_says_where_the_points_were_seen(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Points that move with the mean colour of the picture; every tenth shows no face."""
    shown: list[np.ndarray] = []

    def looked(picture: np.ndarray) -> tuple[np.ndarray, float]:
        shown.append(picture)
        x = np.linspace(2, 30, POINTS) + picture.mean() / 10
        return np.stack([x, x[::-1]], 1), float(len(shown) % 10 > 0)

    monkeypatch.setattr(landmark_map, "aligned_points", looked)
    before = read(file)
    landmark_map.main([str(file), "--count", str(COUNT)])
    assert "54 of 60 pictures show a face" in capsys.readouterr().out
    after = read(file)
    found = after[0].pop("landmarks")
    assert found.shape == (load(file).generator.config.w_dim + 1, POINTS, 2)
    assert found.isfinite().all()
    assert after[1] == before[1]
    assert after[0].keys() == before[0].keys()
    assert all(torch.equal(tensor, before[0][name]) for name, tensor in after[0].items())


def test_a_regression_finds_a_linear_map() -> None:
    source = torch.Generator().manual_seed(0)
    x = torch.randn(500, 4, generator=source, dtype=torch.float64)
    true = torch.randn(4, 6, 2, generator=source, dtype=torch.float64)
    found = landmark_map.regression(x, torch.einsum("nw,wpc->npc", x, true))
    torch.testing.assert_close(found, true * 500 / (500 + landmark_map.RIDGE), atol=0.05, rtol=0.1)


def test_pictures_without_faces_teach_nothing(file: Path) -> None:
    with pytest.raises(ValueError, match="Too few"):
        landmark_map.main([str(file), "--count", "10"])
