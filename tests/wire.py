"""Gradio's protocol by plain HTTP: what a program can send that is no browser."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "gradio_api"


@dataclass
class Wire:
    """Somebody at an address (of this machine: 127.x.x.x), in a tab of their own."""

    url: str
    address: str = "127.0.0.1"
    session: str = field(default_factory=lambda: secrets.token_hex(6))
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        transport = httpx.HTTPTransport(local_address=self.address)
        self.client = httpx.Client(base_url=self.url, transport=transport, timeout=120)

    def upload(self, name: str, data: bytes) -> str:
        """The path that the server gives a file."""
        reply = self.client.post(f"{API}/upload", files={"files": (name, data)})
        assert reply.status_code == 200, reply.text
        return reply.json()[0]

    def post(self, path: str, body: Any) -> httpx.Response:
        """A body of JSON, or one that is none."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            f"{API}/{path}", content=data, headers={"content-type": "application/json"}
        )

    def join(self, number: Any, data: Any, **more: Any) -> httpx.Response:
        """An event, as a page sends it."""
        body = {"fn_index": number, "data": data, "session_hash": self.session, **more}
        return self.post("queue/join", body)

    def event(self, number: Any, data: Any, **more: Any) -> list[dict[str, Any]]:
        """The messages of an event until its end; of one that is not let in, its sentence."""
        reply = self.join(number, data, **more)
        if reply.status_code != 200:
            return [{"status": reply.status_code, "output": {"error": reply.json()["detail"]}}]
        return self._until(reply.json()["event_id"])

    def ended(self, number: str) -> dict[str, Any]:
        """The last message of an event that was let in."""
        return self._until(number)[-1]

    def _until(self, number: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        question = {"session_hash": self.session}
        with self.client.stream("GET", f"{API}/queue/data", params=question) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    messages.append(json.loads(line.removeprefix("data: ")))
                    here = messages[-1].get("event_id") in (number, None)
                    if here and messages[-1]["msg"] in ("process_completed", "close_stream"):
                        break
        return messages

    def error(self, number: Any, data: Any, **more: Any) -> str:
        """What an event that fails says."""
        return str(self.event(number, data, **more)[-1]["output"].get("error", ""))

    def events(self) -> dict[str, dict[str, Any]]:
        """The events of the page that do something on the server, by name."""
        config = self.client.get("config").json()
        kinds = {part["id"]: part["type"] for part in config["components"]}
        return {
            event["api_name"]: {
                "id": event["id"],
                "inputs": [kinds[number] for number in event["inputs"]],
            }
            for event in config["dependencies"]
            if event["backend_fn"]
        }


def file_data(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}
