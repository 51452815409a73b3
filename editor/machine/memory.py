"""How much memory there is, and how much this process has used."""

import os
import sys
from pathlib import Path

LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container: bytes, or "max"


def total(limit: Path = LIMIT) -> int | None:
    """Bytes that this process may use; None where the system does not say."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None
    try:
        return min(there, int(limit.read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return there


def peak() -> int | None:
    """The most bytes that this process has held at once; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
