"""Heavy values by name, in a folder or at an address that several machines reach.

A value's name is a digest of its bytes, so that the same one is kept once, and what is damaged is
told from what is whole. They are as personal as photos: a folder is its owner's alone, and old ones
go. Nothing is encrypted here: a disk or a bucket that does it, does it well.
"""

import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from safetensors import SafetensorError
from safetensors.numpy import load, save

OLDEST = 3600.0  # s since it was last put: twice as long as a tab without a click is kept
MOST = 4_000_000_000  # bytes of all
REMEMBERED = 200_000_000  # bytes of those that were used last, in memory
PENDING = ".part"

Arrays = Mapping[str, np.ndarray]


class Store:
    """Arrays by name.

    Args:
        address: a folder, or what fsspec knows: ``s3://bucket/path``, ``gs://...``, ``memory://``.
    """

    def __init__(self, address: str):
        self.address = address
        self._fs, self._root = url_to_fs(address)
        self._kept: OrderedDict[str, tuple[Arrays, int]] = OrderedDict()
        self._lock = Lock()
        if isinstance(self._fs, LocalFileSystem):
            os.makedirs(self._root, mode=0o700, exist_ok=True)
        else:
            self._fs.makedirs(self._root, exist_ok=True)

    def put(self, arrays: Arrays) -> str:
        """Keep the arrays; their name.

        Raises:
            OSError: the place cannot be written to.
        """
        data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        name = blake2b(data, digest_size=20).hexdigest()
        if self._fs.exists(self._path(name)):
            with suppress(OSError, NotImplementedError):
                self._fs.touch(self._path(name), truncate=False)
            return name
        pending = f"{self._path(name)}.{secrets.token_hex(4)}{PENDING}"
        self._fs.pipe_file(pending, data)
        self._fs.mv(pending, self._path(name))
        return name

    def get(self, name: str) -> Arrays:
        """The arrays of this name; they belong to all who ask for them: change none.

        Raises:
            LookupError: they are not here, or damaged.
        """
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name][0]
        try:
            data: bytes = self._fs.cat_file(self._path(name))
        except OSError as error:
            raise LookupError(f"{name} is not in the store.") from error
        if blake2b(data, digest_size=20).hexdigest() != name:
            raise LookupError(f"{name} is damaged.")
        try:
            arrays = load(data)
        except SafetensorError as error:
            raise LookupError(f"{name} holds no arrays.") from error
        self._remember(name, arrays, len(data))
        return arrays

    def sweep(self, now: float | None = None) -> None:
        """Remove what is too old; then the oldest until the rest is small enough."""
        now = time.time() if now is None else now
        size = 0
        for age, room, path in sorted(self._found(now)):
            size += room
            if age > OLDEST or size > MOST:
                with suppress(OSError):  # another process was first
                    self._fs.rm_file(path)

    def _remember(self, name: str, arrays: Arrays, size: int) -> None:
        with self._lock:
            self._kept[name] = arrays, size
            while len(self._kept) > 1 and sum(s for _, s in self._kept.values()) > REMEMBERED:
                self._kept.popitem(last=False)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}.safetensors"

    def _found(self, now: float) -> list[tuple[float, int, str]]:
        """(age, bytes, path) of all that is there."""
        with suppress(OSError):
            facts: list[dict[str, Any]] = self._fs.ls(self._root, detail=True)
            return [(now - _time(each), each["size"] or 0, each["name"]) for each in facts]
        return []


def _time(facts: Mapping[str, Any]) -> float:
    """When it was written, s since 1970; each kind of place says it in its own way."""
    for name in ("mtime", "LastModified", "updated", "created", "last_modified"):
        value = facts.get(name)
        if value is not None:
            return value.timestamp() if hasattr(value, "timestamp") else float(value)
    return time.time()
