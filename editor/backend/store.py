"""Heavy values by name, in a folder or at an address that several machines reach.

A value's name is a digest of its bytes, so that the same one is kept once, and what is damaged is
told from what is whole. They are as personal as photos: a folder is its owner's alone, and each
value goes some minutes after it was last put, which every job does that needs it. Nothing is
encrypted here: a disk or a bucket that does it, does it well.
"""

import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import numpy as np
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..machine.shortage import LostWorkError

OLDEST = 600.0  # s since it was last put: longer than a job waits for a worker
MOST = 4_000_000_000  # bytes of all
APART = 60.0  # s between two looks for what is too old, while something is put
WHOLE, PENDING = ".safetensors", ".part"

Arrays = Mapping[str, np.ndarray]


class Store:
    """Arrays by name.

    Args:
        address: a folder, or what fsspec knows: ``s3://bucket/path``, ``gs://...``, ``memory://``.
    """

    def __init__(self, address: str):
        self.address = address
        self._fs, self._root = url_to_fs(address)
        self._due = 0.0
        if isinstance(self._fs, LocalFileSystem):
            os.makedirs(self._root, mode=0o700, exist_ok=True)
        else:
            self._fs.makedirs(self._root, exist_ok=True)

    def put(self, arrays: Arrays) -> str:
        """Keep the arrays; their name.

        Raises:
            OSError: the place cannot be written to.
        """
        data = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
        name = _digest(data)
        if not self._renewed(self._path(name)):
            pending = f"{self._path(name)}.{secrets.token_hex(4)}{PENDING}"
            self._fs.pipe_file(pending, data)
            self._fs.mv(pending, self._path(name))
            if time.monotonic() > self._due:
                self._due = time.monotonic() + APART
                self.sweep()
        return name

    def get(self, name: str) -> Arrays:
        """The arrays of this name.

        Raises:
            LostWorkError: they are not here, or damaged.
        """
        try:
            data: bytes = self._fs.cat_file(self._path(name))
            if _digest(data) == name:
                return load(data)
            self._fs.rm_file(self._path(name))  # so that it is written anew the next time
        except (OSError, SafetensorError) as error:
            raise LostWorkError from error
        raise LostWorkError

    def sweep(self, now: float | None = None) -> None:
        """Remove what is too old; then the oldest until the rest is small enough."""
        now = time.time() if now is None else now
        size = 0
        for age, room, path in sorted(self._found(now)):
            size += room
            if age > OLDEST or size > MOST:
                with suppress(OSError):  # another process was first
                    self._fs.rm_file(path)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}{WHOLE}"

    def _renewed(self, path: str) -> bool:
        """Whether it is here, and new again; where that cannot be, it is written again."""
        with suppress(OSError, NotImplementedError, ValueError):  # as places say that they cannot
            if self._fs.exists(path):
                self._fs.touch(path, truncate=False)
                return True
        return False

    def _found(self, now: float) -> list[tuple[float, int, str]]:
        """(age, bytes, path) of all of ours that is there."""
        facts: list[dict[str, Any]] = []
        with suppress(OSError):
            facts = self._fs.ls(self._root, detail=True)
        ours = [each for each in facts if each["name"].endswith((WHOLE, PENDING))]
        return [(now - _time(each), each["size"] or 0, each["name"]) for each in ours]


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=20).hexdigest()


def _time(facts: Mapping[str, Any]) -> float:
    """When it was written, s since 1970; each kind of place says it in its own way."""
    for name in ("mtime", "LastModified", "updated", "created", "last_modified"):
        value = facts.get(name)
        if value is not None:
            return value.timestamp() if hasattr(value, "timestamp") else float(value)
    return time.time()
