"""The connection as a Gradio component: its value says which tab this is."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import gradio as gr

from .tab import Tab

HERE = Path(__file__).parent
WHICH_TAB = (HERE / "which_tab.js").read_text("utf-8")
"""For the event of the page's load: makes the value."""
ANOTHER_TAB = (HERE / "another_tab.js").read_text("utf-8")
"""The same for when everything is deleted: the tab takes another name."""

with patch("gradio.component_meta.create_or_modify_pyi", create=True):
    # Gradio would write a stub file beside this one whenever the class is made.

    class Connection(gr.HTML):
        """A sentence that shows while the server cannot be reached; the page then comes back."""

        is_template = True  # for Gradio: the browser's side of it is that of gr.HTML

        def __init__(self, value: list[str] | None = None, **settings: Any):
            super().__init__(
                value or [],  # pyright: ignore[reportArgumentType]
                html_template=(HERE / "connection.html").read_text("utf-8"),
                css_template=(HERE / "connection.css").read_text("utf-8"),
                js_on_load=(HERE / "lost.js").read_text("utf-8"),
                apply_default_css=False,
                **settings,
            )

        def postprocess(self, value: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            """Which tab it is, as it is."""
            return value

        def preprocess(self, payload: Any) -> Tab:  # pyright: ignore[reportIncompatibleMethodOverride]
            """The tab, as the door has let it in."""
            return Tab(*payload)

        def api_info(self) -> dict[str, Any]:
            """The form of the value, for Gradio's own description of the page."""
            return {"type": "array", "items": {"type": "string"}}
