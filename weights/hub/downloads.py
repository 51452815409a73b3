"""Downloads that several wait for: each in a thread of its own, as long as anybody looks at it."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from ..files import WeightsError
from .catalogue import PublicModel
from .fetch import Progress, fetch, fetched_bytes

MOST_DOWNLOADS = 2
MOST_WATCHERS = 20  # of one download: each of them holds a thread
PAUSE = 0.25  # s between two looks
MANY = "Many wait for this model already: try again in a minute, when it may be here."
BUSY = f"{MOST_DOWNLOADS} models are being downloaded already: wait for one of them."


def watch(model: PublicModel) -> Generator[Progress]:
    """How far the download of a model is, every PAUSE seconds until it is here.

    The first to look begins it, others see the same one. Once nobody looks any more it ends, and
    what has come is kept. Whoever leaves need not wait for a server that says nothing.

    Raises:
        WeightsError: see ``fetch``; or too many are downloaded, or looked at, already.
    """
    download = _joined(model)
    try:
        yield download.at
        while not download.over.wait(PAUSE):
            yield download.at
    finally:
        _leave(download)
    if download.error is not None:
        raise download.error


@dataclass(eq=False)
class _Download:
    model: PublicModel
    at: Progress
    watchers: int = 0
    over: Event = field(default_factory=Event)
    error: Exception | None = None

    def run(self) -> None:
        try:
            with closing(fetch(self.model)) as items:
                for self.at in items:
                    if not self.watchers:
                        break
        except Exception as error:  # it is raised where somebody looks
            self.error = error
        with _lock:
            _forget(self)
        self.over.set()


_running: dict[str, _Download] = {}
_lock = Lock()


def _joined(model: PublicModel) -> _Download:
    with _lock:
        download = _running.get(model.name)
        if download is None:
            if len(_running) >= MOST_DOWNLOADS:
                raise WeightsError(BUSY)
            download = _Download(model, (fetched_bytes(model), model.sizes[1]))
            _running[model.name] = download
            Thread(target=download.run, daemon=True).start()
        if download.watchers >= MOST_WATCHERS:
            raise WeightsError(MANY)
        download.watchers += 1
        return download


def _leave(download: _Download) -> None:
    with _lock:
        download.watchers -= 1
        if not download.watchers:
            _forget(download)


def _forget(download: _Download) -> None:
    """The next to ask for this model begins anew: there, once this one has let go of its file."""
    if _running.get(download.model.name) is download:
        del _running[download.model.name]
