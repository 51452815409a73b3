"""A web server for one file, as good or as bad as a test needs it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 16_384  # bytes


@dataclass
class Site:
    """How it behaves, and what it has been asked.

    Args:
        data: the file.
        ranges: whether it can send a part of the file.
        shift: it sends a part that begins so many bytes off.
        cut: it hangs up after so many bytes of an answer.
        pause: s between two pieces.
        status: of its answers; 206: a part nobody asked for; other than 200: an error.
        kind: Content-Type.
        announced: what it says the file has, in bytes; None: it does not say.
        more: bytes that it sends after the file.
        to: it sends on to this address.
    """

    data: bytes
    ranges: bool = True
    shift: int = 0
    cut: int | None = None
    pause: float = 0.0
    status: int = 200
    kind: str = "application/octet-stream"
    announced: int | None = -1
    more: bytes = b""
    to: str = ""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    served: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range", "")
        self.asked.append(wanted)
        if self.to:
            return self.refuse(handler, 302, Location=self.to)
        if self.status not in (200, 206):
            return self.refuse(handler, self.status)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start and start >= len(self.data):
            return self.refuse(handler, 416)
        begin = PIECE if self.status == 206 else start + self.shift if start else 0
        self.send(handler, begin)
        return None

    def refuse(self, handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            handler.send_header(name, value)
        handler.end_headers()

    def send(self, handler: BaseHTTPRequestHandler, start: int) -> None:
        size = len(self.data) if self.announced == -1 else self.announced
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Type", self.kind)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/{size}")
        if size is not None:
            handler.send_header("Content-Length", str(size - start))
        handler.end_headers()
        rest = (self.data + self.more)[start:][: self.cut]
        for at in range(0, len(rest), PIECE):
            handler.wfile.write(rest[at : at + PIECE])
            self.served += len(rest[at : at + PIECE])
            time.sleep(self.pause)


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """The site on this machine, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                site.answer(self)
            except ConnectionError:  # nobody listens any more
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Tests say what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}/model.pkl"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
