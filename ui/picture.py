"""Pictures that travel inside the page's own messages: no file is left behind."""

import base64
import io
from typing import Any
from unittest.mock import patch

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData
from PIL import Image

from photo import Photo, Sent, on_white

from .door.uploads import UPLOADS, Upload

QUALITY = 90  # of the JPEG that the browser shows; downloads are PNG


with patch("gradio.component_meta.create_or_modify_pyi", create=True):
    # Gradio would write a stub file beside this one whenever the class is made.

    class PictureBox(gr.Image):
        """A ``gr.Image`` that shows arrays as data URLs and hands out uploads undecoded."""

        is_template = True  # for Gradio: the browser's side of it is that of gr.Image

        def preprocess(self, payload: ImageData | None) -> Upload | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """The uploaded file as it is: ``photo.decoder`` alone decodes what visitors send."""
            return None if payload is None else UPLOADS.admit(payload.path, None)

        def postprocess(self, value: Photo | None) -> ImageData | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """A picture as a data URL."""
            return None if value is None else ImageData(url=data_url(value))

    class FileBox(gr.UploadButton):
        """A ``gr.UploadButton`` for one file, which is handed out as it is."""

        is_template = True

        def preprocess(self, payload: Any) -> Upload | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """The uploaded file."""
            return None if payload is None else UPLOADS.admit(payload.path, None)


def data_url(picture: Sent, kind: str = "jpeg", quality: int = QUALITY, **more: Any) -> str:
    """A URL that holds the picture itself: a JPEG, or of another kind that Pillow writes."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind, quality=quality, **more)
    return f"data:image/{kind};base64," + base64.b64encode(stream.getvalue()).decode()


def reduced(picture: Sent, longest: int) -> Photo:
    """On white, at most ``longest`` px, averaged; the picture itself where it is small enough."""
    picture, step = on_white(picture), -(-max(picture.shape[:2]) // longest)
    return picture if step == 1 else np.asarray(Image.fromarray(picture).reduce(step))
