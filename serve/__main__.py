"""``python -m serve --draggers 2``: the page and its replicas, on this machine."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from editor.machine.device import best_device

from .options import Options

if TYPE_CHECKING:
    from ray.serve import Application


def main(build: "Callable[[Options], Application] | None" = None) -> None:
    """Serve until it is told to stop; benchmarks bring an application of their own."""
    parser = argparse.ArgumentParser(prog="python -m serve", description=__doc__)
    parser.add_argument("--draggers", type=int, default=2, help="replicas that drag, at most")
    parser.add_argument("--fitters", type=int, default=1, help="replicas that fit, at most")
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", 7860)))
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--gpus", type=float, help="of each replica; by default all share one")
    asked = parser.parse_args()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray
        from ray import serve
    except ModuleNotFoundError:
        sys.exit('dragphoto: Ray is not installed: pip install -e ".[serve]"')
    if build is None:
        from .application import build

    gpus = asked.gpus
    if gpus is None:
        shares = asked.draggers + asked.fitters
        gpus = 1 / shares if best_device().type == "cuda" else 0.0
    folder = TemporaryDirectory(prefix="store-")
    options = Options(
        store=folder.name,
        most_draggers=asked.draggers, least_draggers=asked.draggers, most_fitters=asked.fitters,
        port=asked.port, host=asked.host, cores=0.5, gpus=gpus,
    )  # fmt: skip
    ray.init(include_dashboard=False, log_to_driver=False)
    serve.start(proxy_location="Disabled")
    serve.run(build(options), name="dragphoto", route_prefix=None)
    print(f"dragphoto: http://{asked.host}:{asked.port}", flush=True)
    told = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()
    serve.shutdown()
    ray.shutdown()
    folder.cleanup()


if __name__ == "__main__":
    main()
