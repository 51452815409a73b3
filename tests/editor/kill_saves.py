"""A program that is killed again and again while it saves a session: prints what is left.

    PYTHONPATH=.:tests python tests/editor/kill_saves.py FOLDER TIMES

Each child saves without end, every save another session, until it gets SIGKILL at a random moment.
A line for each kill, as JSON: the modes of the parts that it left, whether it was in the middle of
a save, whether the session can be read, and how many parts there are after the next save.
"""

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from stat import S_IMODE

import numpy as np
import torch
from test_session_file import session

from editor.drawing import Drawing
from editor.session import Session, SessionError
from editor.session_file import load_session, save_session
from transfer.warp import Warp
from weights.files import PARTS

SIDE, VERSIONS = 128, 20


def large() -> Session:
    """Most of whose saving is writing."""
    begun = session([Drawing()] * VERSIONS)
    flow, overlay = (np.ones((SIDE, SIDE, channels), np.float32) for channels in (2, 4))
    versions = [
        replace(version, change=Warp(flow, overlay), picture=None) for version in begun.versions
    ]
    return Session(begun.subject, versions[0], (), tuple(versions[1:]))


def save_without_end(begun: Session, file: Path, ready: int) -> None:
    """Say when the first is there, then go on."""
    for number in range(10**9):
        save_session(begun, {"number": number}, file)
        if number == 0:
            os.write(ready, b"x")


def killed(begun: Session, file: Path, seconds: float) -> None:
    """A child that is killed so long after its first save."""
    read, ready = os.pipe()
    child = os.fork()
    if not child:
        try:
            save_without_end(begun, file, ready)
        finally:
            os._exit(1)
    os.read(read, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(read)
    os.close(ready)


def main(folder: Path, times: int) -> None:
    """See above."""
    torch.set_num_threads(1)
    begun, file, source = large(), folder / "s.safetensors", random.Random(0)
    for _ in range(times):
        killed(begun, file, source.uniform(0, 0.1))
        modes = [oct(S_IMODE(part.stat().st_mode)) for part in folder.glob(PARTS)]
        others = [each.name for each in folder.iterdir() if each != file]
        try:
            readable = len(load_session(file)[0].versions) == VERSIONS
        except SessionError:
            readable = False
        save_session(begun, {}, file)
        after = sum(1 for _ in folder.iterdir()) - 1
        found = {"modes": modes, "others": len(others) - len(modes)}
        print(json.dumps({**found, "readable": readable, "after": after}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
