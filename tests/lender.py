"""Plays the part of the machines that lend GPUs, for the real client package, without one.

What is pretended: the HTTP interface that grants a GPU, and that the borrower's tensors, which the
package moves to the GPU, stay on the CPU. All else is the package's own: its pretended CUDA while
the program starts, the packing of weights, the fork, the queues, stopping and the workers' reuse.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

ROOT = Path(__file__).parent.parent
GRANT = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "none", "allowToken": "token"}


@contextmanager
def lender() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """(its address, what it was asked for)."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            url = urlparse(self.path)
            asked.append((url.path, {name: v[0] for name, v in parse_qs(url.query).items()}))
            body = json.dumps(GRANT if url.path == "/schedule" else {}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def run(script: Path, url: str, folder: Path) -> Any:
    """What the script, whose GPUs are lent, prints as JSON in its last line."""
    environment = {
        **os.environ, "SPACES_ZERO_GPU": "1", "SPACES_ZERO_DEVICE_API_URL": url,
        "ZEROGPU_OFFLOAD_DIR": str(folder / "packed"), "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
    }  # fmt: skip
    command = [sys.executable, str(script), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def pretend_to_have_lent() -> None:
    """In the borrower: its tensors are where it wants them, as if a GPU had been there."""
    import spaces.zero.torch as cuda
    from spaces.zero.torch import patching

    kept = dict(patching.cuda_aliases.items())

    def move(callback: Any = None) -> None:
        for fake, original in kept.items():
            fake.data = original

    cuda.init = lambda uuid: None
    cuda.move = move
    cuda.pack()  # as when the page is launched: from here on this process has no weights
