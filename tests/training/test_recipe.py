"""The whole recipe from an empty folder: render, train, export, encoder."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from makehuman import expect_opengl, write

from inversion import encoder
from training import data, export
from training.generator import train
from training.nets import encoder_net
from training.renderer import traits as T
from weights.aux_nets import digest, load_small
from weights.formats import load as load_model

ROOT = Path(__file__).parents[2]
COUNT, HELD_OUT = 24, 8
MINUTES = "0.08"  # of most trainings

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Training listens to signals and sets threads; the tests after it should not know."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threads = torch.get_num_threads()
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_recipe_goes_from_an_empty_folder_to_models_that_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expect_opengl()
    monkeypatch.setattr(data, "HELD_OUT", HELD_OUT)  # of so few, 500 would be all
    monkeypatch.setattr(export, "SAMPLES", 4000)
    monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=time.process_time))  # others' work
    assets, folder, run = (tmp_path / name for name in ("makehuman", "data", "run"))
    words = ["--assets", str(write(assets)), "--out", str(folder), "--count", str(COUNT)]
    command = [sys.executable, "-m", "training.renderer.render", *words, "--workers", "1"]
    subprocess.run(command, cwd=ROOT, check=True)
    assert [len(part) for part in data.load(folder)] == [COUNT - HELD_OUT, HELD_OUT]

    words = ["--data", str(folder), "--assets", str(assets), "--out", str(run), "--workers", "1"]
    words += ["--mapping-steps", "30", "--stages", "64:0.12:0.01", f"256:{MINUTES}:0.005"]
    train.main(words)
    assert len((run / "log.md").read_text().splitlines()) == 4  # two of them the table's head
    file = tmp_path / "faces.safetensors"
    export.main([str(run / "checkpoint.pt"), str(file), "--data", str(folder)])
    check_model(file, folder)

    fit(encoder_net, monkeypatch, "--data", folder, "--model", file, "--out", tmp_path / "encoder")
    check_encoder(tmp_path / "encoder" / "encoder.safetensors", file)
    said = capsys.readouterr().out
    for words in ("mapping 30/30", "error: {'renders'"):
        assert words in said


def fit(module, monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    """Run a command that trains a small net, for some seconds."""
    short = ["--minutes", MINUTES, "--batch", "8"]
    monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, words), *short])
    module.main()


def check_model(file: Path, folder: Path) -> None:
    model = load_model(file)
    config = model.generator.config
    assert (config.resolution, config.z_dim) == (256, T.Z_DIM)
    assert model.axes is not None
    assert model.coordinates is not None
    assert len(model.axes) == T.DRAGGED[1] - T.DRAGGED[0]
    with torch.no_grad():
        ws = model.generator.style(torch.randn(2, T.Z_DIM))
        picture = model.generator(ws, "none")
        painted = model.coordinates(dict(model.generator.maps(ws, "none")), ws)
    assert picture.shape == (2, 3, 256, 256)
    assert painted.shape == (2, 4, 128, 128)
    assert picture.isfinite().all()
    assert painted.isfinite().all()
    covered = np.load(folder / "coordinates.npy")[..., 3] > 0
    middle, corner = covered[:, 60:80, 54:74].mean(), covered[:, :8, :8].mean()
    assert middle > 0.9 > corner  # so what it learnt in some seconds has this order too
    assert painted[:, 3, 60:80, 54:74].mean() > painted[:, 3, :8, :8].mean()


def check_encoder(file: Path, model: Path) -> None:
    net = encoder.build(*load_small(file))
    mapping = load_model(model).generator.mapping
    assert net.mapping == digest(mapping.state_dict())
    with torch.no_grad():
        w = net(torch.zeros(1, 3, encoder.SIDE, encoder.SIDE))
    assert w.shape == (1, mapping.w_avg.shape[0])
    assert file.stat().st_size <= 3e6
