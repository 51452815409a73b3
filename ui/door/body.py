"""The body of a request: whole within a time, no larger and no deeper than anybody needs."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any, NoReturn

from .limits import (
    BODY_BYTES,
    BODY_SECONDS,
    INPUTS,
    JSON_DEPTH,
    JSON_VALUES,
    LARGEST_NUMBER,
    TEXT_LENGTH,
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
NAME = re.compile(r"[\w-]{1,64}")  # of a tab, or an event: chosen by who asks
NUMBERS = ("fn_index", "trigger_id")
NAMES = ("session_hash", "event_id")


class Refusal(ValueError):
    """A request that is not let in: a status of HTTP, and a sentence."""

    def __init__(self, status: int, sentence: str, retry: int | None = None):
        super().__init__(sentence)
        self.status, self.retry = status, retry


async def read(receive: Receive) -> bytes:
    """All of a body.

    Raises:
        Refusal: it is too large, too slow, or was broken off.
    """
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in limited(receive, BODY_BYTES):
                parts.append(part)
    except TimeoutError as error:
        raise Refusal(408, "This request took too long to arrive: send it again.") from error
    return b"".join(parts)


async def limited(receive: Receive, most: int):
    """The parts of a body as they come.

    Raises:
        Refusal: they are more than so many bytes, or were broken off.
    """
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "This request was broken off: send it again.")
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > most:
            raise Refusal(413, f"This is too large: at most {most // 1_000_000} MB can be sent.")
        yield part


def parsed(body: bytes) -> dict[str, Any]:
    """The object that a body of JSON holds.

    Raises:
        Refusal: it is none, or it is too deep, or holds too much or numbers that are none.
    """
    try:
        value = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "This is not JSON: send an object.") from error
    if type(value) is not dict:
        raise Refusal(400, "This is not an object of JSON.")
    _check(value)
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _check(value: object) -> None:
    """Every value in it, level by level."""
    level, count = [value], 0
    for _ in range(JSON_DEPTH):
        below: list[object] = []
        for part in level:
            below += _parts(part)
        count += len(below)
        if count > JSON_VALUES:
            raise Refusal(413, "This holds too many values: send fewer.")
        if not below:
            return
        level = below
    raise Refusal(400, "This is too deep: lists in lists in lists.")


def _parts(value: object) -> Collection[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and len(value) > TEXT_LENGTH:
        raise Refusal(413, "One of its texts is too long.")
    if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
        raise Refusal(400, "One of its numbers is too large.")
    return ()


def check_event(sent: dict[str, Any], name: str | None, events: Mapping[int, Any]) -> None:
    """What Gradio takes as it is: everything of a call but the inputs of its event.

    Args:
        sent: the body.
        name: of the event, where the address has one.
        events: the names of all events by their numbers.

    Raises:
        Refusal: there is no such event, or what is said of it is malformed.
    """
    data = sent.get("data")
    if type(data) is not list or len(data) > INPUTS:
        raise Refusal(400, "The inputs are missing, or too many.")
    right = (
        all(type(sent.get(name)) in (int, type(None)) for name in NUMBERS)
        and all(sent.get(name) is None or _is_name(sent[name]) for name in NAMES)
        and type(sent.get("event_data")) in (dict, type(None))
        and type(sent.get("simple_format", False)) is bool
        and not sent.get("batched")
        and sent.get("oauth_token") is None
    )
    number = sent.get("fn_index")
    known = number in events or (number is None and name in events.values())
    if not right or not known:
        raise Refusal(400, "There is no such event: load the page anew.")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None
