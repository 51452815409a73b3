"""Training on a tiny folder: windows are exact, mirrors are mirrors, and the recipe runs."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan import Config
from training import export
from training.data import HELD_OUT, QUANTA, load
from training.generator import adversarial, train
from training.generator.checkpoint import read_average
from training.generator.discriminator import Conv, Discriminator, minibatch_spread
from training.generator.losses import Target, coordinates
from training.generator.mapping import AT_ONCE, known, pretrain
from training.generator.networks import Networks, cut_to
from training.generator.patch import CELLS, TRUNK, Windows, draw_windows, paint
from training.generator.stage import Stage, lesson
from training.parallel import on_cuda, workers
from training.parallel.ahead import ahead
from training.parallel.recorded import descend
from training.parallel.resident import Pool, Resident
from weights.formats import load as load_model

SEEN, HELD = 12, 4
Z, POINTS = 6, 5
TINY = Config(
    resolution=256, z_dim=Z, w_dim=8, channel_base=512, channel_max=8,
    mapping_layers=2, mapping_features=8, lr_multiplier=1.0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Training listens to signals; the tests after it should not."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of random pictures; most of its rows are not rendered (and take no room)."""
    folder, count, dice = tmp_path_factory.mktemp("data"), SEEN + HELD_OUT, np.random.default_rng(0)
    shapes = {
        "images": (np.uint8, (256, 256, 3)), "coordinates": (np.uint16, (128, 128, 4)),
        "z": (np.float32, (Z,)), "landmarks": (np.float32, (POINTS, 2)), "done": (np.uint8, ()),
    }  # fmt: skip
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (count, *shape))
        for name, (kind, shape) in shapes.items()
    }
    for row in [*range(SEEN), *range(count - HELD, count)]:
        soft = dice.integers(0, 255, (16, 16, 3)).astype(np.uint8)
        arrays["images"][row] = soft.repeat(16, 0).repeat(16, 1)
        cells = dice.integers(0, QUANTA, (128, 128, 4)) * (dice.random((128, 128, 1)) < 0.7)
        arrays["coordinates"][row] = cells
        arrays["coordinates"][row, ..., 3] = cells[..., 0] > 0
        arrays["z"][row] = dice.standard_normal(Z)
        arrays["landmarks"][row] = dice.uniform(40, 200, (POINTS, 2))
        arrays["done"][row] = 1
    layout = {
        "z_dim": Z, "side": 256, "box": [[-1, -1.5, -1], [1.2, 1, 1]], "dragged": [1, 4],
        "mirror_z": [1, -1, 1, 1, -1, 1], "mirror_landmarks": [1, 0, 2, 4, 3],
    }  # fmt: skip
    (folder / "layout.json").write_text(json.dumps(layout))
    return folder


def describe(z: np.ndarray) -> np.ndarray:
    return np.concatenate([np.sin(z), z[:, :1] > 0], 1)


def tiny_networks() -> Networks:
    torch.manual_seed(0)
    networks = Networks(TINY).double().requires_grad_(False)
    for weight in networks.parameters():
        weight.add_(0.1 * torch.randn_like(weight))
    return networks


@pytest.mark.parametrize("side", [128, 256])
def test_windows_are_the_crops_of_the_whole_pass(side: int) -> None:
    networks, last = tiny_networks(), TRUNK - CELLS
    corners = [(0, 0), (last, last), (1, 9), (12, 17), (last - 1, 2)]
    windows = Windows(corners)
    ws = torch.randn(len(corners), TINY.num_ws, TINY.w_dim, dtype=torch.float64)
    whole, cut = paint(networks, ws, side), paint(networks, ws, side, windows)
    assert set(cut.pictures) == set(whole.pictures) == {64, side}
    assert set(cut.points) == set(whole.points) == {64, 128}
    for made, full in ((cut.pictures, whole.pictures), (cut.points, whole.points)):
        torch.testing.assert_close(made[64], full[64])
        top = max(made)
        assert made[top].shape[-1] == top * CELLS // TRUNK
        torch.testing.assert_close(made[top], windows.cut(full[top]), rtol=1e-9, atol=1e-9)


def test_the_whole_pass_is_the_generators() -> None:
    networks = tiny_networks()
    ws = torch.randn(2, TINY.num_ws, TINY.w_dim, dtype=torch.float64)
    painted = paint(networks, ws, 256)
    assert torch.equal(painted.pictures[256], networks.generator(ws, "none"))
    maps = dict(networks.generator.maps(ws, "none"))
    assert torch.equal(painted.points[128], networks.coordinates(maps, ws))
    small = cut_to(networks.float(), 128)
    torch.testing.assert_close(
        small.generator(ws[:, : small.config.num_ws].float(), "none"),
        networks.generator(ws.float(), "none", 128),
    )


def test_windows_lie_in_the_picture_and_mostly_on_the_face() -> None:
    marks = torch.full((600, 3, 2), 250.0)  # in the last corner, where 2 / 3 of the windows go
    corners = draw_windows(marks, 256, torch.Generator().manual_seed(0)).corners
    assert all(0 <= place <= TRUNK - CELLS for corner in corners for place in corner)
    share = sum(corner == (TRUNK - CELLS, TRUNK - CELLS) for corner in corners) / len(corners)
    assert 0.64 < share < 0.75
    at_edge = sum(corner[0] == 0 for corner in corners) / len(corners)
    assert 0.03 < at_edge < 0.1


def test_only_what_is_rendered_is_read_and_the_last_is_held_out(data: Path) -> None:
    faces, held = load(data)
    assert (len(faces), len(held)) == (SEEN, HELD)
    index = torch.tensor([3, 0])
    stored = torch.from_numpy(np.load(data / "images.npy", mmap_mode="r")[[3, 0]].copy())
    expected = stored.permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.testing.assert_close(faces.batch(index, 256), expected)
    torch.testing.assert_close(faces.batch(index, 64)[:, :, 5, 7], expected[:, :, 20, 28])
    painted = faces.points(index)
    assert painted[:, :3].abs().max() <= 1
    assert set(painted[:, 3].unique().tolist()) == {0.0, 1.0}


def test_a_mirrored_face_is_the_mirror_of_all_its_parts(data: Path) -> None:
    faces = load(data)[0]
    index, flags = torch.tensor([2, 5]), torch.tensor([False, True])
    plain, other = faces.pairs(index, 256), faces.pairs(index, 256, flags)
    for part in ("z", "pictures", "points", "landmarks"):
        assert torch.equal(getattr(plain, part)[0], getattr(other, part)[0])
    assert torch.equal(other.pictures[1], plain.pictures[1].flip(2))
    assert torch.equal(other.z[1], plain.z[1] * faces.layout.mirror_z)
    assert other.landmarks[1, 0, 0] == 255 - plain.landmarks[1, 1, 0]

    def metres(points: Tensor) -> Tensor:  # x of the box, 0 where nothing is
        return ((points[0] + 1) / 2 * 2.2 - 1) * points[3]

    torch.testing.assert_close(metres(other.points[1]), -metres(plain.points[1]).flip(1))
    assert torch.equal(other.points[1, 1:], plain.points[1, 1:].flip(2))


def test_coordinates_cost_nothing_where_no_face_is() -> None:
    wanted = torch.zeros(1, 4, 4, 4)
    wanted[:, 3, :2] = 1
    made = torch.where(wanted[:, 3:] > 0, wanted, 5.0)
    made[:, 3] = 100 * (2 * wanted[:, 3] - 1)
    assert coordinates(made, wanted) < 1e-6


def test_a_thread_ahead_ends_with_its_reader_and_tells_of_trouble() -> None:
    with ahead(iter(range(100))) as numbers:
        assert [next(numbers) for _ in range(3)] == [0, 1, 2]

    def broken():
        yield 1
        raise OSError("no such face")

    with ahead(broken()) as numbers:
        assert next(numbers) == 1
        with pytest.raises(OSError, match="no such face"):
            next(numbers)


def test_a_gradient_that_is_no_number_changes_nothing(data: Path) -> None:
    faces = load(data)[0]
    run = train.fresh(TINY, Networks(TINY).generator.mapping.state_dict(), 64, "cpu")
    before = {name: value.clone() for name, value in run.networks.state_dict().items()}
    pairs = faces.pairs(torch.arange(2), 64)
    target = Target(replace(pairs, pictures=pairs.pictures * torch.nan), 256, None)
    loss = lesson(run.networks, 64, target, None, False)
    loss.backward()
    train.update(run, Stage(64, 1, 0.01), workers.Word(1.0, float(loss.detach()), False))
    descend(lesson(run.networks, 64, target, None, False), run.optimiser)
    assert all(torch.equal(before[name], v) for name, v in run.networks.state_dict().items())


def test_what_is_resident_are_the_faces_of_the_folder(data: Path) -> None:
    faces, resident = load(data)[0], Resident(data, torch.device("cpu"))
    torch.manual_seed(3)
    drawn = resident.drawn(40, 128)
    everything = torch.arange(SEEN).repeat(2)
    pairs = faces.pairs(everything, 128, everything.new_zeros(2 * SEEN).bool().index_fill(
        0, torch.arange(SEEN), True))  # fmt: skip
    seen = set[int]()
    for k, z in enumerate(drawn.z):
        found = (pairs.z == z).all(1).nonzero()[:, 0]
        assert len(found) == 1
        seen.add(int(found[0]))
        for part in ("pictures", "points", "landmarks"):
            assert torch.equal(getattr(drawn, part)[k], getattr(pairs, part)[found[0]])
    assert len(seen) > SEEN  # most of them, both ways round


def test_what_is_rendered_later_comes_along(data: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data, tmp_path / "later"))
    done = np.load(folder / "done.npy", mmap_mode="r+")
    done[2:SEEN] = 0
    resident = Resident(folder, torch.device("cpu"))
    assert int(resident.count) == 2
    done[4] = 1
    resident.refresh()
    assert int(resident.count) == 2  # it has just looked
    resident.patience = 0.0
    resident.refresh()
    assert int(resident.count) == 3
    codes = {tuple(z.abs().tolist()) for z in resident.drawn(60, 64).z}
    assert codes == {tuple(np.abs(np.load(folder / "z.npy")[k]).tolist()) for k in (0, 1, 4)}


def test_a_stage_of_recorded_steps_learns(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_cuda, "time", SimpleNamespace(monotonic=time.process_time))
    torch.manual_seed(0)
    run = train.fresh(TINY, Networks(TINY).generator.mapping.state_dict(), 64, "cpu")
    words = ["--data", str(data)]
    resident, stage = Resident(data, torch.device("cpu")), Stage(64, 0.1, 0.02, 2)
    losses = list(on_cuda.steps(run, stage, resident, train.parse(words), workers.Stop()))
    assert run.steps == len(losses) * on_cuda.LOOK
    assert run.images == 2 * run.steps
    assert losses[-1] < losses[0]
    assert run.seconds >= 6


def test_many_codes_are_described_ahead() -> None:
    z, told = known(describe, Z, 3 * AT_ONCE)
    assert len(np.unique(z[:, 0])) > 2.9 * AT_ONCE
    np.testing.assert_allclose(told, describe(z), atol=1e-3)
    pool = Pool(z, told, torch.device("cpu"))
    mapping = pretrain(TINY, describe, 30, (z, told), batch=8)
    assert mapping(pool.drawn(5)[0]).shape == (5, TINY.w_dim)


@pytest.mark.slow
def test_the_recipe_runs_and_its_model_loads(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "SHAPE", TINY)
    (out := tmp_path / "run").mkdir()
    file = tmp_path / "m.safetensors"
    mapping = pretrain(TINY, describe, steps=30, batch=8)
    torch.save(mapping.state_dict(), out / "mapping.pt")
    words = ["--data", str(data), "--out", str(out), "--workers", "1", "--batch", "2"]
    words += ["--channels", "512", "--stages", "64:0.02:0.01"]
    train.main(words)
    train.main([*words, "256:0.03:0.005"])  # goes on where the first one ended
    rows = (out / "log.md").read_text().splitlines()[2:]
    assert [row.split()[1] for row in rows] == ["64", "256"]
    assert len(list(out.glob("sheet_*_points.png"))) == 2
    sharp = ["--data", str(data), "--begin", str(out / "checkpoint.pt"), "--batch", "2"]
    sharp += ["--out", str(tmp_path / "sharp"), "--device", "cpu"]
    adversarial.main([*sharp, "--minutes", "0.02"])
    seconds = torch.load(tmp_path / "sharp" / "checkpoint.pt", weights_only=True)["seconds"]
    adversarial.main([*sharp, "--minutes", str(seconds / 60 + 0.01)])
    assert torch.load(tmp_path / "sharp" / "rival.pt", weights_only=True)["step"] >= 2
    monkeypatch.setattr(export, "SAMPLES", 500)
    export.main([str(tmp_path / "sharp" / "checkpoint.pt"), str(file), "--data", str(data)])
    assert "held-out MSE" in capsys.readouterr().out
    check_model(file)
    goes_on_from_a_model(file, data, tmp_path / "on")


def goes_on_from_a_model(file: Path, data: Path, out: Path) -> None:
    words = ["--data", str(data), "--begin", str(file), "--batch", "2", "--out", str(out)]
    adversarial.main([*words, "--device", "cpu", "--minutes", "0.01"])
    networks, side = read_average(out / "checkpoint.pt")
    assert side == 256
    before = load_model(file).generator.state_dict()
    after = networks.generator.state_dict()
    assert torch.equal(before["mapping.fc0.weight"], after["mapping.fc0.weight"].half().float())
    name = "synthesis.b256.conv1.weight"
    assert 0 < float((before[name] - after[name]).abs().mean()) < 0.1


def check_model(file: Path) -> None:
    model = load_model(file)
    assert model.axes is not None
    assert model.coordinates is not None
    assert model.axes.shape == (3, TINY.w_dim)
    ws = model.generator.style(torch.randn(1, Z))
    assert model.coordinates(dict(model.generator.maps(ws)), ws).shape == (1, 4, 128, 128)


@pytest.mark.slow
def test_workers_agree_and_stop_when_asked(data: Path, tmp_path: Path) -> None:
    (out := tmp_path / "run").mkdir()
    config = replace(train.SHAPE, z_dim=Z, channel_base=256)
    torch.save(Networks(config).generator.mapping.state_dict(), out / "mapping.pt")
    command = [
        sys.executable,
        "-m",
        "training.generator.train",
        "--data",
        str(data),
        "--out",
        str(out),
    ]
    command += ["--channels", "256", "--stages", "64:10", "--port", "29533", "--batch", "1"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Ctrl-C" in process.stdout.readline()
        process.terminate()
        rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0, rest
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    assert state["stage"] == 0
    assert 0 < state["seconds"] < 300


def test_the_rival_sees_spread_within_groups_only() -> None:
    x = torch.randn(8, 3, 4, 4)
    spread = minibatch_spread(x)
    torch.testing.assert_close(spread[0, 0, 0, 0], x[[0, 2, 4, 6]].std(0, correction=0).mean())
    assert float(minibatch_spread(x[:1].expand(4, -1, -1, -1)).max()) < 1e-3


def test_the_rival_halves_maps_down_to_one_logit() -> None:
    assert Conv(3, 5, 3, down=True)(torch.randn(2, 3, 8, 8)).shape == (2, 5, 4, 4)
    flat = Conv(1, 1, 1, down=True)
    flat.weight.data.fill_(1.0)
    made = flat(torch.full((1, 1, 8, 8), 3.0))
    torch.testing.assert_close(made[..., 1:-1, 1:-1], torch.full((1, 1, 2, 2), 3.0))
    assert Discriminator(TINY)(torch.randn(2, 3, 256, 256)).shape == (2,)
