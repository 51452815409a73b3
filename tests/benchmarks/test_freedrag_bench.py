"""Files of drags as FreeDragBench has them: read, refused, written, carried out."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from worlds import small_generator

from benchmarks.arrive import freedrag_bench as bench
from benchmarks.arrive.instructions import Instruction, InstructionError, read, write
from benchmarks.arrive.methods import MAIN
from benchmarks.arrive.point_drags import POINTS
from benchmarks.calibrated import seen
from benchmarks.real.elastic import MOST_DB
from drag import Edit, EditError
from editor.engine import Engine
from weights.formats import Model, save

SIDE = 64
LINE = {"seed": 5, "points": {"handle": [[10, 20], [40, 30]], "target": [[12, 26], [40, 30]]}}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(device="cpu")


def written(folder: Path, *lines: object) -> Path:
    file = folder / "drags.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts) + "\n", "utf-8")
    return file


def test_points_are_rows_and_columns_and_may_stay(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, LINE, "", LINE | {"seed": 0, "more": 1}), SIDE)
    assert (first.seed, second.seed, first.mask) == (5, 0, None)
    edit = first.edit(SIDE)
    assert edit.handles.tolist() == [[20, 10], [30, 40]]
    assert edit.targets.tolist() == [[26, 12], [30, 40]]
    back = first.edit(SIDE, back=True)
    assert torch.equal(back.handles, edit.targets)
    assert torch.equal(back.targets, edit.handles)
    with pytest.raises(EditError, match="nowhere"):  # a person may not ask so
        Edit(edit.size, edit.handles, edit.targets)


def test_a_seed_is_numpys_truncated(engine: Engine) -> None:
    nothing = np.empty((0, 2))
    mean = engine.generator.mapping.w_avg
    z = torch.from_numpy(np.random.RandomState(9).randn(1, engine.generator.config.z_dim))
    whole = engine.generator.mapping(z.float())[0]
    ws = Instruction(9, nothing, nothing).ws(engine)
    torch.testing.assert_close(ws[0], mean + 0.7 * (whole - mean))
    assert len(ws) == engine.generator.config.num_ws


def test_what_is_white_may_move(tmp_path: Path) -> None:
    free = np.zeros((SIDE, SIDE), np.uint8)
    free[:48] = 255
    Image.fromarray(free).save(tmp_path / "free.png")
    (found,) = read(written(tmp_path, LINE | {"mask": "free.png"}), SIDE)
    assert found.mask is not None
    assert np.array_equal(found.mask, free > 0)
    mask = found.edit(SIDE).mask
    assert mask is not None
    assert int(mask.sum()) == 48 * SIDE


BAD = [
    ("{", "no JSON"),
    ([], "seed must be"),
    (LINE | {"seed": -1}, "seed must be"),
    (LINE | {"seed": True}, "seed must be"),
    (LINE | {"points": [1]}, "a handle and a target"),
    ({"seed": 1, "points": {"handle": [[1, 2]]}}, r"lists of \[row, column\]"),
    ({"seed": 1, "points": {"handle": [[1, 2, 3]], "target": [[1, 2, 3]]}}, "lists of"),
    ({"seed": 1, "points": {"handle": [["a", 2]], "target": [[1, 2]]}}, "lists of"),
    ({"seed": 1, "points": {"handle": [[1, 2], [3]], "target": [[1, 2]]}}, "lists of"),
    ({"seed": 1, "points": {"handle": [[1, 2]], "target": [[1, 2], [3, 4]]}}, "1 handles and 2"),
    ({"seed": 1, "points": {"handle": [[300, 2]], "target": [[1, 2]]}}, "another model"),
    (LINE | {"mask": "../free.png"}, "beside the file"),
    (LINE | {"mask": "none.png"}, "mask cannot be read"),
    (LINE | {"mask": "drags.jsonl"}, "mask cannot be read"),
]


@pytest.mark.parametrize(("line", "why"), BAD)
def test_a_line_that_is_none_is_refused_with_its_number(
    tmp_path: Path, line: object, why: str
) -> None:
    with pytest.raises(InstructionError, match=f"line 2: .*{why}"):
        read(written(tmp_path, LINE, line), SIDE)


def test_a_file_without_drags_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstructionError, match="no drags"):
        read(written(tmp_path, ""), SIDE)
    with pytest.raises(InstructionError, match="cannot be read"):
        read(tmp_path / "none.jsonl", SIDE)


def test_drags_that_are_made_are_read_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SURVEY", 8)
    made = list(bench.made(engine, 2))
    assert [len(each.handles) for each in made] == [1, 2]
    for each in made:  # they lie on landmarks that the net sees, but for rounding
        landmarks = seen(engine.picture(each.ws(engine)))[1][list(POINTS.values())]
        away = np.linalg.norm(each.handles[:, None] - landmarks, axis=2).min(1)
        assert away.max() < 1
    write(file := tmp_path / "made.jsonl", made)
    for before, after in zip(made, read(file, engine.side), strict=True):
        assert before.seed == after.seed
        assert np.array_equal(before.handles, after.handles)
        assert np.array_equal(before.targets, after.targets)
        assert (before.mask is None) == (after.mask is None)
    assert made[1].mask is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made-2.png", "made.jsonl"]


def test_a_drag_goes_there_and_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "STEPS", 12)
    ends = np.array([[128.0, 150.0]]), np.array([[140.0, 150.0]])
    asked = Instruction(bench.SEED, *ends)
    method = MAIN["ours"]
    assert method is not None
    found = bench.run(engine, (method, engine.dragger), asked)
    assert found["length"] == pytest.approx(24)  # px of 512
    assert found["MD"] < found["length"]
    assert found["steps"] <= 12
    assert 10 < found["back dB"] < MOST_DB
    assert {*bench.TITLES} - {*found} <= {"CCSD x10"}  # its backbone may not be at hand


def test_models_without_faces_need_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SURVEY", 2)
    model, out = tmp_path / "plain.safetensors", tmp_path / "out.json"
    save(Model(small_generator(), 16, domain="square"), model)
    words = ["bench", "--model", str(model), "--methods", "draggan"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(InstructionError, match="give a --file"):
        bench.main()
    line = {"seed": 1, "points": {"handle": [[10, 12], [20, 20]], "target": [[14, 12], [20, 20]]}}
    monkeypatch.setattr(bench, "STEPS", 2)
    monkeypatch.setattr(
        "sys.argv", [*words, "--file", str(written(tmp_path, line)), "--json", str(out)]
    )
    bench.main()
    found = json.loads(out.read_text())
    assert [row["method"] for row in found["rows"]] == ["draggan"]
    assert found["each"]["draggan"][0]["length"] == pytest.approx(32)  # half of 4 px of 32
    assert bench.FREEDRAG_SAYS in found
