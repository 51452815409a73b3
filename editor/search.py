"""How a model is dragged: what of its latent moves, and by which steps.

A model with axes of its own moves along them. Of any other the same few constants must suit all,
although the scales of their w differ a hundredfold: the steps are found from the model in hand
(Polyak's), along its principal axes, each as long as the root of its standard deviation: in w
itself pictures blur, along whitened axes everything turns (benchmarks/arrive/public_drags.py).
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from drag import Options

OPTIONS_SIDE = 512  # px: the options' lengths are those of a picture of this side (as the paper's)
LAYERS = 6  # of the ws that move, unless the model has axes (DragGAN, implementation details)
Space = Literal["axes", "w+", "w"]
"""What moves: the model's own axes, the first ws each by itself, or all of these alike."""
Preset = Literal["model", "paper"]
"""What suits the model, or what DragGAN published."""

SUITED = ("radius", "search", "mask_weight", "mask_form")
NAMED = ("steps", "algorithm", *SUITED)
"""Options that may be asked for by name; those that suit one model or another."""


@dataclass(frozen=True)
class Search:
    """How to drag; the options' lengths are px of OPTIONS_SIDE."""

    options: Options
    space: Space = "axes"

    def changed(
        self, rate: float | None = None, space: Space | None = None, **named: Any
    ) -> "Search":
        """With these instead, but for those that are None.

        Args:
            rate: a multiple of the step size.
            space: what moves.
            named: other options.
        """
        given = {name: value for name, value in named.items() if value is not None}
        if rate is not None:
            given["rate"] = rate * self.options.rate
        return Search(replace(self.options, **given), space or self.space)


GEOMETRY = Search(
    Options(
        rate=0.07, sized="norm", radius=8.0, search=16.0, anchor=0.5, arrive=1.2,
        mask_weight=1.0, prior_weight=0.1, patience=20,
    )
)  # fmt: skip
"""Of a model with axes; chosen with benchmarks/arrive/drag_accuracy.py."""
PRINCIPAL = Search(Options(rate=1.0, sized="polyak", anchor=0.5, mask_weight=1.0, patience=20))
"""Of any other; by benchmarks/arrive/public_drags.py. Radii and arrival are the paper's."""
PAPER = Search(Options(compared=0.0, mask_form="released", steps=300, patience=300), "w+")
"""The published constants, and the mask term of the code that was released with them."""
OWN = {"geometry": 0.2, "principal": 0.5}
"""Of the step of the move that all layers share: that of a layer's own."""


def search(axes: bool, preset: Preset = "model") -> Search:
    """How a model, with axes of its own or without, is dragged."""
    return PAPER if preset == "paper" else GEOMETRY if axes else PRINCIPAL
