"""One address of a file: asked for its bytes, or for what is still missing. Nothing is believed."""

import socket
import ssl
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse, responses
from itertools import chain
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, getproxies

from huggingface_hub import constants

PATIENCE = 30.0  # s without a byte
LOOK_UP = 6.0  # s for the names of all hosts; the system asks once more after 5 s, then gives up
CHUNK = 1 << 20  # bytes that are read at once, at most
HUB = "https://huggingface.co/"
LOCAL = ("localhost", "127.0.0.1", "::1")
POINTER = b"version https://git-lfs"


class DownloadError(Exception):
    """Why an address did not give its file: what follows its host in a sentence."""


@dataclass(frozen=True)
class Answer:
    """What an address sends.

    Args:
        start: the bytes of the file before those that are sent.
        total: bytes of the whole file; None where the address does not say.
        chunks: the bytes; DownloadError where they stop coming.
    """

    start: int
    total: int | None
    chunks: Iterator[bytes]


def host(url: str) -> str:
    """Who is asked."""
    return urlsplit(_address(url)).hostname or url


def is_known(urls: Sequence[str]) -> bool:
    """Whether the name of any host is known; a proxy looks names up itself.

    All are looked up at once: offline the system takes 10 s for each, and cannot be interrupted.
    """
    asked = [url for url in urls if _allowed(_address(url), _address(url))]
    if getproxies() or not asked:
        return True
    hosts, found = {host(url) for url in asked}, Queue[bool]()
    for name in hosts:
        Thread(target=_look_up, args=(name, found), daemon=True).start()
    end = time.monotonic() + LOOK_UP
    try:
        return any(found.get(timeout=max(0.0, end - time.monotonic())) for _ in hosts)
    except Empty:
        return False


def _look_up(name: str, found: "Queue[bool]") -> None:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError):
        found.put(False)
    else:
        found.put(True)


@contextmanager
def ask(url: str, start: int) -> Generator[Answer]:
    """Ask for a file from this byte on; an address that cannot do that sends the whole file.

    Addresses on Hugging Face are asked of HF_ENDPOINT, if that is set.

    Raises:
        DownloadError: it cannot be reached, refuses, or sends something else.
    """
    with _opened(_address(url), start) as response:
        begin, total = _extent(response)
        chunks = _chunks(response)
        head = next(chunks, b"")
        if begin == 0:
            _check(response, head)
        yield Answer(begin, total, chain([head], chunks))


def _address(url: str) -> str:
    return f"{constants.ENDPOINT}/{url.removeprefix(HUB)}" if url.startswith(HUB) else url


def _opened(url: str, start: int) -> HTTPResponse:
    """The response from this byte on, or from the first one."""
    try:
        response = _request(url, start)
    except HTTPError as error:
        error.close()
        if error.code != 416 or not start:  # 416: it has no bytes from there on
            raise DownloadError(_refusal(error.code)) from error
        return _opened(url, 0)
    if _extent(response)[0] in (0, start):
        return response
    response.close()
    if not start:
        raise DownloadError("sent another part of the file than was asked for")
    return _opened(url, 0)


def _refusal(code: int) -> str:
    if code < 400:  # to another kind of address, or in a circle
        return "sends on, but to no file"
    return f"answered {code} ({responses.get(code, 'whatever that is')})"


def _request(url: str, start: int) -> HTTPResponse:
    if not _allowed(url, url):
        raise DownloadError("is not asked: its address does not begin with https")
    ranged = {"Range": f"bytes={start}-"} if start else {}
    request = Request(url, headers={"User-Agent": "dragphoto", **ranged})
    try:
        return build_opener(_Careful).open(request, timeout=PATIENCE)
    except HTTPError:
        raise
    except (HTTPException, OSError) as error:
        raise DownloadError(_reason(error)) from error


class _Careful(HTTPRedirectHandler):
    """Goes along with a redirection unless it leads away from https."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not _allowed(newurl, req.full_url):
            fp.close()
            raise DownloadError("sends on to an address that does not begin with https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allowed(url: str, asked: str) -> bool:
    """This machine may be asked without encryption, but nobody may send us there."""
    new, old = urlsplit(url), urlsplit(asked)
    return new.scheme == "https" or (
        new.scheme == "http" and new.hostname in LOCAL and old.hostname in LOCAL
    )


def _extent(response: HTTPResponse) -> tuple[int, int | None]:
    """(the first byte that is sent, bytes of the whole file)."""
    if response.status == 206:  # Content-Range: bytes 5-9/10
        extent, _, total = response.headers.get("Content-Range", "").partition("/")
        first = extent.removeprefix("bytes ").partition("-")[0]
        return int(first) if first.isdecimal() else -1, int(total) if total.isdecimal() else None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _check(response: HTTPResponse, head: bytes) -> None:
    """The begin of a file tells what is no model at all."""
    words = head[:200].lstrip().lower()
    if response.headers.get_content_type() == "text/html" or words.startswith((b"<!do", b"<html")):
        raise DownloadError("sent a web page instead of the file")
    if head.startswith(POINTER):
        raise DownloadError("sent a git-LFS pointer instead of the file")


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
    except (HTTPException, OSError) as error:
        raise DownloadError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """What an error of the network comes to."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "has a certificate that cannot be checked"
    if isinstance(cause, TimeoutError):
        return f"said nothing for {PATIENCE:g} seconds"
    return "cannot be reached (is there a network?)" if cause is not error else "broke off"
