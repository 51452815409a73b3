"""``dragphoto serve``: the app in a browser."""

import argparse
import os

from weights.files import OutputError
from weights.hub.catalogue import public


def run_serve(args: argparse.Namespace) -> None:
    """Serve the page until it is stopped; what is not said here, environment variables say.

    Raises:
        WeightsError: there is no such public model.
        OutputError: the address is not one of this computer, or no port is free.
    """
    if args.model_name is not None and "DRAGPHOTO_MODELS" not in os.environ:
        public(args.model_name)
    fetch = None if args.fetch is None else int(args.fetch)
    for name, value in (
        ("DRAGPHOTO_MODEL", args.model_name), ("DRAGPHOTO_FETCH", fetch),
        ("GRADIO_SERVER_NAME", args.host), ("GRADIO_SERVER_PORT", args.port),
    ):  # fmt: skip
        if value is not None:
            os.environ[name] = str(value)
    import app  # Gradio reads them as soon as it is loaded

    try:
        app.main()
    except OSError as error:
        raise OutputError(f"The page cannot be served there: {error}") from error
