"""A page with the canvas in Gradio, whose props change sixty times at each press of a button."""

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ui.canvas import DragCanvas

NOTHING: dict[str, Any] = {
    "serial": 1, "drags": [], "strokes": [], "kind": "face", "marks": [[0, 0]] * 3,
    "box": [0, 0, 16],
}  # fmt: skip
SIXTY = 60


def frames() -> Iterator[Any]:
    """Each with another picture; what is drawn is sent along, as Python knows it."""
    for number in range(SIXTY):
        time.sleep(0.02)
        circle = f"<circle cx='{number}' cy='9' r='9'/>"
        picture = f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>{circle}</svg>"
        yield (
            gr.update(picture=picture, photo_px=1 + number, busy=False, value=NOTHING),
            str(number + 1),
        )


with gr.Blocks() as page:
    canvas = DragCanvas(NOTHING, busy=False, elem_id="canvas")
    run, seen = gr.Button("Run", elem_id="run"), gr.Textbox(elem_id="seen")
    run.click(frames, None, [canvas, seen], show_progress="hidden")

if __name__ == "__main__":
    page.launch()
