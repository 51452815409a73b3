"""Settings of the process."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from editor.machine.cores import cores, keep_freed_memory
from editor.machine.memory import peak, total

PROGRAM = """
import ctypes
import torch
from editor.machine import cores as machine

machine.cores = lambda: 1
top = ctypes.CDLL(None).sbrk  # where the heap ends
top.restype = ctypes.c_void_p

def kept():
    large = torch.empty(64 << 20, dtype=torch.uint8)
    before, place = top(0), large.data_ptr()
    del large
    return place < before == top(0)

print(kept())
machine.use_well()
print(kept(), torch.get_num_threads())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
@pytest.mark.parametrize(("wish", "threads"), [(None, 1), ("2", 2)])
def test_freed_memory_stays_in_the_heap_and_threads_are_as_many_as_cores_or_as_wished(
    wish: str | None, threads: int
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"OMP_NUM_THREADS": wish} if wish else {}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, env=environment
    )
    assert done.stdout.split() == ["False", "True", str(threads)]


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_memory() is False


@pytest.mark.parametrize(
    ("text", "allowed"), [("200000 100000", 2), ("50000 100000", 1), ("150000 100000", 2)]
)
def test_a_container_uses_what_it_may(text: str, allowed: int, tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(text + "\n")
    assert cores(quota) == min(allowed, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("text", ["max 100000", "", "nonsense"])
def test_without_a_quota_it_uses_all(text: str, tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    if text:
        quota.write_text(text)
    assert cores(quota) == len(os.sched_getaffinity(0))


def test_memory_is_the_machines_or_less_where_a_container_is_limited(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    machine = total(limit)
    assert machine is not None
    assert machine > 1 << 28
    for text, expected in (("max", machine), ("1000000", 10**6), (str(2 * machine), machine)):
        limit.write_text(text)
        assert total(limit) == expected


def test_the_most_memory_that_was_held_never_shrinks() -> None:
    before = peak()
    held = bytearray(os.urandom(1 << 20) * 64)
    after = peak()
    del held
    assert before is not None
    assert after is not None
    assert 1 << 24 < before <= after <= (peak() or 0)
