"""DragPhoto in a browser: layout and wiring. ``python app.py`` serves it on 127.0.0.1:7860."""

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.http_server import LOCALHOST_NAME

from editor import USER_ERRORS, models
from editor.machine.cores import use_well
from ui import log
from ui.api import routes
from ui.canvas import DragCanvas
from ui.connection import ANOTHER_TAB, WHICH_TAB, Connection
from ui.door.folder import private_folder
from ui.door.page import Page, launch_options
from ui.page import (
    advanced,
    arriving,
    carrying,
    controls,
    fetching,
    handlers,
    host,
    opening,
    people,
    saving,
    shelf,
    work,
)  # fmt: skip
from ui.page.events import at_once, closed, streaming
from ui.page.tabs import OPEN_TABS
from ui.picture import FileBox, PictureBox

CSS = Path(__file__).parent / "ui" / "app.css"
TITLE = "# DragPhoto\nPress on a feature of your photo, drag it where it should go."
PRIVACY = (
    "Your photo stays in this computer's memory. It is forgotten when you close this tab, or 30 "
    "minutes after your last click. Use only photos that you are allowed to use."
)
# Gradio's own colours are too pale for many to read (WCAG asks for a contrast of 4.5).
THEME = gr.themes.Default().set(
    body_text_color_subdued="*neutral_600",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_800",
    button_cancel_background_fill="#b91c1c",
    button_cancel_background_fill_hover="#991b1b",
)
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Gradio drops an event while the one before is still at work, be it only on the whole photo.
EACH: dict[str, Any] = QUIET | {"trigger_mode": "multiple"}
FORGET: dict[str, Any] = QUIET | {"js": ANOTHER_TAB}
LAST: dict[str, Any] = QUIET | {"trigger_mode": "always_last"}
NEW_FACE = (
    arriving.choose, arriving.astronaut, handlers.ready, work.random, saving.open_file,
    carrying.carry,
)  # fmt: skip
ASKED = "() => document.querySelector('#accept')?.scrollIntoView({block: 'nearest'})"
SHOW = "() => document.querySelector('#status').scrollIntoView({block: 'nearest'})"
SAVE = """file => {
  const link = document.createElement("a");
  Object.assign(link, {href: file.url, download: file.orig_name});
  document.body.append(link);
  link.click();
  link.remove();
}"""


def build() -> Page:
    """The page; building it reads no weights and needs no network."""
    with Page(title="DragPhoto", analytics_enabled=False) as page:
        parts: dict[str, Any] = {"connection": Connection(elem_id="connection")}
        gr.Markdown(TITLE, elem_id="title")
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=3, min_width=250, elem_id="left"):
                parts |= _photo_column()
            with gr.Column(scale=7, min_width=320, elem_id="middle"):
                parts |= _canvas_column()
            with gr.Column(scale=3, min_width=250, elem_id="right"):
                parts |= _result_column()
        _wire(page, parts)
        routes.register()
    return page


def _button(words: str, name: str, **more: Any) -> gr.Button:
    return gr.Button(words, elem_id=name, interactive=False, min_width=70, **more)


def _photo_column() -> dict[str, Any]:
    photo = PictureBox(
        label="Your photo", height=190, sources=["upload", "webcam", "clipboard"], buttons=[],
        elem_id="photo", placeholder="Drop a photo here, or press to choose one",
    )  # fmt: skip
    gr.Markdown("Or try:", elem_id="try")
    with gr.Row():
        small: dict[str, Any] = {"size": "sm"}
        others = {
            "astronaut": _button("Astronaut", "astronaut", **small),
            "ready": _button("Ready face", "ready", **small),
            "random": _button("Random face", "random", **small),
        }
    refit = _button("Fit by hand", "refit", size="sm")
    another = _button("Another face", "another", size="sm", visible=False)
    opened = FileBox(
        "Open a saved session", file_types=[".safetensors"], size="sm", elem_id="open",
        interactive=False,
    )  # fmt: skip
    forget = _button("Delete my data", "forget", size="sm")
    gr.Markdown(PRIVACY, elem_id="privacy")
    return {
        "photo": photo,
        **others,
        "refit": refit,
        "another": another,
        "open": opened,
        "forget": forget,
    }


def _canvas_column() -> dict[str, Any]:
    status = gr.HTML("Getting ready ...", elem_id="status")
    canvas = DragCanvas(elem_id="canvas")
    with gr.Row():
        fit = _button("Fit", "fit", variant="primary", visible=False)
        back = _button("Back", "back", visible=False)
        drag = _button("Drag it", "drag", variant="primary")
        stop = _button("Stop", "stop", variant="stop")
    return {
        "status": status, "canvas": canvas, "fit": fit, "back": back, "drag": drag, "stop": stop,
        **controls.build(),
    }  # fmt: skip


def _result_column() -> dict[str, Any]:
    result = PictureBox(
        label="Your whole photo", interactive=False, buttons=["fullscreen"], elem_id="result",
        alt_text="Your whole photo with the edit",
    )  # fmt: skip
    whose = [("Your own", "photo"), ("The model's", "generated")]
    pixels = gr.Radio(whose, value="photo", label="Pixels of the edit", elem_id="pixels")
    gr.Markdown("Save:", elem_id="save")
    with gr.Row():
        saved = {
            name: _button(words, name, size="sm")
            for name, words in (
                ("png", "Photo (PNG)"), ("gif", "GIF"), ("mp4", "Video"), ("session", "Session"),
            )
        }  # fmt: skip
    other = FileBox(
        "Use on another photo", file_types=["image"], size="sm", elem_id="other", interactive=False
    )
    file = gr.DownloadButton("File", elem_id="file", visible="hidden")
    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
        public, settings = shelf.build(), advanced.build()
    return {
        "result": result,
        "pixels": pixels,
        **saved,
        "other": other,
        "file": file,
        **public,
        **settings,
    }


def _wire(page: gr.Blocks, parts: dict[str, Any]) -> None:
    """Which event calls which handler."""
    canvas, photo = parts["canvas"], parts["photo"]
    outputs = list(parts.values())
    settings = [parts[name] for name in advanced.NAMES]
    wires: list[tuple[Any, Any, list[Any], dict[str, Any]]] = [
        (page.load, opening.begin, [parts["connection"]], QUIET | {"js": WHICH_TAB}),
        (photo.input, arriving.choose, [photo, *settings], QUIET),
        (photo.clear, handlers.unchoose, [], QUIET),
        (parts["back"].click, handlers.back, [], QUIET),
        (parts["astronaut"].click, arriving.astronaut, settings, QUIET),
        (parts["ready"].click, handlers.ready, [], QUIET),
        (parts["random"].click, work.random, settings, QUIET),
        (parts["model"].input, work.use, [parts["model"], *settings], QUIET),
        (parts["refit"].click, handlers.refit, [], QUIET),
        (parts["fit"].click, work.fit, [canvas, *settings], QUIET),
        (parts["drag"].click, work.drag, [canvas, *settings], QUIET),
        (canvas.go, work.drag, [canvas, *settings], EACH),
        (canvas.undo, handlers.undo, [canvas], EACH),
        (canvas.redo, handlers.redo, [canvas], EACH),
        (canvas.jump, handlers.jump, [canvas], EACH),
        (parts["pixels"].input, work.pixels, [canvas, parts["pixels"], *settings], QUIET),
        (parts["open"].upload, saving.open_file, [parts["open"]], QUIET),
        (parts["forget"].click, handlers.forget, [parts["connection"]], FORGET),
        (parts["preset"].input, handlers.suit, [parts["preset"]], QUIET),
        (parts["shelf"].want, fetching.want, settings, EACH),
        (parts["accept"].click, fetching.agree, settings, QUIET),
        (parts["decline"].click, fetching.decline, [], QUIET),
        (canvas.pick, people.pick, [canvas, *settings], EACH),
        (parts["another"].click, people.another, [], QUIET),
        (parts["other"].upload, carrying.carry, [parts["other"], *settings], QUIET),
        (parts["controls"].set, controls.move, [canvas], LAST),
    ]
    for number, (event, handler, inputs, how) in enumerate(wires):
        name = f"ui_{number}_{handler.__name__}"
        done = event(streaming(handler, parts), inputs, outputs, api_name=name, **how)
        if handler in NEW_FACE:
            done.success(None, js=SHOW)
        if handler is fetching.want:
            done.success(None, js=ASKED)
    for name, inputs in (("png", []), ("gif", []), ("mp4", []), ("session", [canvas, *settings])):
        saved = streaming(getattr(saving, name), parts)
        done = parts[name].click(saved, inputs, outputs, api_name=f"ui_{name}", **QUIET)
        done.success(None, parts["file"], js=SAVE)
    for name, handler in (("stop", handlers.stop), ("halt", fetching.halt)):
        parts[name].click(
            at_once(handler, parts), None, outputs, queue=False, api_name=f"ui_{name}", **QUIET
        )
    parts["connection"].input(  # lost.js calls it by its name
        closed, parts["connection"], None, queue=False, api_name="ui_leave", **QUIET
    )


log.begin()
use_well()
private_folder()
demo = build()
launch = partial(
    demo.launch, css_paths=CSS, footer_links=["api", "settings"], theme=THEME,
    **launch_options(demo, OPEN_TABS),
)  # fmt: skip


def main() -> None:
    """Serve on 127.0.0.1:7860 unless GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say otherwise."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # tidy up on the way out
    host.prefetch()
    try:
        models.engine(models.names()[0])
    except USER_ERRORS as error:
        sys.exit(f"dragphoto: {error}")
    if LOCALHOST_NAME not in ("127.0.0.1", "localhost", "::1"):
        print(f"dragphoto: whoever reaches {LOCALHOST_NAME} can use this page: see SECURITY.md.")
    launch()


if __name__ == "__main__":
    main()
