"""A page with nothing but the canvas: orders for it go in, what Python is told comes out."""

import json
from typing import Any

import gradio as gr

from ui.canvas import DragCanvas


def obey(order: str, drawn: Any) -> Any:
    """Set what the order says; answer with what is drawn."""
    wanted = json.loads(order)
    return gr.update(**wanted["set"]), json.dumps({"number": wanted["number"], "drawn": drawn})


def noted(name: str) -> Any:
    """Writes the event down, with the number that it carries and the arrows that are there."""

    def note(drawn: Any, log: str, event: gr.EventData) -> str:
        number = f" {event.number}" if name == "jump" else ""
        return f"{log}{name}{number} with {len(drawn['drags'])}; "

    return note


with gr.Blocks(analytics_enabled=False, title="The canvas") as page:
    canvas = DragCanvas(elem_id="canvas")
    order, answer, log = (gr.Textbox(elem_id=name) for name in ("order", "answer", "log"))
    send = gr.Button("Send", elem_id="send")
    send.click(obey, [order, canvas], [canvas, answer], show_progress="hidden")
    for name in ("go", "undo", "redo", "jump"):
        event = getattr(canvas, name)
        event(noted(name), [canvas, log], log, show_progress="hidden", trigger_mode="multiple")

if __name__ == "__main__":
    page.launch(quiet=True)
