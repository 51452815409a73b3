"""Settings of the process."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from editor.machine import cores, keep_freed_memory

AGAIN = """
import resource, torch
from editor.machine import keep_freed_memory
{}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    for _ in range(3):
        torch.empty(64 << 20, dtype=torch.uint8).fill_(1)
work()
before = faults()
work()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_memory_that_is_freed_is_not_mapped_anew() -> None:
    def faults(call: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", AGAIN.format(call)], check=True, capture_output=True, text=True
        )
        return int(done.stdout)

    kept, plain = faults("assert keep_freed_memory()"), faults("")
    pages = 3 * (64 << 20) // os.sysconf("SC_PAGE_SIZE")
    assert kept < 0.02 * pages < plain


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


@pytest.mark.parametrize(("wish", "threads"), [(None, 1), ("2", 2)])
def test_threads_are_as_many_as_cores_unless_somebody_says_otherwise(
    wish: str | None, threads: int
) -> None:
    source = (
        "import torch, editor.machine as m; m.cores = lambda: 1; m.use_well(); "
        "print(torch.get_num_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"OMP_NUM_THREADS": wish} if wish else {}
    done = subprocess.run(
        [sys.executable, "-c", source], check=True, capture_output=True, text=True, env=environment
    )
    assert int(done.stdout) == threads
