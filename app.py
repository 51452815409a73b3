"""DragPhoto in a browser: layout and wiring. ``python app.py`` serves it on 127.0.0.1:7860."""

import atexit
import os
import signal
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from editor import USER_ERRORS
from ui import handlers
from ui.errors import at_once, streaming
from ui.handlers import DRAG_OPTIONS
from ui.picture import PictureBox
from ui.visit import Visit

CSS = Path(__file__).parent / "ui" / "app.css"
MOST_BYTES = "40mb"
MINUTES_KEPT = 30
MOST_TABS = 50
PRIVACY = (
    "Your photo stays in this computer's memory. It is forgotten 30 minutes after your last "
    "click. Use only photos that you are allowed to use."
)
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Work waits for its turn in ui/turn.py, where it can say so; here it must not wait unseen.
HEAVY: dict[str, Any] = QUIET | {"concurrency_limit": 8}


def private_folder() -> None:
    """Uploads and downloads go where nobody else can read, and go away with the program."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = TemporaryDirectory(prefix="dragphoto-")
        os.environ["GRADIO_TEMP_DIR"] = folder.name
        atexit.register(folder.cleanup)


def close(visit: Visit | None) -> None:
    """The tab is gone."""
    if visit is not None:
        visit.close()


def build() -> gr.Blocks:
    """The page; building it reads no weights and needs no network."""
    with gr.Blocks(title="DragPhoto", delete_cache=(600, 1800), analytics_enabled=False) as page:
        seconds = 60 * MINUTES_KEPT
        parts: dict[str, Any] = {
            "visit": gr.State(None, time_to_live=seconds, delete_callback=close)
        }
        gr.Markdown("# DragPhoto\nPress on a feature of your photo, drag it where it should go.")
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=3, min_width=260):
                parts |= _photo_column()
            with gr.Column(scale=6, min_width=320):
                parts |= _canvas_column()
            with gr.Column(scale=3, min_width=260):
                parts |= _result_column()
        _wire(page, parts)
    return page


def _photo_column() -> dict[str, Any]:
    photo = PictureBox(
        label="1  Your photo", height=200, sources=["upload", "webcam", "clipboard"],
        buttons=[], elem_id="photo", placeholder="Drop a photo here, or press to choose one",
    )  # fmt: skip
    return {
        "photo": photo,
        "fit": gr.Button("Fit my photo", variant="primary", interactive=False, elem_id="fit"),
        "mark": gr.Button(
            "Mark eyes and mouth myself", size="sm", interactive=False, elem_id="mark"
        ),
    }


def _canvas_column() -> dict[str, Any]:
    status = gr.HTML("Getting ready ...", elem_id="status")
    canvas = PictureBox(
        label="2  Press on a feature, then where it should go", interactive=False, buttons=[],
        elem_id="canvas", alt_text="The face that is being edited",
    )  # fmt: skip
    with gr.Row():
        drag = gr.Button(
            "Drag it", variant="primary", interactive=False, elem_id="drag", min_width=120
        )
        stop = gr.Button("Stop", variant="stop", interactive=False, elem_id="stop", min_width=120)
    with gr.Row():
        small: dict[str, Any] = {"size": "sm", "interactive": False, "min_width": 90}
        undo = gr.Button("Undo", elem_id="undo", **small)
        redo = gr.Button("Redo", elem_id="redo", **small)
        clear = gr.Button("Clear points", elem_id="clear", **small)
    return {
        "status": status, "canvas": canvas, "drag": drag, "stop": stop, "undo": undo,
        "redo": redo, "clear": clear,
    }  # fmt: skip


def _result_column() -> dict[str, Any]:
    result = PictureBox(
        label="Your whole photo", interactive=False, buttons=["fullscreen"], elem_id="result",
        alt_text="Your whole photo with the edit",
    )  # fmt: skip
    save = gr.DownloadButton("3  Download PNG", interactive=False, elem_id="save")
    with gr.Accordion("Advanced", open=False):
        most = DRAG_OPTIONS.steps
        steps = gr.Slider(10, 300, most, step=10, label="Steps at most", elem_id="steps")
    gr.Markdown(PRIVACY, elem_id="privacy")
    return {"result": result, "save": save, "steps": steps}


def _wire(page: gr.Blocks, parts: dict[str, Any]) -> None:
    """Which event calls which handler."""
    visit = parts["visit"]
    outputs = [part for name, part in parts.items() if name != "steps"]
    wires: list[tuple[Any, Any, list[Any], dict[str, Any]]] = [
        (page.load, handlers.begin, [], QUIET),
        (parts["photo"].input, handlers.choose, [parts["photo"]], QUIET),
        (parts["photo"].clear, handlers.unchoose, [], QUIET),
        (parts["mark"].click, handlers.mark, [], QUIET),
        (parts["canvas"].select, handlers.click, [], QUIET),
        (parts["fit"].click, handlers.fit, [], HEAVY),
        (parts["drag"].click, handlers.drag, [parts["steps"]],
         HEAVY),
        (parts["undo"].click, handlers.undo, [], QUIET),
        (parts["redo"].click, handlers.redo, [], QUIET),
        (parts["clear"].click, handlers.clear, [], QUIET),
    ]  # fmt: skip
    for event, handler, inputs, how in wires:
        name = f"ui_{handler.__name__}"
        event(streaming(handler, parts), [visit, *inputs], outputs, api_name=name, **how)
    parts["stop"].click(
        at_once(handlers.stop, parts), visit, outputs, queue=False, api_name="ui_stop", **QUIET
    )


private_folder()
demo = build()
launch = partial(
    demo.queue(max_size=16).launch, share=False, max_file_size=MOST_BYTES, css_paths=CSS,
    run_history=False, footer_links=["settings"], state_session_capacity=MOST_TABS,
)  # fmt: skip


def main() -> None:
    """Serve on 127.0.0.1:7860 unless GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say otherwise."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # tidy up on the way out
    try:
        handlers.engine()
    except USER_ERRORS as error:
        sys.exit(f"dragphoto: {error}")
    launch()


if __name__ == "__main__":
    main()
