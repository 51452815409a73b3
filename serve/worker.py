"""A replica: does one job at a time, with models that it keeps."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ray import serve

from editor import USER_ERRORS, models
from editor.backend.job import told
from editor.backend.store import Store
from editor.machine.cores import use_well

END = object()


class Worker:
    """What is common to those who drag and those who fit.

    Args:
        store: its address.
    """

    def __init__(self, store: str):
        use_well()
        self._store = Store(store)
        self._hand = ThreadPoolExecutor(1, "engine")  # all of torch's memory is this thread's

    async def model(self, name: str) -> Any:
        """The engine of this name; Ray calls it, keeps as many as allowed, and routes by it."""
        return await self._by_hand(models.engine, name)

    async def __call__(self, job: Any) -> AsyncGenerator[Any]:
        """What ``told`` tells of a packed job; it ends with its step when who asked is gone."""
        try:
            await self.model(serve.get_multiplexed_model_id())
        except USER_ERRORS as error:
            yield error
            return
        items = told(job, self._store)
        try:
            while (item := await self._by_hand(next, items, END)) is not END:
                yield item
        finally:
            await asyncio.shield(self._by_hand(items.close))

    async def _by_hand(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._hand, work, *args)
