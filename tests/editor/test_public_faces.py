"""A public model of faces, which knows no axes and no points, moves a photo's own head."""

from pathlib import Path

import numpy as np
import pytest
from worlds import small_generator

from benchmarks.trust.hostile.pickle_writer import nvidia, pickled, snapshot, write
from editor.engine import Engine, default_crop
from editor.motion.poses import mesh_in
from editor.session import Session
from editor.view import edited
from inversion import InvertOptions, ProjectOptions, TuneOptions
from photo import Photo, read_photo
from photo.crop import Crop, Quad
from photo.mesh import NOSE_TIP, OVAL, Mesh
from stylegan import Generator
from transfer.rig import RIG_SIDE, Pose
from weights.formats import load

PHOTO = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"
WAY = 10.0  # px of the photo


def published(generator: Generator, folder: Path) -> Engine:
    """An engine on the generator alone, as its maker would have pickled it."""
    engine = Engine(write(folder / "model.pkl", pickled(snapshot(nvidia(generator)))), "cpu")
    model = engine.model
    assert (model.axes, model.coordinates, model.landmark_regressor) == (None, None, None)
    return engine


def mesh(photo: Photo, quad: Quad) -> Mesh:
    """The face net's, in px of the photo."""
    crop = Crop(quad, RIG_SIDE)
    seen = mesh_in(photo, crop)
    assert seen is not None
    return np.c_[crop.to_photo(seen[:, :2]), crop.photo_px * seen[:, 2]]


def nose_dragged(engine: Engine, fit: int, steps: int) -> tuple[Session, Pose, np.ndarray]:
    """(the session, the pose after its nose was dragged aside, how each point moved in it)."""
    photo = read_photo(PHOTO)
    quad = default_crop(photo, engine.domain)
    assert quad is not None
    options = InvertOptions(ProjectOptions(steps=fit), TuneOptions(steps=0))
    *_, found = engine.invert(photo, quad, options)
    session, before = engine.begin(photo, quad, found), mesh(photo, quad)
    x, y = (float(place) for place in before[NOSE_TIP, :2])
    how = engine.search().changed(steps=steps)
    *_, last = engine.drag(session, [((x, y), (x + WAY, y))], how)
    assert last.version is not None
    change = last.version.change
    assert isinstance(change, Pose)
    after, differs = edited(session.subject, change)
    assert np.array_equal(after[~differs], photo[~differs])
    assert 0.005 < differs.mean() < 0.3
    return session, change, (mesh(after, quad) - before)[:, :2]


def test_its_pictures_say_how_the_head_moves(tmp_path: Path, monkeypatch) -> None:
    """By the rig, as the mesh net sees the model's face: the head turns with its nose."""
    monkeypatch.setattr("editor.dragger.FlowEstimator", None)
    *_, moves = nose_dragged(published(load().generator, tmp_path), fit=24, steps=60)
    assert moves[NOSE_TIP] == pytest.approx([WAY, 0], abs=0.25 * WAY)
    assert np.median(moves[:, 0]) > 0.1 * WAY


def test_where_its_pictures_show_no_face_the_handles_arrive_alone(tmp_path: Path) -> None:
    """A generator of random weights: the rig bends around the nose, and the outline stays."""
    session, pose, moves = nose_dragged(published(small_generator(), tmp_path), fit=3, steps=60)
    assert 0.4 * WAY < moves[NOSE_TIP, 0] < 1.2 * WAY
    rig = session.subject.rig
    assert rig is not None
    bent = np.linalg.norm(pose.vertices - rig.vertices, axis=1)
    assert bent[NOSE_TIP] == bent.max()
    assert bent[list(OVAL)].max() < 0.2 * bent.max()
