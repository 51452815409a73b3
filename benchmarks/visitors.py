"""A server of the app in a process of its own, and its visitors: plain HTTP, as browsers speak it.

Nothing is asked for twice: what is refused is refused, and what gets no answer is lost.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
from gradio_client.utils import apply_diff

API = "/gradio_api"
PATIENCE = 300.0  # s without a byte of an answer
PREFIX = re.compile(r"ui_(\d+_)?")  # of the page's own events
START = 180.0  # s until a server answers
CANVAS = {"serial": 0, "drags": [], "strokes": [], "kind": "face", "marks": [], "box": [0, 0, 16]}


class Refused(Exception):
    """The answer is a sentence instead of what was asked for."""


class Lost(Exception):
    """There is no answer."""


@dataclass(frozen=True)
class Server:
    """A program in a process of its own; ``folder`` is for its temporary files."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def rss(self) -> float:
        """Its memory, MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def work(self) -> float:
        """What it has used of the processors, s."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        """Its file descriptors."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextmanager
def serving(program: list[str], folder: Path, **environment: str) -> Generator[Server]:
    """A server that was started with these words after ``python``; its log is beside ``folder``.

    Raises:
        RuntimeError: it does not answer; the text is its log.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root, log = Path(__file__).parent.parent, folder.with_suffix(".log")
    variables = {
        **os.environ, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(folder),
        "PYTHONPATH": str(root), **environment,
    }  # fmt: skip
    for name in ("GRADIO_TEMP_DIR", "DRAGPHOTO_CACHE"):
        variables.pop(name, None)
    folder.mkdir(exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *program], env=variables, cwd=root, stdout=out, stderr=out
        )
    server = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        if not _answers(server):
            raise RuntimeError(log.read_text())
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _answers(server: Server) -> bool:
    end = monotonic() + START
    while monotonic() < end and server.process.poll() is None:
        with suppress(httpx.HTTPError):
            return httpx.get(server.url, timeout=30).status_code == 200
        sleep(0.1)
    return False


@dataclass(frozen=True)
class Plan:
    """What a page is made of: its parts' values when it opens, and its events."""

    values: dict[str, Any]
    events: dict[str, tuple[int, list[str], list[str]]]

    @staticmethod
    def of(server: Server) -> "Plan":
        """That of a server; events are called as their handlers are."""
        config = httpx.get(f"{server.url}/config", timeout=PATIENCE).json()
        names = {part["id"]: part["props"].get("elem_id") or "" for part in config["components"]}
        values = {names[part["id"]]: part["props"].get("value") for part in config["components"]}
        events = {
            PREFIX.sub("", event["api_name"]): (
                event["id"], [names[i] for i in event["inputs"]],
                [names[i] for i in event["outputs"]],
            )
            for event in config["dependencies"]
            if PREFIX.match(event["api_name"])
        }  # fmt: skip
        return Plan(values | {"canvas": CANVAS}, events)


class Visitor:
    """One tab of a page, or one program, at an address of its own."""

    def __init__(self, server: Server, address: str, plan: Plan | None = None):
        self.session = secrets.token_hex(6)
        self.plan, self.shown = plan, dict(plan.values) if plan else {}
        self.shown["connection"] = [secrets.token_hex(16), "", secrets.token_hex(16)]
        transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
        timeout = httpx.Timeout(PATIENCE, connect=30)
        self.http = httpx.AsyncClient(transport=transport, base_url=server.url, timeout=timeout)

    async def call(self, endpoint: str, *data: Any, session: bool = False) -> list[Any]:
        """An endpoint of the API; with the name of this tab, if it should count as one.

        Raises:
            Refused, Lost: there is no answer.
        """
        body: dict[str, Any] = {"data": list(data)}
        event = await self._post(
            f"call/{endpoint}", body | ({"session_hash": self.session} if session else {})
        )
        kind = ""
        async for line in self._lines(f"call/{endpoint}/{event}"):
            word, _, rest = line.partition(": ")
            kind = rest if word == "event" else kind
            if word == "data" and kind == "complete":
                return json.loads(rest)
            if word == "data" and kind == "error":
                raise Refused(_sentence(json.loads(rest)))
        raise Lost("the answer broke off")

    async def press(
        self,
        event: str,
        event_data: dict[str, Any] | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """What a button does, or the page itself; ``shown`` is what is on the page afterwards.

        ``told`` is called after each message.

        Raises:
            Refused, Lost: the event says why it failed, or nothing.
        """
        assert self.plan is not None
        number, inputs, outputs = self.plan.events[event]
        body: dict[str, Any] = {
            "data": [self.shown[name] for name in inputs], "fn_index": number,
            "session_hash": self.session, "event_data": event_data,
        }  # fmt: skip
        await self._post("queue/join", body)
        async for message in self._messages():
            output = message.get("output", {})
            if message["msg"] == "process_completed" and not message["success"]:
                raise Refused(_sentence(output))
            for name, new in zip(outputs, output.get("data", []), strict=False):
                self._show(name, new)
            told()
            if message["msg"] == "process_completed":
                return
        raise Lost("the answer broke off")

    async def upload(self, content: bytes, name: str) -> dict[str, Any]:
        """Send a file; how it is named from now on."""
        reply = await self.http.post(f"{API}/upload", files={"files": (name, content)})
        (path,) = _answer(reply)
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    async def fetch(self, file: dict[str, Any]) -> bytes:
        """A file that the server has made."""
        reply = await self.http.get(f"{API}/file={file['path']}")
        reply.raise_for_status()
        return reply.content

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """While the tab is open; then it tells the server that it is not."""
        try:
            yield
        finally:
            body = {"data": [self.shown["connection"]]}
            await self.http.post(f"{API}/run/ui_leave", json=body)
            await self.http.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> str:
        return _answer(await self.http.post(f"{API}/{path}", json=body))["event_id"]

    async def _lines(self, path: str) -> AsyncGenerator[str]:
        async with self.http.stream("GET", f"{API}/{path}") as reply:
            if reply.status_code != 200:
                await reply.aread()
                _answer(reply)
            async for line in reply.aiter_lines():
                yield line

    async def _messages(self) -> AsyncGenerator[dict[str, Any]]:
        """Of one event, with what Gradio shortened to differences made whole."""
        whole: list[Any] = []
        async for line in self._lines(f"queue/data?session_hash={self.session}"):
            if line.startswith("data: "):
                message = json.loads(line[6:])
                if message["msg"] == "process_generating" and message["success"]:
                    data = message["output"]["data"]
                    pairs = zip(whole, data, strict=True)
                    whole = [apply_diff(old, new) for old, new in pairs] if whole else data
                    message["output"]["data"] = whole
                yield message

    def _show(self, name: str, new: Any) -> None:
        if not (isinstance(new, dict) and new.get("__type__") == "update"):
            self.shown[name] = new
        elif "value" in new:
            self.shown[name] = new["value"]


def _answer(reply: httpx.Response) -> Any:
    if reply.status_code == 200:
        return reply.json()
    raise Refused(f"{reply.status_code}: {reply.text[:200]}")


def _sentence(told: Any) -> str:
    return str(told.get("error") if isinstance(told, dict) else told)
