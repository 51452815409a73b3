"""The stub of stub_app.py with its pauses made by replicas of Ray Serve.

DRAGPHOTO_STUB_SECONDS=0.02 python -m benchmarks.stub_serve --draggers 2
"""

from typing import Any

from ray.serve import Application

from serve.__main__ import main
from serve.application import Front, with_front
from serve.options import Options


class StubFront(Front):
    """The page of the stub."""

    def page(self) -> Any:
        """It puts pauses in the network's place."""
        from . import stub_app

        return stub_app.app


def build(options: Options) -> Application:
    """The application with that page."""
    return with_front(StubFront, options)


if __name__ == "__main__":
    main(build)
