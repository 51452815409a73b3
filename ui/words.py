"""What the status line says."""

from editor.engine import Moved

from .visit import MARKS, Marking, Visit

HELLO = "Try it on this face: press on the tip of the nose, then where it should go."
NEXT = "Press on a feature of the face, then where it should go."
TARGET = "Now press where it should go."
GO = "Press Drag it, or add another point."
FOUND = "Are these the eyes and the mouth? If not, press where they are. Then: Fit my photo."
PUTTING = "Putting it into the whole photo ..."
STOPPED = "Stopped: the result so far is kept. Drag on, undo, or download."
FORGOTTEN = "Your photo was forgotten because nothing happened for 30 minutes: choose it again."


def what_next(visit: Visit) -> str:
    """A sentence about what can be done now."""
    if visit.marking is not None:
        return FOUND if visit.marking.complete else next_mark(visit.marking)
    count = len(visit.session.clicks)
    return TARGET if count % 2 else GO if count else NEXT


def next_mark(marking: Marking) -> str:
    """What to press on next, while marking."""
    return f"Press on {MARKS[len(marking.marks)]}."


def left(seconds: float, share: float) -> str:
    """How much longer it takes, once that can be told."""
    return f", about {round(seconds / share - seconds)} s to go" if share > 0.05 else ""


def progress(moved: Moved, steps: int, scale: float) -> str:
    """How far a drag has come; ``scale`` is px of the photo for one of the model's picture."""
    state = moved.state
    away = f"{scale * float(state.distances.max()):.0f} px"
    if state.end == "arrived":
        return f"Arrived after {state.step} steps. Drag on, undo, or download."
    if state.end == "stuck":
        return f"This is as far as it goes, {away} short. Drag on, undo, or try a shorter drag."
    if state.end == "diverged":
        return f"It got lost, {away} short: this is the best it found. Try a shorter drag."
    if state.end:
        return f"{state.step} steps are done, {away} short. Drag again to go further."
    return f"Step {state.step} of {steps}: {away} to go"
