"""The page as Gradio serves it, with the door before it."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import gradio as gr
from starlette.middleware import Middleware

from ..toast import toast
from ..watch import watched
from .guest import Guest
from .limits import SESSIONS, UNREAD_SECONDS, UPLOAD_BYTES, WAITING_AT_MOST
from .middleware import Door
from .schema import checked
from .uploads import UPLOADS

SWEEP_SECONDS = 5.0  # between two looks for what is to be forgotten
THREADS = WAITING_AT_MOST + 50  # who waits holds a thread that sleeps
# Before Gradio's queue is made: it would keep ten thousand events, and count them after each one.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(sys.maxsize))
# The proxies of a Space, and Gradio's own where it renders pages on the server.
PRIVATE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.1"
# Uvicorn believes a header of any program on this machine; only a proxy that is named is believed.
os.environ.setdefault("FORWARDED_ALLOW_IPS", PRIVATE if os.environ.get("SPACE_ID") else "")


class Page(gr.Blocks):
    """Blocks whose events get nothing that was not checked, and whose errors are sentences."""

    async def process_api(self, block_fn: Any, inputs: list[Any], **how: Any) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One event, or the next item of one."""
        try:
            if how.get("iterator") is None and how.get("request") is not None:
                fn = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
                inputs = checked(list(fn.inputs), inputs, Guest.of(how["request"]).address)
            return await super().process_api(block_fn, inputs, **how)
        except Exception as error:
            raise toast(error) from None

    def callable_events(self) -> dict[int, Any]:
        """The names of the events that may be called over the wire, by their numbers."""
        known = self.fns.values()
        return {fn._id: fn.api_name for fn in known if fn.fn}

    def forget(self, session: str) -> None:
        """Gradio's own memory of a tab."""
        app, queue = self.app, self._queue
        for kept in (
            app.state_holder.session_data, app.state_holder.time_last_used,
            queue.pending_messages_per_session, queue.pending_event_ids_session,
            self.pending_streams, self.pending_diff_streams,
        ):  # fmt: skip
            kept.pop(session, None)

    def answered(self) -> set[str]:
        """Who has no event in progress, and has read all answers or will not any more."""
        states, queue = self.app.state_holder, self._queue
        asked, used = queue.pending_event_ids_session, states.time_last_used
        late = datetime.now() - timedelta(seconds=UNREAD_SECONDS)
        known = {*states.session_data, *queue.pending_messages_per_session, *asked}
        known -= {event.session_hash for event in queue.event_ids_to_events.values()}
        return {name for name in known if not asked.get(name) or used.get(name, late) <= late}


class Tabs(Protocol):
    """The tabs that are open."""

    def __contains__(self, session: str) -> bool: ...

    def tidy(self) -> list[str]:
        """Those that are gone since the last time."""
        ...


def launch_options(page: Page, tabs: Tabs) -> dict[str, Any]:
    """How to launch a page with the door before it; every few seconds ``tabs`` are tidied."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        sweeping = asyncio.create_task(_sweep(page, tabs))
        yield
        sweeping.cancel()

    page.queue(max_size=2 * WAITING_AT_MOST, api_open=False, default_concurrency_limit=None)
    return {
        "app_kwargs": {"middleware": [Middleware(Door, watched())], "lifespan": lifespan},
        "max_file_size": UPLOAD_BYTES, "max_threads": THREADS, "num_workers": 0,
        "run_history": False, "share": False, "show_error": False,
        "state_session_capacity": SESSIONS,
    }  # fmt: skip


async def _sweep(page: Page, tabs: Tabs) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        gone = await asyncio.to_thread(tabs.tidy)
        for session in (*gone, *(name for name in page.answered() if name not in tabs)):
            page.forget(session)
        await asyncio.to_thread(UPLOADS.sweep)
