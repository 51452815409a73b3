"""What figures were measured on and with: machine, versions, commit."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("torch", "numpy", "gradio", "opencv-python-headless")
HAS: dict[str, Callable[[], bool]] = {
    "Linux": lambda: sys.platform == "linux",
    "Unix": lambda: os.name == "posix",
    "Chromium": lambda: bool(os.environ.get("CHROMIUM") or shutil.which("chromium")),
    "Ray": lambda: find_spec("ray") is not None,
}
"""Whether this machine has what some benchmarks need."""


def machine() -> dict[str, str | int | float]:
    """Processor, cores that may be used, memory in GB, system."""
    return {"cpu": _processor(), "cores": _cores(), "memory": _memory(), "system": _system()}


def _processor() -> str:
    """Its model, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> float:
    """0 where nobody tells."""
    if os.name != "posix":
        return 0.0
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


def _system() -> str:
    return f"{platform.system()} {platform.machine()}"


def versions() -> dict[str, str]:
    """Of Python and of what does the work."""
    found = {"python": platform.python_version()}
    for part in PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            found[part] = "none"
    return found


def commit(root: Path = ROOT) -> tuple[str, bool]:
    """(the commit of the tree, whether something in it is not committed); ("", False) of none.

    docs/ does not count: results are written there.
    """
    try:
        changes = _git(root, "status", "--porcelain", "--", ".", ":(exclude)docs")
        return _git(root, "rev-parse", "HEAD"), bool(changes)
    except (OSError, subprocess.CalledProcessError):
        return "", False


def now() -> dict[str, str | bool]:
    """When and of which commit something is measured."""
    state, dirty = commit()
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return {"date": date, "commit": state, "dirty": dirty}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
