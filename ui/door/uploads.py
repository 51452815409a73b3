"""Files of visitors: each in a folder that only its sender knows, and handed out to them alone.

No other path that came over the wire is ever opened, served or removed: ``UPLOADS.admit`` knows
what was received or made here, by whom, and refuses everything else with one sentence, which does
not tell what exists.
"""

import os
import secrets
import shutil
import stat
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType

from gradio.utils import get_upload_folder

from drag import EditError

from .limits import RESULT_SECONDS, UPLOAD_SECONDS, UPLOADS_AT_ONCE, UPLOADS_BYTES, UPLOADS_WAITING

UNKNOWN = "Send this file again: it was not uploaded here, or it is no longer here."
TOO_MANY = "Too many files of yours wait to be used: try again in a minute."
NO_ROOM = "There is no room for files now: try again in a few minutes."


class UploadError(EditError):
    """A file that was not uploaded here by the one who names it."""


@dataclass(frozen=True)
class Upload:
    """A file that was admitted. As a context it gives the path; at the end the file is gone."""

    file: Path
    forget: Callable[[], None] = lambda: None

    def __enter__(self) -> Path:
        return self.file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.forget()


@dataclass(frozen=True)
class _Known:
    owner: str
    until: float
    once: bool
    folder: Path | None


class Uploads:
    """All files that may be named over the wire, by their path."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._sending: Counter[str] = Counter()  # uploads on their way, by address
        self._lock = Lock()

    @contextmanager
    def receiving(self, owner: str) -> Generator[Path]:
        """A new folder for what this address sends; what is not ``received`` in it goes again.

        Raises:
            UploadError: too much is here, or on its way, already.
        """
        with self._lock:
            mine = sum(known.once and known.owner == owner for known in self._known.values())
            if mine + self._sending[owner] >= UPLOADS_WAITING:
                raise UploadError(TOO_MANY)
            if self._sending.total() >= UPLOADS_AT_ONCE:
                raise UploadError(NO_ROOM)
            folder = self._folder()
            self._sending[owner] += 1
        try:
            yield folder
        finally:
            with self._lock:
                self._sending[owner] -= 1
                if not any(known.folder == folder for known in self._known.values()):
                    shutil.rmtree(folder, ignore_errors=True)

    def _folder(self) -> Path:
        size = sum(_size(path) for path, known in self._known.items() if known.folder)
        if size >= UPLOADS_BYTES:
            raise UploadError(NO_ROOM)
        folder = Path(os.path.realpath(get_upload_folder())) / secrets.token_hex(16)
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def received(self, owner: str, folder: Path, files: list[Path]) -> None:
        """This address has sent files into a new folder; they are gone once they are read."""
        until = time.monotonic() + UPLOAD_SECONDS
        with self._lock:
            for file in files:
                self._known[str(file)] = _Known(owner, until, True, folder)

    def result(self, owner: str, suffix: str) -> Path:
        """A place for a file that this address, and nobody else, may fetch for a while.

        Raises:
            UploadError: too much is here already.
        """
        with self._lock:
            folder = self._folder()
            file = folder / f"{secrets.token_hex(16)}{suffix}"
            until = time.monotonic() + RESULT_SECONDS
            self._known[str(file)] = _Known(owner, until, False, folder)
        return file

    def lend(self, owner: str, file: Path) -> None:
        """This address may fetch a file, which is there already, for as long as it is."""
        with self._lock:
            self._known[str(file)] = _Known(owner, float("inf"), False, None)

    def admit(self, path: object, owner: str | None) -> Upload:
        """The file, if it was received or made here for this address; None: for any.

        Raises:
            UploadError: everything else, always with the same words.
        """
        known = self._known.get(path) if isinstance(path, str) else None
        if known is None or (owner is not None and known.owner != owner):
            raise UploadError(UNKNOWN)
        file = Path(str(path))
        with suppress(OSError, ValueError):
            if stat.S_ISREG(os.lstat(file).st_mode):
                return Upload(file, lambda: self._forget(str(file)) if known.once else None)
        raise UploadError(UNKNOWN)

    def sweep(self, now: float | None = None) -> None:
        """Remove what nobody has fetched in time, and forget what is gone."""
        now = time.monotonic() if now is None else now
        for path, known in list(self._known.items()):
            if now > known.until or (known.folder is None and not os.path.lexists(path)):
                self._forget(path)

    def _forget(self, path: str) -> None:
        with self._lock:
            known = self._known.pop(path, None)
            shared = known and any(k.folder == known.folder for k in self._known.values())
        if known is not None and known.folder is not None:
            with suppress(OSError):
                os.unlink(path)
            if not shared:
                shutil.rmtree(known.folder, ignore_errors=True)


def _size(path: str) -> int:
    with suppress(OSError):
        return os.lstat(path).st_size
    return 0


UPLOADS = Uploads()
