"""The choice among the models that are here."""

from unittest.mock import patch

import gradio as gr

from editor import models

with patch("gradio.component_meta.create_or_modify_pyi", create=True):
    # Gradio would write a stub file beside this one whenever the class is made.

    class ModelBox(gr.Dropdown):
        """A dropdown of the models that are here: more of them once some are fetched."""

        is_template = True  # for Gradio: the browser's side of it is that of gr.Dropdown

        @property
        def choices(self) -> list[tuple[str, str]]:  # pyright: ignore[reportIncompatibleVariableOverride]
            """Those of now, for every tab."""
            return [(name, name) for name in models.names()]

        @choices.setter
        def choices(self, _: object) -> None:
            """Gradio's own list would be that of the start."""
