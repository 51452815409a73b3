"""What programs that watch the app may ask it: whether it can work, and its figures."""

import os
from collections.abc import Callable

from starlette.responses import PlainTextResponse, Response

from .gpu import FIGURES, LONG, SHORT

METRICS = "DRAGPHOTO_METRICS"
"""The environment variable: 1 shows the figures to whoever reaches the app."""
NO_LIBRARY = f"dragphoto: {METRICS}=1 needs a library: pip install prometheus-client"
STUCK_SECONDS = 300
STUCK = f"A step of the work has not ended for more than {STUCK_SECONDS} s."
FULL = "The line for work is full."


def health() -> Response:
    """Whether work can be done: 200, or 503 and why not."""
    if FIGURES.longest() > STUCK_SECONDS:
        return PlainTextResponse(STUCK, 503)
    if SHORT.is_full() or LONG.is_full():
        return PlainTextResponse(FULL, 503)
    return PlainTextResponse("ok")


def watched() -> dict[str, Callable[[], Response]]:
    """The answers by their paths.

    Raises:
        SystemExit: the figures are wanted, but the library for them is not there.
    """
    answers = {"/healthz": health}
    if os.environ.get(METRICS) == "1":
        try:
            from .metrics import figures
        except ModuleNotFoundError:
            raise SystemExit(NO_LIBRARY) from None
        answers["/metrics"] = figures
    return answers
