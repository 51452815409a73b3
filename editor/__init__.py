"""What the app, the command line and the benchmarks share: fit, drag, session, files.

*Drags move along axes of shape, pose and expression.* DragGAN searches all of W+: nothing in its
loss forbids trading hair, skin or light for motion, and a small generator does. The model's file
carries the directions in which geometry moves w (before the last activation of the mapping), one
standard deviation long. A model without them is searched along its principal axes, by steps that
are found from the model in hand (search.py).

*The generator that is dragged is the untuned one, the one that is shown is tuned*: its features
and coordinates are those that training gave it. Motion supervision pulls half towards what a handle
looked like at the start (``anchor``), which keeps the tracker honest.

*All layers move together.* With a move of its own for each layer the search pleases the tracker
without moving the picture: of 40 drags 65 % moved what a landmark net sees, against 85 % with one
move for all layers and small ones (0.2) for each."""

from drag import EditError
from inversion import FitError
from photo import PhotoError
from transfer.retarget import RetargetError
from weights.files import WeightsError

from .clip.source import ClipError
from .export import OutputError
from .machine.shortage import BusyError, ShortageError
from .session import SessionError

USER_ERRORS = (
    BusyError, ClipError, EditError, FitError, OutputError, PhotoError, RetargetError, SessionError,
    ShortageError, WeightsError,
)  # fmt: skip
"""What a person can put right; everything else is our fault."""
