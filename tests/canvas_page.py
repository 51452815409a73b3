"""A page with nothing but the canvas, as Gradio shows it, and no server: what Python would be told
stands in ``#log``.
"""

import json
from pathlib import Path

import gradio as gr

from ui.canvas import DragCanvas

PAGE = Path(__file__).with_suffix(".html")
SENT = ("html_template", "css_template", "js_on_load", "value", "props")


def canvas_page() -> str:
    """The page as HTML."""
    sent = DragCanvas(render=False).get_config()
    assert not any(mark in sent["html_template"] + sent["css_template"] for mark in ("${", "{{"))
    given = json.dumps({name: sent[name] for name in SENT}).replace("</", r"<\/")
    theme = gr.themes.Default()._get_theme_css()
    return PAGE.read_text("utf-8").replace("THEME", theme, 1).replace("GIVEN", given, 1)
