"""What the landmark protocol prints beside its rows."""

import json
from pathlib import Path

import pytest
import torch
from torchvision.models import inception_v3

from benchmarks.arrive import landmarks
from benchmarks.runner import NOT_RUN
from benchmarks.truth.model_quality import frechet

FILE = "inception.pth"


def test_distances_without_their_nets_are_not_run() -> None:
    trial = landmarks.Trial({"net": (2.0, 1.0)}, 1.0, {})
    assert landmarks.frechet_of([trial, trial], "frechet") == NOT_RUN


def test_one_pair_has_no_distance() -> None:
    trial = landmarks.Trial({}, 1.0, {"frechet": (torch.ones(1, 4), torch.zeros(1, 4))})
    assert landmarks.frechet_of([trial], "frechet") == NOT_RUN
    assert landmarks.frechet_of([trial, trial], "frechet") == pytest.approx(4)


def test_a_frechet_distance_is_that_of_means_and_spreads() -> None:
    a = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))
    b = 2 * torch.randn(4000, 3, generator=torch.Generator().manual_seed(1)) + 1
    assert frechet(a, b) == pytest.approx(3 * 1 + 3 * (2 - 1) ** 2, rel=0.05)


@pytest.mark.slow
def test_inception_compares_pictures_where_its_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    torch.save(inception_v3(init_weights=True).state_dict(), tmp_path / FILE)
    words = ["landmarks", "--pairs", "2", "--points", "1"]
    out = tmp_path / "out.json"
    monkeypatch.setattr(
        "sys.argv", [*words, "--inception", str(tmp_path / FILE), "--json", str(out)]
    )
    landmarks.main()
    found = json.loads(out.read_text())
    assert found["frechet"] == NOT_RUN
    assert found["frechet, Inception"] > 0
    assert found["rows"][0]["pairs"] == 2
