"""What a program that makes large pictures should ask of its machine."""

import ctypes
import os
import platform
from math import ceil
from pathlib import Path

import torch

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8  # glibc's malloc.h
GROWTH = 256 << 20  # bytes by which the heap grows at least
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds of work a period, or "max"


def use_well() -> None:
    """Call it once, before the first tensor is made."""
    keep_freed_memory()
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), cores()))


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed instead of giving it back to the system; False elsewhere.

    A feature map of 1024 px is 128 MB. By default each one is mapped anew, and the system clears
    it page by page, which takes longer than the convolution. One heap serves all threads, since
    the heaps that glibc makes for each are too small for such maps.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: GROWTH, M_ARENA_MAX: 1}
    taken = [mallopt(option, value) for option, value in wanted.items()]
    return all(taken)


def cores(quota: Path = QUOTA) -> int:
    """How many cores this process may use at once.

    Containers see all cores of their host, but may work on a few at a time. More threads than that
    wait for each other, which is many times slower.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text().split()
        return max(1, min(count, ceil(int(allowed) / int(period))))
    except (OSError, ValueError):  # no such file, or "max"
        return count
