"""Every writer on a disk that fails it, at every step: one sentence, no halves, the old file."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from file_server import Site, serve
from huggingface_hub import constants
from PIL import Image
from test_fit_cache import photo, same
from test_session_file import session
from worlds import small_generator

from benchmarks.trust.hostile.pickle_writer import nvidia, pickled, snapshot
from benchmarks.trust.hostile.pickle_writer import write as put
from cli import main
from editor import USER_ERRORS, fit_cache
from editor.drawing import Drawing
from editor.engine import Engine
from editor.export import save_gif, save_mp4, save_png
from editor.session_file import load_session, save_session
from inversion import Inversion, InvertOptions, ProjectOptions, TuneOptions
from training.generator import checkpoint
from weights.aux_nets import load_small, save_small
from weights.files import PARTS, WeightsError
from weights.formats import Model, load, save
from weights.hub.cache import accept, accepted, place
from weights.hub.catalogue import CC_BY, PublicModel
from weights.hub.fetch import fetch, fetched_bytes

GENERATOR = small_generator()
PICTURES = [np.random.default_rng(n).integers(0, 256, (64, 64, 3), np.uint8) for n in range(3)]
LEAST = 2000  # bytes that a disk takes before it is full


@contextmanager
def unable(name: str, number: int, when: Callable[..., bool] = lambda *_: True) -> Iterator[None]:
    """A call of the system fails."""
    default_crop = getattr(os, name)

    def failing(*arguments: Any, **how: Any) -> Any:
        if when(*arguments):
            raise OSError(number, os.strerror(number))
        return default_crop(*arguments, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, failing)
        yield


@contextmanager
def small() -> Iterator[None]:
    """No file may get larger; as on a disk that is full, whoever writes is told so late."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _creates(_: object, flags: int, *__: object) -> bool:
    return bool(flags & os.O_CREAT)


TROUBLES: dict[str, Callable[[], Any]] = {
    "full when it is opened": lambda: unable("open", errno.ENOSPC, _creates),
    "read-only": lambda: unable("open", errno.EROFS, _creates),
    "not ours": lambda: unable("open", errno.EACCES, _creates),
    "full in the middle": small,
    "full at the end": lambda: unable("fsync", errno.ENOSPC),
    "broken at the end": lambda: unable("fsync", errno.EIO),
    "full when it is renamed": lambda: unable("replace", errno.ENOSPC),
    "read-only when it is renamed": lambda: unable("replace", errno.EROFS),
}


def convert(file: Path) -> None:
    words = ["weights", "convert", str(file.parents[1] / "source.pkl"), str(file)]
    args = main.parser().parse_args(words)
    args.model = Path(args.model)
    main.run(args)  # the place was not looked at: it is the writing that is


def show(file: Path) -> None:
    with Image.open(file) as image:
        image.load()


def play(file: Path) -> None:
    with av.open(str(file)) as video:
        assert len(list(video.decode(video=0))) == 3


def train(file: Path) -> None:
    checkpoint.write({"x": torch.ones(9999)}, file)


WRITERS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "a.png": (lambda file: save_png(PICTURES[0], file), show),
    "a.gif": (lambda file: save_gif(PICTURES, file), show),
    "a.mp4": (lambda file: save_mp4(PICTURES, file), play),
    "session.safetensors": (lambda f: save_session(session([Drawing()]), {}, f), load_session),
    "model.safetensors": (lambda file: save(Model(GENERATOR, 16), file), load),
    "net.safetensors": (lambda file: save_small({"x": torch.ones(9999)}, {}, file), load_small),
    "converted.safetensors": (convert, load),
    "training.pt": (train, lambda file: torch.load(file, weights_only=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_disk_that_fails_costs_nothing_but_a_sentence(
    trouble: str, name: str, tmp_path: Path
) -> None:
    put(tmp_path / "source.pkl", pickled(snapshot(nvidia(GENERATOR))))
    (tmp_path / "out").mkdir()
    (write, read), file = WRITERS[name], tmp_path / "out" / name
    for before in (None, b"the old file"):
        if before is not None:
            file.write_bytes(before)
        with pytest.raises((*USER_ERRORS, OSError, RuntimeError)) as error, TROUBLES[trouble]():
            write(file)
        if name != "training.pt":  # for those who train there is a traceback
            assert isinstance(error.value, USER_ERRORS)
            assert "\n" not in str(error.value)
            assert f"{file} cannot be written" in str(error.value)
        left = {each: each.read_bytes() for each in (tmp_path / "out").iterdir()}
        assert left == ({} if before is None else {file: before})
    write(file)
    read(file)
    assert list((tmp_path / "out").iterdir()) == [file]


# What goes on without


OPTIONS = InvertOptions(ProjectOptions(steps=3), TuneOptions(steps=3, coarse=1, moves=1))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    file = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(Model(GENERATOR, 16), file)
    return Engine(file, "cpu")


@pytest.fixture(scope="module")
def whole(engine: Engine) -> list[Inversion]:
    return list(engine.fit(photo(), OPTIONS))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_fit_goes_on_without_its_cache(
    trouble: str, engine: Engine, whole: list[Inversion], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(fit_cache, "EVERY", 2)
    folder = tmp_path / "fits"
    with TROUBLES[trouble]():
        items = list(engine.fit(photo(), OPTIONS, folder))
    assert len(items) == len(whole)
    assert same(items[-1], whole[-1])
    assert list(folder.glob(PARTS)) == []
    assert all(file.stat().st_size <= LEAST for file in folder.iterdir()), "it has no room"
    list(engine.fit(photo(), OPTIONS, folder))
    (found,) = engine.fit(photo(), OPTIONS, folder)
    assert same(found, whole[-1])


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_download_keeps_what_came_and_goes_on(trouble: str, tmp_path: Path, monkeypatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(WeightsError, match="cannot be written"), unable("fsync", errno.ENOSPC):
        accept(CC_BY)
    assert not accepted(CC_BY)
    accept(CC_BY)
    data = os.urandom(100_000)
    with serve(Site(data)) as site:
        model = PublicModel(
            "toy", "Toys", "square", 256, "nvidia", (site.url,), hashlib.sha256(data).hexdigest(),
            3, len(data), CC_BY,
        )  # fmt: skip
        with pytest.raises(WeightsError) as error, TROUBLES[trouble]():
            list(fetch(model))
        assert "\n" not in str(error.value)
        assert not place(model).exists()
        assert fetched_bytes(model) <= len(data)
        list(fetch(model))
    assert place(model).read_bytes() == data
    assert not list(place(model).parent.glob(PARTS))


@pytest.mark.parametrize("make", [
    lambda part, other: os.mkfifo(part), lambda part, other: part.symlink_to(other),
    lambda part, other: part.symlink_to("/dev/zero"),
    lambda part, other: part.symlink_to(other.with_name("gone")),
])  # fmt: skip
def test_a_download_writes_to_no_pipe_and_through_no_link(
    make: Callable[[Path, Path], object], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    accept(CC_BY)
    other, data = tmp_path / "mine", os.urandom(1000)
    other.write_bytes(b"mine")
    with serve(Site(data)) as site:
        model = PublicModel(
            "toy", "Toys", "square", 256, "nvidia", (site.url,), hashlib.sha256(data).hexdigest(),
            3, len(data), CC_BY,
        )  # fmt: skip
        make(place(model).with_name(place(model).name + ".incomplete"), other)
        list(fetch(model))
    assert place(model).read_bytes() == data
    assert not place(model).is_symlink()
    assert other.read_bytes() == b"mine"
    assert not other.with_name("gone").exists()
