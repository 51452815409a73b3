"""The figures of drags by several methods, on made-up pictures whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.arrive import methods
from benchmarks.arrive.drag_metrics import SIDE, Figure, Pull, Shown, figures, returned
from benchmarks.arrive.judges import JUDGES
from benchmarks.arrive.methods import MAIN, METHODS, TITLES, Done
from benchmarks.arrive.point_drags import LENGTHS, POINTS, Task, end, tasks
from benchmarks.real.elastic import MOST_DB, RADII
from editor.engine import Engine
from editor.search import OWN
from transfer.correspondence import CoordinateMap

ROOM = 128  # px of the pictures
LARGE = SIDE / ROOM
HANDLE, WAY = np.array([50.0, 60.0]), np.array([9.0, -6.0])
PULL = Pull(0, HANDLE, HANDLE + WAY)
FARAWAY = [[110.0, 110.0], [10.0, 115.0]]


def disc(shift: np.ndarray) -> Shown:
    """A shaded disc that has gone so far; the face is what is on it, and two points far away."""
    row, column = np.mgrid[:ROOM, :ROOM].astype(np.float32)
    x, y = column - HANDLE[0] - shift[0], row - HANDLE[1] - shift[1]
    where = x**2 + y**2 < 12**2
    shade = np.where(where, 120 + 4 * x + 2 * y, 30).clip(0, 255)
    picture = np.repeat(shade[..., None], 3, axis=2).astype(np.uint8)
    points = np.stack([x, y, np.zeros_like(x)], 2).astype(np.float32) / 20
    marks = np.array([HANDLE + shift, *FARAWAY])
    return Shown(picture, marks, marks, CoordinateMap(points, where))


STILL, MOVED = disc(np.zeros(2)), disc(WAY)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(device="cpu")


@pytest.fixture(scope="module")
def drags(engine: Engine) -> list[Task]:
    """All of one face."""
    return list(tasks(engine, 1, len(POINTS) * len(LENGTHS)))


def test_a_disc_that_went_all_the_way_has_no_error() -> None:
    found = figures(STILL, MOVED, PULL)
    assert found.pop("outside") == 0  # it has stayed within what may move
    assert found.pop("share net") == found.pop("share calibrated") == pytest.approx(1)
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=0.02)
    assert [found[f"DAI {radius}"] for radius in RADII] == [0, 0, 0, 0]


def test_what_has_not_moved_lacks_the_whole_way() -> None:
    found, way = figures(STILL, STILL, PULL), LARGE * float(np.linalg.norm(WAY))
    assert [found[f"MD {judge}"] for judge in JUDGES] == pytest.approx([way] * 3, abs=0.02)
    assert found["others"] == found["outside"] == found["share net"] == 0
    assert all(found[f"DAI {radius}"] > 0.01 for radius in RADII)


def test_what_went_too_far_or_astray_lacks_the_rest() -> None:
    off = np.array([3.0, 4.0])
    found = figures(STILL, disc(WAY + off), PULL)
    assert [found[f"MD {judge}"] for judge in JUDGES] == pytest.approx([LARGE * 5] * 3, abs=0.05)


def test_a_point_that_is_hidden_is_not_counted() -> None:
    gone = CoordinateMap(MOVED.face.points + 9, MOVED.face.covered)
    found = figures(STILL, replace(MOVED, face=gone), PULL)
    assert np.isnan(found["MD head"])
    off_face = figures(STILL, MOVED, Pull(0, np.array([5.0, 5.0]), HANDLE))
    assert np.isnan(off_face["MD head"])


def test_only_points_far_from_the_drag_should_rest() -> None:
    marks = MOVED.marks + np.array([[0, 0], [3, 4], [0, 0]])
    found = figures(STILL, replace(MOVED, marks=marks), PULL)
    assert found["others"] == pytest.approx(LARGE * 2.5)


def test_change_is_outside_only_beyond_the_disc_that_may_move() -> None:
    other = STILL.picture.copy()
    free = PULL.disc(ROOM)
    other[~free] += 10
    found = figures(STILL, replace(STILL, picture=other), PULL)
    assert found["outside"] == 10
    x, y = HANDLE.astype(int)
    assert free[y, x]
    assert 0 < free.mean() < 0.2


def test_the_way_back_to_the_same_picture_is_not_endless() -> None:
    assert returned(STILL.picture, STILL.picture)["back dB"] == MOST_DB
    black = np.zeros_like(STILL.picture)
    assert returned(black, black + 255)["back dB"] == pytest.approx(0, abs=1e-3)
    assert returned(black + 100, black + 110)["back dB"] == pytest.approx(
        20 * np.log10(25.5), abs=1e-3
    )


def test_a_mean_has_half_of_its_interval_over_what_is_known() -> None:
    figure = Figure.of([1.0, 2.0, 3.0, None])
    assert (figure.mean, figure.n) == (2, 3)
    assert figure.error == pytest.approx(1.96 / 3**0.5)
    assert str(figure) == "2.00 ± 1.13"
    assert (str(Figure.of([5.0])), str(Figure.of([None]))) == ("5.00 ± ?", "none")


def test_a_line_says_what_is_not_known() -> None:
    rows = [{"drag": "a", "MD head": None, "drift": 1.0}, {"drag": "b", "MD head": 3, "drift": 2.0}]
    found = methods.summary("ours", rows, None)
    printed = methods.line(json.loads(json.dumps(found)))
    assert printed["MD head"] == "3.00 ± ? (1)"
    assert printed["drift"] == "1.50 ± 0.98"
    assert (printed["back LPIPS"], printed["MB"]) == ("not run", "not measured")
    assert found["figures"]["drift"]["n"] == found["n"] == 2
    assert methods.line(methods.summary("ours", rows, 700.4))["MB"] == 700


def test_each_point_is_dragged_by_both_lengths(engine: Engine, drags: list[Task]) -> None:
    assert len({task.name for task in drags}) == 10
    lengths = sorted(round(task.pull.length / engine.side, 3) for task in drags)
    assert lengths == sorted(LENGTHS * 5)


def test_points_go_where_faces_differ_and_not_away_from_them() -> None:
    source = torch.Generator().manual_seed(0)
    known = torch.tensor([60.0, 70.0]) + torch.randn(4000, 2, generator=source) * torch.tensor(
        [9.0, 1.0]
    )
    start = torch.tensor([75.0, 70.0])
    ways = torch.stack([end(start, known, 10.0, source) - start for _ in range(200)])
    torch.testing.assert_close(ways.norm(dim=1), torch.full((200,), 10.0))
    assert float(ways[:, 0].max()) < 2
    assert float((ways[:, 0].abs() > ways[:, 1].abs()).float().mean()) > 0.8


def test_without_an_edit_all_see_the_whole_way(engine: Engine, drags: list[Task]) -> None:
    task = drags[0]
    found = methods.judged(engine, task, Done(None, task.ws, task.ws, 0.0))
    way = SIDE * LENGTHS[0]
    seen = [found[f"MD {judge}"] for judge in ("tracker", *JUDGES)]
    assert seen == pytest.approx([way] * 4, abs=0.01)
    assert found["back dB"] == MOST_DB
    names = ("drift", "skin", "hair", "others", "outside", "steps")
    assert [found[name] for name in names] == pytest.approx([0] * 6, abs=1e-3)


def test_a_drag_has_every_figure_and_leaves_defaults_alone(
    engine: Engine, drags: list[Task]
) -> None:
    own = dict(OWN)
    (row,), memory = methods.measure(engine, "one move for all layers", drags[:1], 3)
    assert own == OWN
    assert {*TITLES} - {"back LPIPS"} <= {*row}
    assert row["steps"] == 3
    assert row["MD tracker"] < SIDE * LENGTHS[0]
    assert memory > 100


def test_the_published_method_knows_a_generator_only(engine: Engine) -> None:
    method = MAIN["draggan"]
    assert method is not None
    model = method.dragger(engine).model
    assert (model.axes, model.coordinates, model.landmark_regressor) == (None, None, None)
    torch.testing.assert_close(
        model.generator.mapping.w_avg, engine.generator.mapping.w_avg, rtol=0, atol=0
    )
    coarse = METHODS["block 32"]
    assert coarse is not None
    assert coarse.dragger(engine).model.feature_side == 32
