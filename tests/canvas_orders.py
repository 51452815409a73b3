"""What tests tell the page of canvas_page.py to show, and what it says is drawn."""

import base64
import io
import re
from itertools import count
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

NUMBERS = count(1)  # of drawings
NOTHING: dict[str, Any] = {
    "drags": [], "strokes": [], "kind": "face", "marks": [[9, 9], [19, 9], [14, 19]],
    "box": [0, 0, 16],
}  # fmt: skip


def url(picture: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def grey(width: int, height: int, shade: int = 128) -> np.ndarray:
    return np.full((height, width, 3), shade, np.uint8)


def send(page: Page, **props: Any) -> dict[str, Any]:
    """Python sets these props; returns what it knows is drawn."""
    return page.evaluate("props => send(props)", props)


def show(
    page: Page, picture: np.ndarray, drawn: dict[str, Any] | None = None, **props: Any
) -> Page:
    """A picture that can be drawn on; ``drawn`` is what is there already."""
    height, width = picture.shape[:2]
    value = {"serial": next(NUMBERS), **NOTHING, **(drawn or {})}
    send(page, picture=url(picture), width=width, height=height, busy=False, value=value, **props)
    page.locator("#canvas [data-part=image]").evaluate("image => image.decode()")
    return page


def logged(page: Page, words: str) -> None:
    """These events, in this order, are what Python was told of."""
    expect(page.locator("#log")).to_have_text(words)


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """What a screen reader reads aloud."""
    expect(page.locator("#canvas [data-part=said]")).to_have_text(words)
