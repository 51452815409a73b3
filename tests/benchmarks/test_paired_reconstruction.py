"""Pairs of the model's pictures, and drags that are made from the flow between them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from worlds import small_generator

from benchmarks.arrive import paired_reconstruction as paired
from benchmarks.arrive.methods import MAIN
from benchmarks.arrive.published import LANDMARKS, PAIRED
from benchmarks.figures import tables
from benchmarks.tables import command
from editor.engine import Engine
from editor.search import LAYERS
from weights.files import FACES
from weights.formats import Model, save


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of which nothing is known but its generator, as published ones."""
    file = tmp_path_factory.mktemp("model") / "plain.safetensors"
    save(Model(small_generator(), 16, domain="square"), file)
    return file


def textured(side: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(side, side, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), side / 64)
    return (128 + 40 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


def test_a_perturbed_code_differs_by_its_share_in_the_first_layers(file: Path) -> None:
    engine = Engine(file, device="cpu")
    first, second = paired.perturbed(engine, 3, 0.1)
    none, whole = (paired.perturbed(engine, 3, share) for share in (0.0, 1.0))
    torch.testing.assert_close(first, none[1])
    torch.testing.assert_close(second - first, 0.1 * (whole[1] - first))
    assert (second[:LAYERS] != first[:LAYERS]).any(1).all()
    assert torch.equal(second[LAYERS:], first[LAYERS:])
    others = whole[1][:LAYERS]
    assert len({tuple(w.tolist()) for w in others}) == LAYERS  # each layer goes its own way


def test_handles_go_where_the_picture_went() -> None:
    picture = textured(128)
    moved = np.roll(picture, (2, 3), (0, 1))
    handles, targets = paired.flow_points(picture, moved, np.random.default_rng(0))
    assert handles.shape == targets.shape == (paired.POINTS, 2)
    way = targets - handles
    assert np.median(way, axis=0) == pytest.approx([3, 2], abs=0.3)
    assert len(np.unique(handles, axis=0)) == paired.POINTS


def test_a_drag_comes_nearer_to_the_other_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paired, "STEPS", 12)
    engine = Engine(device="cpu")
    (pair,) = paired.pairs(engine, 1, 0.3)
    method = MAIN["ours"]
    assert method is not None
    trials = paired.Trials(engine, {"ours": (method, engine.dragger)}, None)
    found = dict(trials.of(pair))
    assert found["ours"]["left"] < found["ours"]["moved"] == found["no edit"]["moved"]
    assert 0 < found["ours"]["MSE x100"] < found["no edit"]["MSE x100"]


def test_the_error_is_that_of_pictures_in_0_to_1() -> None:
    black = np.zeros((32, 32, 3), np.uint8)
    assert paired.away(black, black + 255, None)["MSE x100"] == pytest.approx(100)
    assert paired.away(black, black + 51, None)["MSE x100"] == pytest.approx(4)


def test_pairs_are_dragged_by_every_method_and_the_paper_is_quoted_beside(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    words = ["paired", "--model", str(file), "--pairs", "2", "--sigma", "0.5", "--json", str(out)]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(paired, "STEPS", 2)
    paired.main()
    written = json.loads(out.read_text())
    rows = {row["method"]: row for row in written["rows"]}
    assert list(rows) == ["no edit", *paired.NAMES]
    assert {row["pairs"] for row in rows.values()} == {2}
    assert all("±" in row["MSE x100"] for row in rows.values())
    *_, ours = (each["pairs"] for each in written["each"])
    assert {each["steps"] for each in ours} == {2}
    quoted = tables(written)[paired.DRAGGAN_SAYS]
    assert quoted == [dict(row) for row in PAIRED]


def test_what_is_quoted_has_every_column_in_every_row() -> None:
    for quoted in (LANDMARKS, PAIRED):
        assert len({tuple(row) for row in quoted}) == 1


def test_a_model_is_asked_for_by_its_file_or_its_name(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = command("Measure.")
    assert parser.parse_args([]).model == FACES
    assert parser.parse_args(["--model", str(file)]).model == file
    with pytest.raises(SystemExit):
        parser.parse_args(["--model", "no-such-model"])
    assert "There is no model no-such-model." in capsys.readouterr().err
