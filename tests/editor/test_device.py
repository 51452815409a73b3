"""The engine computes on its device, mixes it with no other, and hands out what is on the CPU."""

import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import lpips
import numpy as np
import pytest
import torch
from elsewhere import ELSEWHERE, Remote, elsewhere
from torch import Tensor
from worlds import small_generator

from drag import Edit
from editor.engine import Engine
from editor.machine.device import changed, on_cpu
from editor.search import GEOMETRY, PRINCIPAL, Space
from editor.session import Session
from inversion import InvertOptions, ProjectOptions, TuneOptions, distance, fit_psnr
from inversion.distance import choose
from weights.formats import Model, save

SIDE = 32
INVERT = InvertOptions(ProjectOptions(steps=4), TuneOptions(steps=3))
DRAG = GEOMETRY.changed(steps=6)
PAIRS = [((200.0, 200.0), (260.0, 220.0)), ((300.0, 200.0), (290.0, 250.0))]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(Model(small_generator(), 16), file)
    return file


def parts(value: Any) -> Iterator[Any]:
    """All that is in a value, however deep."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple | list):
        for part in value:
            yield from parts(part)
    else:
        yield value


def same(one: Any, other: Any) -> bool:
    pairs = zip(parts(one), parts(other), strict=True)
    return all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in pairs)


def photo() -> Tensor:
    return torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(7)).clamp(-1, 1)


def edit() -> Edit:
    mask = torch.zeros(512, 512, dtype=torch.bool)
    mask[50:450, 50:450] = True
    return Edit.between((512, 512), PAIRS, mask)


def dragged(engine: Engine, session: Session, space: Space) -> list[Any]:
    """Both algorithms, and steps after Polyak."""
    ways = DRAG, DRAG.changed(algorithm="freedrag"), PRINCIPAL.changed(steps=6)
    edits = (engine.drag(session, edit(), way.changed(space=space)) for way in ways)
    return [moved for steps in edits for moved in steps]


def moved(engine: Engine, session: Session, space: Space) -> Tensor:
    """The ws after some steps."""
    steps = dragged(engine, session, space)
    return next(item.version.ws for item in steps if item.version and item.state.step == 4)


def all_work(engine: Engine) -> list[Any]:
    fits = list(engine.fit(photo(), INVERT))
    face = engine.face(3)
    bent = replace(face, subject=replace(face.subject, delta=fits[-1].delta))
    fidelity = fit_psnr(engine.generator, fits[-1], photo())
    spaces: tuple[Space, ...] = ("axes", "w+", "w")
    return [fits, face, fidelity, *(dragged(engine, bent, space) for space in spaces)]


@pytest.mark.slow
def test_all_work_is_the_same_on_another_device(file: Path) -> None:
    here = all_work(Engine(file, "cpu"))
    with elsewhere():
        engine = Engine(file, ELSEWHERE)
        there = all_work(engine)
        assert all(isinstance(tensor, Remote) for tensor in engine.generator.state_dict().values())
    assert same(here, there)
    tensors = [part for part in parts(there) if isinstance(part, Tensor)]
    assert len(tensors) > 100
    assert {type(tensor) for tensor in tensors} == {Tensor}


def test_the_learned_distance_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def network() -> torch.nn.Module:
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = lpips.LPIPS(net="squeeze", pretrained=False, pnet_rand=True, verbose=False)
        return made.eval().requires_grad_(False)

    monkeypatch.setattr(distance, "backbone_file", lambda: Path(__file__))
    monkeypatch.setattr(distance, "_lpips", network)
    pictures = photo()[None], photo().flip(2)[None], torch.ones(1, 1, SIDE, SIDE)
    here = choose(torch.device("cpu"))[0](*pictures)
    with elsewhere():
        there = choose(ELSEWHERE)[0](*(part.to(ELSEWHERE) for part in pictures)).cpu()
    assert float(here) > 0
    assert torch.equal(here, there)


@pytest.mark.parametrize("device", ["cpu", ELSEWHERE])
def test_a_tensor_that_is_left_behind_is_noticed(file: Path, device: Any) -> None:
    with elsewhere():
        engine = Engine(file, device)
        axes = engine.dragger.axes.to(ELSEWHERE if device == "cpu" else "cpu")
        engine.dragger = replace(engine.dragger, axes=axes)
        with pytest.raises(AssertionError, match="are on the CPU, others are not"):
            dragged(engine, engine.face(3), "w+")


def test_in_w_all_layers_move_together(file: Path) -> None:
    engine = Engine(file, "cpu")
    session = engine.face(3)
    last = moved(engine, session, "w")
    assert torch.equal(last[:6], last[:1].expand(6, -1))
    assert not torch.equal(last[0], session.subject.ws[0])
    assert torch.equal(last[6:], session.subject.ws[6:])
    several = moved(engine, session, "w+")
    assert not torch.equal(several[:6], several[:1].expand(6, -1))


def test_a_face_of_the_model_is_its_own_picture_enlarged(file: Path) -> None:
    engine = Engine(file, "cpu")
    session = engine.face(3)
    assert session.subject.photo.shape == (512, 512, 3)
    assert session.subject.quad.tolist() == [
        [-0.5, -0.5], [-0.5, 511.5], [511.5, 511.5], [511.5, -0.5],
    ]  # fmt: skip
    means = session.subject.photo.reshape(SIDE, 16, SIDE, 16, 3).mean((1, 3))
    assert np.corrcoef(means.ravel(), engine.random(3).ravel())[0, 1] > 0.98
    assert same(session.now.ws, engine.latent(3, 0.8))


def test_the_first_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from editor.machine.device import best_device

    assert best_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert best_device() == torch.device("cuda")


def test_a_change_reaches_all_and_leaves_the_original(file: Path) -> None:
    session = Engine(file, "cpu").face(1)
    twice = changed(session, Tensor, lambda tensor: 2 * tensor)
    assert torch.equal(twice.now.ws, 2 * session.now.ws)
    assert torch.equal(twice.subject.ws, twice.now.ws)
    assert twice.subject.photo is session.subject.photo
    assert same(on_cpu(session), session)
