"""Heavy values by name: found by their contents, whole or not at all, kept for a while."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import pytest
import torch
from backends import same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from editor.backend import store as stores
from editor.backend import wire
from editor.backend.store import OLDEST, Store
from editor.backend.wire import Named, Packed, packed, unpacked
from editor.machine.shortage import LostWorkError

VALUES = {
    "half": np.linspace(-1, 1, 10).astype(np.float16),
    "flags": np.array([[True, False], [False, False]]),
    "picture": np.arange(48, dtype=np.uint8).reshape(4, 4, 3),
    "exact": np.array([np.pi, -0.0, np.inf, 1e-300]),
    "number": np.array(7.5),
    "flag": np.array(True),
    "places": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    "back": np.arange(6.0, dtype=np.float32)[::-1],
    "none": np.zeros((0, 3), np.float32),
    "": np.ones(1, np.int32),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture(params=["folder", "memory"])
def address(request: pytest.FixtureRequest, folder: Path) -> str:
    return str(folder) if request.param == "folder" else f"memory://{token_hex(8)}/heavy"


def bits(array: np.ndarray) -> tuple[Any, ...]:
    return array.shape, array.dtype, array.tobytes()


def files(store: Store) -> list[str]:
    return sorted(Path(path).name for _, _, path in store._found(time.time()))


def test_values_of_all_kinds_come_back_as_they_were(address: str) -> None:
    name = Store(address).put(VALUES)
    for reader in (Store(address), made := Store(address), made):  # read, and remembered
        found = reader.get(name)
        assert found.keys() == VALUES.keys()
        for each, array in VALUES.items():
            assert bits(found[each]) == bits(array), each


def test_the_same_values_are_kept_once(address: str) -> None:
    one, other = Store(address), Store(address)
    name = one.put({"a": VALUES["half"]})
    assert other.put({"a": VALUES["half"].copy()}) == one.put({"a": VALUES["half"]}) == name
    assert len(files(one)) == 1
    assert one.put({"b": VALUES["half"]}) != name
    assert one.put({"a": VALUES["half"] + np.float16(1)}) != name
    assert one.put({"a": VALUES["half"].astype(np.float32)}) != name
    assert one.put({"a": VALUES["half"][None]}) != name
    assert len(files(one)) == 5


def test_what_is_not_here_is_said(address: str) -> None:
    with pytest.raises(LostWorkError):
        Store(address).get("0" * 40)


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_the_folder_is_its_owners_alone(folder: Path) -> None:
    Store(str(folder / "deep" / "er"))
    assert stat.S_IMODE((folder / "deep" / "er").stat().st_mode) == 0o700


def test_a_crash_while_it_is_written_leaves_nothing_to_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(folder))

    def crash(*_: object, **__: object) -> None:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(store._fs, "mv", crash)
        with pytest.raises(OSError, match="is gone"):
            store.put(VALUES)
    (part,) = folder.iterdir()
    assert part.name.endswith(stores.PENDING)
    name = part.name.split(".")[0]
    with pytest.raises(LostWorkError):
        store.get(name)
    assert store.put(VALUES) == name
    assert bits(store.get(name)["exact"]) == bits(VALUES["exact"])


def test_nothing_is_seen_before_it_is_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, seen = Store(str(folder)), list[list[str]]()
    write = store._fs.pipe_file

    def looks(path: str, data: bytes) -> None:
        write(path, data[: len(data) // 2])
        seen.append([file.suffix for file in folder.iterdir()])
        write(path, data)

    monkeypatch.setattr(store._fs, "pipe_file", looks)
    store.put(VALUES)
    assert seen == [[stores.PENDING]]
    assert [file.suffix for file in folder.iterdir()] == [stores.WHOLE]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_what_is_damaged_is_told_and_can_be_put_again(folder: Path, damage: str) -> None:
    store = Store(str(folder))
    name = store.put(VALUES)
    (file,) = folder.iterdir()
    data = file.read_bytes()
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    file.write_bytes(
        {"cut": data[:-5], "flipped": flipped, "empty": b"", "other": b"x" * 99}[damage]
    )
    with pytest.raises(LostWorkError):
        store.get(name)
    assert store.put(VALUES) == name
    assert store.get(name).keys() == VALUES.keys()


def test_what_has_the_right_name_but_holds_no_arrays_is_told(folder: Path) -> None:
    store, data = Store(str(folder)), b"no arrays"
    name = stores.blake2b(data, digest_size=20).hexdigest()
    (folder / f"{name}{stores.WHOLE}").write_bytes(data)
    with pytest.raises(LostWorkError):
        store.get(name)


def aged(folder: Path, name: str, seconds: float) -> Path:
    """The file of this name, so old."""
    (file,) = folder.glob(f"{name}*")
    os.utime(file, (then := time.time() - seconds, then))
    return file


def test_what_is_old_goes_leftovers_too_but_nothing_else(folder: Path) -> None:
    store = Store(str(folder))
    old, new = store.put({"a": np.zeros(9)}), store.put({"a": np.ones(9)})
    left = folder / f"{new}{stores.WHOLE}.0123{stores.PENDING}"
    for file in (left, folder / "letter.txt"):
        file.touch()
        aged(folder, file.name, OLDEST + 60)
    aged(folder, old, OLDEST + 60)
    store.sweep()
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        [f"{new}{stores.WHOLE}", "letter.txt"]
    )
    with pytest.raises(LostWorkError):
        store.get(old)


def test_what_is_put_again_is_new_again(address: str) -> None:
    store = Store(address)
    name = store.put(VALUES)
    if not address.startswith("memory"):
        aged(Path(address), name, OLDEST - 60)
    store.put(VALUES)
    ((age, _, _),) = store._found(time.time())
    assert age < 60
    store.sweep(time.time() + OLDEST + 1)
    assert files(store) == []


def test_the_oldest_go_when_there_is_too_much(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(folder))
    names = [store.put({"a": np.full(1000, float(number))}) for number in range(5)]
    for number, name in enumerate(names):
        size = aged(folder, name, 100 - number).stat().st_size
    monkeypatch.setattr(stores, "MOST", 3 * size)
    store.sweep()
    assert files(store) == sorted(f"{name}{stores.WHOLE}" for name in names[2:])


def test_old_ones_go_while_others_are_put(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(folder))
    old = store.put({"a": np.zeros(9)})
    aged(folder, old, OLDEST + 60)
    monkeypatch.setattr(store, "_due", 0.0)
    new = store.put({"a": np.ones(9)})
    assert files(store) == [f"{new}{stores.WHOLE}"]


def test_places_that_cannot_renew_are_written_to_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As buckets are: S3 says so with a ValueError."""
    store = Store(str(folder))
    name = store.put(VALUES)
    aged(folder, name, OLDEST - 60)

    def refused(*_: object, **__: object) -> None:
        raise ValueError("S3 does not support touching existent files")

    monkeypatch.setattr(store._fs, "touch", refused)
    assert store.put(VALUES) == name
    ((age, _, _),) = store._found(time.time())
    assert age < 60


@dataclass(frozen=True)
class Parcel:
    content: Any


DTYPES = st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int32, np.int64, bool])
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_side=9)).filter(
    lambda array: not np.isnan(array.astype(float)).any()
)
PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3)))
MASKS = arrays.arrays(bool, st.tuples(st.integers(1, 90), st.integers(1, 90)), fill=st.just(False))
LEAVES = st.one_of(
    st.none(), st.integers(), st.text(), ARRAYS, PICTURES, MASKS, ARRAYS.map(torch.from_numpy)
)
PARCELS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        inner.map(Parcel),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """For which almost everything is heavy."""
    patch = pytest.MonkeyPatch()
    patch.setattr(wire, "LIGHT", 20)
    patch.setattr(wire, "SMALL", 30)
    yield Store(str(tmp_path_factory.mktemp("shared")))
    patch.undo()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=PARCELS)
def test_whatever_is_packed_comes_back(shared: Store, value: Any) -> None:
    for store in (shared, None):
        assert same(unpacked(packed(value, store), store), value)


def test_only_what_is_heavy_goes_by_name(folder: Path) -> None:
    store = Store(str(folder))
    heavy = {"a": torch.zeros(200, 200), "b": torch.zeros(3)}
    made = packed((heavy, torch.zeros(3), torch.zeros(400, 400), {"a": torch.zeros(3)}), store)
    assert [type(part) for part in made] == [Named, Packed, Named, dict]
    assert len(files(store)) == 2
    assert same(unpacked(made, store)[0], heavy)
    assert not isinstance(packed(heavy)["a"], Named)


def test_what_is_no_longer_in_the_store_is_said(folder: Path) -> None:
    store = Store(str(folder))
    made = packed(torch.zeros(400, 400), store)
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(LostWorkError):
        unpacked(made, store)
