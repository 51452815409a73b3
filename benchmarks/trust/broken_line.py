"""A line to a server that can be cut, go silent, and be mended: a proxy of plain TCP."""

import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from select import select
from threading import Event, Thread

STREAM = b"/queue/data?"


class Line:
    """What hands on the bytes.

    ``url`` is where the server at ``port`` answers, ``sent`` all that it was sent.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/"
        self.sent = b""
        self._open: list[socket.socket] = []
        self._streaming: set[socket.socket] = set()
        self._deaf: set[socket.socket] = set()
        self._whole = Event()
        self._whole.set()
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """All connections break, and new ones are refused, until the line is mended."""
        self._whole.clear()
        for end in list(self._open):
            _shut(end)

    def mend(self) -> None:
        """New connections are let through again."""
        self._whole.set()

    def silence(self) -> None:
        """The streams of events stay open, but nothing comes through; new connections work.

        A browser that wakes up has let go of the others: nothing is going on there.
        """
        self._deaf = set(self._streaming)
        for end in list(self._open):
            if end not in self._deaf:
                _shut(end)

    def close(self) -> None:
        """The end of it."""
        _shut(self._door)
        self.cut()
        for thread in self._threads:
            thread.join()
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                if not self._whole.is_set():
                    here.close()
                    continue
                self._open.append(here)
                self._threads.append(Thread(target=self._hand_on, args=(here,), daemon=True))
                self._threads[-1].start()

    def _hand_on(self, here: socket.socket) -> None:
        with here, suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as there:
            other = {here: there, there: here}
            while True:
                for end in select([here, there], [], [])[0]:
                    if not (part := end.recv(65536)):
                        return
                    if end is here:
                        self.sent += part
                        (self._streaming.add if STREAM in part else self._streaming.discard)(here)
                    if here not in self._deaf:
                        other[end].sendall(part)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # it has been closed already
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(port: int) -> Generator[Line]:
    """A line to a server on this machine."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
