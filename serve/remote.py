"""A backend: jobs go to replicas, their items come back one by one."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ray.exceptions import ActorUnavailableError, RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from editor.backend.job import Job, heard
from editor.backend.store import Store
from editor.backend.wire import packed
from editor.machine.shortage import BusyError, LostWorkError

FULL = "Too many are waiting: try again in a minute."
END = object()
GONE = (RayActorError, ActorUnavailableError, DeploymentUnavailableError)


@dataclass(frozen=True)
class Remote:
    """Those who drag, and those who fit, in one cluster.

    Args:
        drags, fits: handles of their deployments.
        store: where heavy values lie.
    """

    drags: DeploymentHandle[Any]
    fits: DeploymentHandle[Any]
    store: Store

    def __call__(self, job: Job) -> Generator[Any, None, None]:
        """The items of the job.

        Raises:
            LostWorkError: its replica is gone.
            BusyError: too much waits for replicas.
        """
        yield from heard(self._items(job), self.store)

    def _items(self, job: Job) -> Generator[Any, None, None]:
        handle = self.fits if job.long else self.drags
        handle: Any = handle.options(stream=True, multiplexed_model_id=job.model)
        with _told():
            items = handle.remote(packed(job, self.store))
        try:
            while True:
                with _told():
                    item = next(items, END)
                if item is END:
                    return
                yield item
        finally:
            items.cancel()


@contextmanager
def _told() -> Generator[None]:
    """What Ray complains about, in words of ours."""
    try:
        yield
    except BackPressureError as error:
        raise BusyError(FULL) from error
    except GONE as error:
        raise LostWorkError from error
