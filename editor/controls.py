"""Named controls of a face, for who does not want to aim: smile, turn, blink ... and their values.

A value says where the photo stands against the photo as it was fitted; 0 is as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from drag import EditError

NO_FACE = "There is no face here that controls could move: drag it instead."
Values = Mapping[str, float | int]
"""By the names of controls; of a face, those that are missing are 0."""
MOST, LONGEST, FARTHEST = 40, 40, 90.0  # values in a file, characters of a name, any control
VALUES: TypeAdapter[dict[str, float]] = TypeAdapter(
    Annotated[
        dict[
            Annotated[str, Field(max_length=LONGEST)],
            Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)],
        ],
        Field(max_length=MOST),
    ],
    config=ConfigDict(strict=True, allow_inf_nan=False),
)
"""As a session's file holds them: those of another DragPhoto may have other names and ranges."""


@dataclass(frozen=True)
class Control:
    """What one of them does.

    Args:
        words: for a person; left and right are as seen in the picture.
        least, most: its range, in which a face still looks like one.
        step: between two values that are offered.
    """

    words: str
    least: float = -1.0
    most: float = 1.0
    step: float = 0.05


CONTROLS: dict[str, Control] = {
    "smile": Control("Smile"),
    "mouth": Control("Open the mouth"),
    "blink_left": Control("Close the left eye", 0.0),
    "blink_right": Control("Close the right eye", 0.0),
    "gaze_x": Control("Look right"),
    "gaze_y": Control("Look up"),
    "turn": Control("Turn right, degrees", -20.0, 20.0, 1.0),
    "nod": Control("Nod, degrees", -12.0, 12.0, 1.0),
    "tilt": Control("Tilt right, degrees", -15.0, 15.0, 1.0),
    "brows": Control("Raise the brows"),
    "slim": Control("Slimmer face"),
    "eyes": Control("Bigger eyes"),
}


def checked(values: Mapping[Any, Any]) -> dict[str, float]:
    """Values by name, each within its control's range.

    Raises:
        EditError: there is no such control, or a value is no number or beyond its range.
    """
    for name, value in values.items():
        if name not in CONTROLS:
            raise EditError(f"There is no control {name}: use {', '.join(CONTROLS)}.")
        control = CONTROLS[name]
        if type(value) not in (int, float) or not control.least <= value <= control.most:
            raise EditError(f"{name} is a number from {control.least:g} to {control.most:g}.")
    return {name: float(value) for name, value in values.items()}
