"""One person's editing: a photo's fit, the versions of it, what is drawn. Light, immutable."""

from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from inversion import Photo
from inversion.flow import Picture
from inversion.transfer import Change, Quad
from stylegan import Delta

from .drawing import Drawing

MOST_VERSIONS = 30
BLANK = Drawing()


@dataclass(frozen=True)
class Subject:
    """The photo and its fit; it never changes while dragging.

    ``quad`` holds the crop's corners in photo px, ``ws`` the pivot, ``delta`` the tuned weights.
    """

    photo: Photo
    quad: Quad
    ws: Float[Tensor, "layers w_dim"]
    delta: Delta


@dataclass(frozen=True)
class Version:
    """One state of the picture: its latent, what it changes in the photo, what was drawn on it.

    ``picture`` is what the tuned generator shows; None where nothing was edited yet.
    """

    ws: Float[Tensor, "layers w_dim"]
    change: Change
    drawing: Drawing = BLANK
    picture: Picture | None = None


@dataclass(frozen=True)
class Session:
    """What is on the screen. Each method returns the session after the event.

    The drawings are in px of the canvas: a square of VIEW_SIDE px over the subject's quad.
    """

    subject: Subject
    now: Version
    past: tuple[Version, ...] = ()
    future: tuple[Version, ...] = ()

    @property
    def versions(self) -> tuple[Version, ...]:
        """All versions, the oldest first; ``now`` is number ``len(past)``."""
        return (*self.past, self.now, *self.future)

    def drawn(self, drawing: Drawing) -> "Session":
        """This is on the canvas."""
        return replace(self, now=replace(self.now, drawing=drawing))

    def moved(self, version: Version) -> "Session":
        """A drag is done: its version is the new one."""
        past = (*self.past, self.now)[-MOST_VERSIONS:]
        return replace(self, now=version, past=past, future=())

    def at(self, number: int) -> "Session":
        """Back or forth to one of the versions; the nearest where there is none of that number."""
        every = self.versions
        number = min(max(number, 0), len(every) - 1)
        return replace(self, now=every[number], past=every[:number], future=every[number + 1 :])

    def undo(self) -> "Session":
        """Back to the version before, and to what was drawn on it."""
        return self.at(len(self.past) - 1)

    def redo(self) -> "Session":
        """Forth to the version that was undone; nothing where there is none."""
        return self.at(len(self.past) + 1)
