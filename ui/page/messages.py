"""What the status line says."""

from drag import LOST, PLAIN, State
from inversion import Inversion
from photo.domain import Domain

from .tab_state import PendingPhoto, TabState

HELLO = "Try it on this face: press on the tip of the nose, and drag it a little."
NEXT = "Press on a feature, and drag it where it should go."
MOVED = "Done. Move more, drag, undo, or save."
GO = "Press Drag it, or draw another arrow."
PUTTING = "Putting it into the whole photo ..."
AGAIN = "Everything is as you left it."
STOPPED = "Stopped: the result so far is kept. Drag on, undo, or save."
DELETED = "Your photos, faces and files are deleted. Here is the face from the beginning."
ONE_FACE = "Are these the eyes and the mouth? If not, drag the points. Then press Fit."
FACES = "{} faces were found: press on the one to edit."
BOXES: dict[Domain, str] = {
    "animal": "Move the box onto the animal's face. Then press Fit.",
    "car": "Move the box onto the car: its middle, 4 wide and 3 high, counts. Then press Fit.",
    "square": "Move the box onto what is to be fitted. Then press Fit.",
}
"""For models that are not of faces."""
HELD = (
    "what must not move holds it. Paint more that may move, or lower How hard the rest is held "
    "under Advanced."
)
FROZEN = 0.2  # of the way: a drag that goes less of it has not moved
ANYTHING = "Pull anything. What moves is guessed: paint it with May move to say it yourself."
ELASTIC = f"No face was found. {ANYTHING} Is there a face? Press Fit by hand."
CARRIED = "Done: the same edit. Drag on, undo, save, or press Back for the photo before."
FOLDS = "it would fold beyond. Paint more that may move, or try a shorter arrow."
NO_OTHER = "No face was found in it: choose a photo of a face."
NO_FACE = "No face was found: drag the points onto both eyes and the mouth. Then press Fit."


def joined(*sentences: str) -> str:
    """Those that say something, one after the other."""
    return " ".join(filter(None, sentences))


def found(photo: PendingPhoto) -> str:
    """What to do with a photo that was chosen."""
    if photo.domain in BOXES:
        return BOXES[photo.domain]
    count = len(photo.faces)
    return FACES.format(count) if count > 1 else ONE_FACE if count else NO_FACE


def what_next(visit: TabState) -> str:
    """A sentence about what can be done now."""
    if visit.unfitted is not None:
        return found(visit.unfitted)
    return GO if visit.drawn.drawing.drags else NEXT


def left(seconds: float, share: float) -> str:
    """How much longer it takes, once that can be told."""
    return f", about {round(seconds / share - seconds)} s left" if share > 0.05 else ""


def fitting(fit: Inversion, seconds: float) -> str:
    """How far a fit has come."""
    what = "Finding a similar face" if fit.stage == "project" else "Making it look like the photo"
    return f"{what}: step {fit.step + 1} of {fit.steps}{left(seconds, fit.done)}"


def dragging(state: State, steps: int, begun: float, seconds: float, scale: float) -> str:
    """How far a drag has come; ``begun`` and the distances are px that count ``scale`` each."""
    away = float(state.distances.max())
    share = max(state.step / steps, 1 - away / max(begun, 1e-6))
    return f"Step {state.step} of {steps}: {scale * away:.0f} px to go{left(seconds, share)}"


def ended(
    state: State, scale: float, led: bool = False, held: bool = False, folds: bool = False
) -> str:
    """How a drag has ended, and what can be done about it.

    ``led``: the photo has arrived. ``held``: what must not move has kept it from moving.
    ``folds``: it was pulled without a model.
    """
    worst = int(state.distances.argmax())
    away = f"{scale * float(state.distances[worst]):.0f} px"
    if state.end == "arrived":
        return f"Arrived after {state.step} steps. Drag on, undo, or save."
    if led:
        return f"Done: your photo goes all the way, the model {away} less. Drag on, undo, or save."
    if folds:
        return f"This is as far as it goes, {away} short: {FOLDS}"
    if held:
        return f"{away} short: {HELD}"
    if state.end == "steps":
        return f"{state.step} steps are done, {away} short. Press Drag it again to go further."
    how = "It got lost" if state.end == "diverged" else "This is as far as it goes"
    return f"{how}, {away} short{reason(state, worst)}"


def reason(state: State, worst: int) -> str:
    """Why a point does not arrive."""
    which = f"arrow {worst + 1}" if len(state.distances) > 1 else "the arrow"
    if float(state.texture[worst]) < PLAIN:
        return f": where {which} starts there is no texture. Try a nearby edge."
    if float(state.confidence[worst]) < LOST:
        return f": what {which} pulls changed too much to be followed. Try a shorter arrow."
    return ": the model knows no such face. Drag on, undo, or try a shorter arrow."
