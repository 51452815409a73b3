"""The canvas as a Gradio component: what is drawn travels as its value, all else as props."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import gradio as gr

from .drawn import NOTHING

HERE = Path(__file__).parent
SCRIPTS = (
    "canvas.js",
    "kept.js",
    "guess.js",
    "eyes.js",
    "elastic.js",
    "surface.js",
    "preview.js",
    "paint.js",
    "hands.js",
    "gradio.js",
)  # one scope, in this order
EVENTS = {"go", "undo", "redo", "jump", "pick"}
NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "number"}}
STROKE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "radius": {"type": "number"},
        "erase": {"type": "boolean"},
        "points": {"type": "array", "items": NUMBERS},
    },
}

with patch("gradio.component_meta.create_or_modify_pyi", create=True):
    # Gradio would write a stub file beside this one whenever the class is made.

    class DragCanvas(gr.HTML):
        """A picture on which arrows, strokes and marks are drawn.

        Args:
            value: what is drawn, see ``drawn.py``; replaced only if its ``serial`` is new.
            scene: "drag" (arrows and brush on the face) or "fit" (marks or a box on the photo).
            picture: what is shown, as a URL.
            before: what Compare shows, as a URL.
            width: px of the picture; the URL's own size may differ.
            height: the same.
            photo_px: px of the photo for one px of the picture, for the distances that are shown.
            faces: eyes and mouth of each face, three (x, y) each, in the scene "fit".
            track: of each handle in a running drag: at, target, away (px of the photo).
            busy: nothing can be drawn now.
            versions: small pictures of all versions, as URLs.
            now: which of them is shown.
            preview: of the picture, to show how a drag will look, see ``ui/page/preview.py``.

        Events: go (drag now), undo, redo, jump (to version ``event.number``), pick
        (fit the face that was pressed on).
        """

        is_template = True  # for Gradio: the browser's side of it is that of gr.HTML

        def __init__(
            self,
            value: dict[str, Any] | None = None,
            *,
            scene: str = "drag",
            picture: str = "",
            before: str = "",
            width: int = 512,
            height: int = 512,
            photo_px: float = 1.0,
            faces: list[Any] | None = None,
            track: list[Any] | None = None,
            busy: bool = True,
            versions: list[str] | None = None,
            now: int = 0,
            preview: dict[str, Any] | None = None,
            **settings: Any,
        ):
            props: dict[str, Any] = {
                "scene": scene, "picture": picture, "before": before, "width": width,
                "height": height, "photo_px": photo_px, "faces": faces or [], "track": track or [],
                "busy": busy, "versions": versions or [], "now": now,
                "preview": preview or {},
            }  # fmt: skip
            super().__init__(
                value or NOTHING,  # pyright: ignore[reportArgumentType]
                html_template=(HERE / "canvas.html").read_text("utf-8"),
                css_template=(HERE / "canvas.css").read_text("utf-8"),
                js_on_load="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
                apply_default_css=False,
                **settings,
                **props,
            )

        def __getattr__(self, name: str) -> Any:
            # gr.HTML takes every quoted word of the script for an event.
            if name not in EVENTS:
                raise AttributeError(f"DragCanvas has no attribute {name!r}")
            return super().__getattr__(name)

        def postprocess(self, value: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            """What is drawn, as it is."""
            return value

        def preprocess(self, payload: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            """As it comes from the browser: anything at all. ``read_drawn`` checks it."""
            return payload

        def api_info(self) -> dict[str, Any]:
            """The form of the value, for Gradio's own description of the page."""
            drags = {"type": "array", "items": NUMBERS}
            properties: dict[str, Any] = {
                "serial": {"type": "integer"},
                "drags": drags,
                "strokes": {"type": "array", "items": STROKE},
                "kind": {"type": "string"},
                "marks": drags,
                "box": NUMBERS,
            }
            return {"type": "object", "properties": properties}
