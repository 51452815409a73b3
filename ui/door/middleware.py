"""Every request of HTTP passes here first, before Gradio sees it."""

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from gradio.route_utils import MultiPartException, upload_fn
from gradio.routes import file_upload_statuses
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Message, Scope, Send

from .body import Receive, Refusal, check_event, limited, parsed, read
from .guest import NAMELESS, address
from .limits import LOG_LINE, UPLOAD_BYTES, UPLOAD_FILES, UPLOAD_SECONDS
from .traffic import Traffic
from .uploads import UPLOADS, UploadError

log = logging.getLogger("dragphoto")
API = "/gradio_api"
UPLOAD = f"{API}/upload"
EVENTS = re.compile(rf"{API}/(?:queue/join|(?:call|run|api)/([\w-]{{1,64}}))/?")
NAMED = re.compile(
    rf"{API}/call/v2/[\w-]{{1,64}}/?"
)  # inputs by name, as the page's examples have it
OTHERS = re.compile(rf"{API}/(cancel|reset)/?")
# What the page has no use for: other sites, other people's runs, editors of the app.
CLOSED = re.compile(
    rf"({API})?/(proxy=|file/|dev/|vibe-|component_server|stream/|deep_link|monitoring|profiling"
    "|process_recording|run-history|runs|custom_component|login|logout|mcp|metrics)"
)
FILE = f"{API}/file="
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
NOTHING = "There is nothing here."
WRONG = "Something went wrong: try again."


class Door:
    """Lets a request in, or answers it with one sentence.

    Args:
        app: what is behind it.
        watched: by path what programs that watch the app may ask, as often as they like.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        watched: Mapping[str, Callable[[], Response]],
    ):
        self.app, self.watched, self.traffic, self.warned = app, watched, Traffic(), False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        answered = False
        self._warn(scope)

        async def sending(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        try:
            await self._let_in(scope, receive, sending)
        except Refusal as refusal:
            if not answered:
                await _told(refusal, scope)(scope, receive, sending)
        except Exception as error:
            log.error("request failed: %s", f"{type(error).__name__}: {error}"[:LOG_LINE])
            if not answered:
                await _told(Refusal(500, WRONG), scope)(scope, receive, sending)

    def _warn(self, scope: Scope) -> None:
        """Say once that a proxy is not believed, since then all visitors count as one."""
        named = self.warned or os.environ.get("FORWARDED_ALLOW_IPS")
        if not named and any(name == b"x-forwarded-for" for name, _ in scope.get("headers", ())):
            self.warned = True
            log.warning("X-Forwarded-For is not believed: FORWARDED_ALLOW_IPS names no proxy.")

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise Refusal(404, NOTHING)
        here = address(scope["client"][0] if scope.get("client") else "")
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        if path in self.watched and scope["method"] in ("GET", "HEAD"):
            await (await asyncio.to_thread(self.watched[path]))(scope, receive, send)
            return
        with self.traffic.opened(here):
            if scope["method"] == "POST":
                self.traffic.take(here)
                receive = await _posted(path, here, scope, receive, send) or _nothing
            elif CLOSED.match(path) or (path.startswith(FILE) and not _may_fetch(path, here)):
                raise Refusal(404, NOTHING)
            if receive is not _nothing:
                await self._answered(path, scope, receive, send)

    async def _answered(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, _late(send) if path.startswith(FILE) else send)
        except (OSError, RuntimeError) as error:
            if not path.startswith(FILE):
                raise
            raise Refusal(404, NOTHING) from error  # read, and gone, while it was looked for
        except (KeyError, TypeError, ValueError) as error:
            if NAMED.fullmatch(path) is None:
                raise
            raise Refusal(
                400, "These are not the inputs of an endpoint: see /?view=api."
            ) from error


async def _posted(
    path: str, here: str, scope: Scope, receive: Receive, send: Send
) -> Receive | None:
    """The body for Gradio, once it was looked at; None where the answer is given already."""
    if path.rstrip("/") == UPLOAD:
        await (await _upload(here, Request(scope, _counted(receive))))(scope, receive, send)
        return None
    event = EVENTS.fullmatch(path)
    if not (event or NAMED.fullmatch(path) or OTHERS.fullmatch(path)):
        raise Refusal(404, NOTHING)
    body = await read(receive)
    sent = parsed(body)
    if sent.get("session_hash") is None:
        scope[NAMELESS] = True
    if event is not None:
        check_event(sent, event[1], scope["app"].get_blocks().callable_events())
    return _again(body, receive)


def _late(send: Send) -> Send:
    """Say what comes only with its first bytes: until then it can still be missing."""
    held: list[Message] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        while held:
            await send(held.pop())
        await send(message)

    return sending


def _again(body: bytes, receive: Receive) -> Receive:
    """The same body for who comes next, then what else the connection says."""
    rest = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def received() -> Message:
        message = next(rest, None)
        return await receive() if message is None else message

    return received


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _counted(receive: Receive) -> Receive:
    """An upload's body, which must not be too large; names and borders come on top."""
    parts = limited(receive, UPLOAD_BYTES + 100_000)

    async def received() -> Message:
        part = await anext(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    return received


async def _upload(here: str, request: Request) -> JSONResponse:
    """Receive files as Gradio does, but each into a folder of its own."""
    number = request.query_params.get("upload_id")
    shown = {"upload_id": number, "upload_progress": file_upload_statuses} if number else {}
    try:
        with UPLOADS.receiving(here) as folder:
            async with asyncio.timeout(UPLOAD_SECONDS):
                files = await _received(request, folder, **shown)
            UPLOADS.received(here, folder, [Path(file) for file in files])
    except UploadError as error:
        raise Refusal(429, str(error), 60) from error
    except TimeoutError as error:
        raise Refusal(408, "This upload took too long: try again.") from error
    return JSONResponse(files)


async def _received(request: Request, folder: Path, **shown: Any) -> list[str]:
    shown = {"upload_id": None} | shown
    try:
        files, _, _ = await upload_fn(request, folder, UPLOAD_BYTES, **shown)
    except MultiPartException as error:
        large = "exceed" in error.message
        raise Refusal(413 if large else 400, error.message[:LOG_LINE]) from error
    except HTTPException as error:
        raise Refusal(error.status_code, str(error.detail)[:LOG_LINE]) from error
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(400, "This upload cannot be read: send one file in a form.") from error
    if not 1 <= len(files) <= UPLOAD_FILES:
        raise Refusal(400, f"Send 1 to {UPLOAD_FILES} files at once.")
    return files


def _may_fetch(path: str, here: str) -> bool:
    try:
        UPLOADS.admit(path.removeprefix(FILE), here)
    except UploadError:
        return False
    return True


def _told(refusal: Refusal, scope: Scope) -> Response:
    headers = {} if refusal.retry is None else {"Retry-After": str(refusal.retry)}
    sentence = str(refusal)
    if scope.get("path", "").endswith(UPLOAD):  # the page shows the text of the answer as it is
        return PlainTextResponse(sentence, refusal.status, headers)
    return JSONResponse({"detail": sentence, "error": sentence}, refusal.status, headers)
