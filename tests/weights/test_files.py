"""What every writer shares: parts that are private, locked, never in the way, and swept."""

import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from safetensors import safe_open

from weights import files, tensors
from weights.files import OLDEST, PARTS, OutputError, check_place, refusal, sweep, whole


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def misplaced(file: Path) -> str | None:
    """Why nothing can be written there."""
    try:
        check_place(file)
    except OutputError as error:
        return str(error)
    return None


def parts(folder: Path) -> list[Path]:
    return list(folder.glob(PARTS))


@pytest.mark.parametrize(("umask", "wanted", "found"), [
    (0o022, None, 0o644), (0o077, None, 0o600), (0, None, 0o666),
    (0o077, 0o644, 0o644), (0, 0o600, 0o600),
])  # fmt: skip
def test_a_file_is_private_until_it_is_whole(
    umask: int, wanted: int | None, found: int, tmp_path: Path
) -> None:
    before = os.umask(umask)
    try:
        with whole(tmp_path / "a", wanted) as stream:
            stream.write(b"new")
            (part,) = parts(tmp_path)
            assert mode(part) == 0o600
            assert list(tmp_path.iterdir()) == [part]
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert mode(tmp_path / "a") == found
    assert parts(tmp_path) == []


@pytest.mark.parametrize("trouble", [OSError, KeyboardInterrupt, ValueError])
def test_what_fails_leaves_what_was_there_and_says_why(trouble, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def failing() -> None:
        with whole(tmp_path / "a") as stream:
            stream.write(b"half")
            Path(stream.name).unlink()  # what tidies up must not hide the reason
            raise trouble("the reason")

    with pytest.raises(trouble, match="the reason"):
        failing()
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_two_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    with whole(tmp_path / "a") as one, whole(tmp_path / "a") as other:
        one.write(b"one")
        other.write(b"other")
        assert len(parts(tmp_path)) == 2
    assert (tmp_path / "a").read_bytes() == b"one"
    assert parts(tmp_path) == []


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path: Path) -> None:
    with whole(tmp_path / ("n" * 255)) as stream:
        stream.write(b"x")
    assert misplaced(tmp_path / ("n" * 255)) is None


def test_a_file_has_reached_the_disk_when_it_gets_its_name(tmp_path: Path, monkeypatch) -> None:
    seen: list[tuple[str, bool]] = []
    sync = os.fsync

    def synced(number: int) -> None:
        seen.append((os.readlink(f"/proc/self/fd/{number}"), (tmp_path / "a").exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", synced)
    with whole(tmp_path / "a") as stream:
        part = stream.name
    assert seen == [(str(part), False)]


# What is left behind


def killed(folder: Path) -> None:
    """A program that dies in the middle of writing."""
    with whole(folder / "a") as stream:
        stream.write(b"half")
        stream.flush()
        os._exit(1)


def left(folder: Path) -> Path:
    process = multiprocessing.get_context("spawn").Process(target=killed, args=(folder,))
    process.start()
    process.join()
    (part,) = parts(folder)
    return part


def test_what_a_killed_program_left_goes_and_what_is_written_stays(tmp_path: Path) -> None:
    with whole(tmp_path / "b") as stream:
        (tmp_path / "other").mkdir()
        gone = left(tmp_path / "other")
        moved = gone.rename(tmp_path / gone.name)
        sweep(tmp_path)
        assert not moved.exists()
        assert Path(stream.name).exists()
        os.utime(stream.name, (1, 1))  # it takes its time
        sweep(tmp_path)
        assert Path(stream.name).exists()
    assert (tmp_path / "b").exists()


@pytest.mark.parametrize("how", [
    lambda folder: whole(folder / "b").__enter__().close(),
    lambda folder: misplaced(folder / "b"),
    sweep,
])  # fmt: skip
def test_leftovers_go_whenever_something_is_written_there(
    how: Callable[[Path], object], tmp_path: Path
) -> None:
    part = left(tmp_path)
    assert mode(part) == 0o600
    how(tmp_path)
    assert not part.exists()


def test_without_locks_age_decides(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "fcntl", None)
    young, old = (tmp_path / PARTS.replace("*", name) for name in ("young", "old"))
    for file in (young, old):
        file.write_bytes(b"half")
    os.utime(old, (1, young.stat().st_mtime - OLDEST - 1))
    with whole(tmp_path / "a") as stream:
        stream.write(b"new")
    assert {file.name for file in tmp_path.iterdir()} == {young.name, "a"}


def test_only_parts_are_swept_and_nothing_there_can_stop_it(tmp_path: Path) -> None:
    mine = tmp_path / "dragphoto-holiday.png"
    mine.write_bytes(b"mine")
    os.mkfifo(tmp_path / PARTS.replace("*", "pipe"))
    (tmp_path / PARTS.replace("*", "folder")).mkdir()
    (tmp_path / PARTS.replace("*", "link")).symlink_to(mine)
    with whole(tmp_path / "a") as stream:
        stream.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert mine.read_bytes() == b"mine"
    sweep(tmp_path / "none")
    sweep(mine)


# What is no file


def test_only_files_are_read(tmp_path: Path) -> None:
    file, pipe, link, loop = (tmp_path / name for name in ("file", "pipe", "link", "loop"))
    file.write_bytes(b"x")
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "gone")
    loop.symlink_to(loop)
    assert refusal(file) is None
    assert refusal(tmp_path) == f"{tmp_path} is a folder, not a file."
    assert refusal(pipe) == f"{pipe} is a pipe or a device, not a file."
    assert refusal(Path("/dev/null")) == "/dev/null is a pipe or a device, not a file."
    for none in (link, tmp_path / "none", file / "below"):
        assert refusal(none) == f"There is no file {none}."
    for strange in (loop, tmp_path / ("n" * 300)):
        said = refusal(strange)
        assert said is not None
        assert said.startswith(f"{strange} cannot be read: ")


def test_only_files_are_written_over(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "gone")
    before = sorted(tmp_path.iterdir())
    assert misplaced(tmp_path / "new") is misplaced(link) is None
    assert misplaced(tmp_path) == f"{tmp_path} is a folder: name a file in it."
    assert misplaced(pipe) == f"{pipe} is a pipe or a device: name a file."
    below = tmp_path / "none" / "a"
    assert misplaced(below) == f"There is no folder {below.parent}: make it first."
    for strange in (tmp_path / ("n" * 300), tmp_path / ("n" * 300) / "a"):
        assert misplaced(strange) == f"{strange} cannot be written: File name too long."
    assert sorted(tmp_path.iterdir()) == before


# Safetensors, as others read them


words = st.text(st.characters(codec="utf-8"), max_size=9)
shapes = array_shapes(min_dims=0, min_side=0, max_side=5)
kinds = st.tuples(shapes, st.sampled_from(list(tensors.KINDS)))


@given(st.dictionaries(words, kinds, max_size=5), st.dictionaries(words, words))
def test_what_is_written_others_can_read(tmp_path_factory, wanted: dict, facts: dict) -> None:
    file = tmp_path_factory.mktemp("t") / "a.safetensors"
    source = torch.Generator().manual_seed(0)
    made = {
        name: (9 * torch.randn(shape, generator=source)).to(kind)
        for name, (shape, kind) in wanted.items()
    }
    with file.open("wb") as stream:
        tensors.dump(made, facts, stream)
    with safe_open(file, framework="pt") as read:
        assert set(read.keys()) == set(made)
        assert (read.metadata() or {}) == facts
        for name, tensor in made.items():
            back = read.get_tensor(name)
            assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
            assert bytes(tensors.data(back)) == bytes(tensors.data(tensor))
