"""One person's editing: a photo's fit, the versions of it, what is drawn. Light, immutable."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from photo import Photo, Sent, on_white
from photo.crop import Quad
from stylegan import Delta, activation, before_activation
from transfer.flow import Picture
from transfer.rig import Pose, Rig
from transfer.warp import Warp

from .controls import Values
from .drawing import Drawing

Latents = Float[Tensor, "layers w_dim"]

MOST_VERSIONS = 30
BLANK = Drawing()
NO_PHOTO = np.zeros((1, 1, 3), np.uint8)
"""Instead of one that is not needed where the session goes."""


class SessionError(ValueError):
    """A session that cannot be opened or saved; the text is for the person who chose it."""


@dataclass(frozen=True)
class FittedPhoto:
    """The photo and its fit; it never changes while dragging.

    ``quad`` holds the crop's corners in photo px, ``ws`` the pivot, ``delta`` the tuned weights,
    ``rig`` the head; None where there is no face. ``model`` is a digest of the generator's weights.
    ``clear`` is the photo as it came, where it is transparent: ``photo`` is that on white.
    """

    photo: Photo
    quad: Quad
    ws: Float[Tensor, "layers w_dim"]
    delta: Delta
    rig: Rig | None = None
    model: str = ""
    clear: UInt8[np.ndarray, "h w 4"] | None = None

    @property
    def sent(self) -> Sent:
        """The photo as it came."""
        return self.photo if self.clear is None else self.clear

    def on(self, photo: Sent) -> "FittedPhoto":
        """The same fit of another photo, of the same size."""
        return replace(self, photo=on_white(photo), clear=photo if photo.shape[2] == 4 else None)


def fitted(photo: Sent, quad: Quad, ws: Latents, delta: Delta) -> FittedPhoto:
    """A photo as it came, and its fit; its head is added by whoever sees it."""
    return FittedPhoto(NO_PHOTO, quad, ws, delta).on(photo)


@dataclass(frozen=True)
class Version:
    """One state of the picture: its latent, what it changes in the photo, what was drawn on it.

    ``change`` is a pose of the photo's rig, or without one a warp. ``picture`` is what the tuned
    generator shows; None where nothing was edited yet. ``controls`` are the values of the named
    controls.
    """

    ws: Float[Tensor, "layers w_dim"]
    change: Warp | Pose
    drawing: Drawing = BLANK
    picture: Picture | None = None
    controls: Values = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        change = self.change
        own = (
            (change.vertices, change.fixed)
            if isinstance(change, Pose)
            else (change.flow, change.overlay)
        )
        return sum(part.nbytes for part in (self.ws, self.picture, *own) if part is not None)


@dataclass(frozen=True)
class Session:
    """What is on the screen. Each method returns the session after the event.

    The drawings are in px of the canvas: a square of VIEW_SIDE px over the subject's quad.
    """

    subject: FittedPhoto
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
        """A drag is done: its version is the new one. Controls stay where they are."""
        return self.controlled(replace(version, controls=self.now.controls))

    def controlled(self, version: Version) -> "Session":
        """Controls have other values: their version is the new one."""
        past = (*self.past, self.now)[-MOST_VERSIONS:]
        return replace(self, now=version, past=past, future=())

    @property
    def uncontrolled(self) -> Version:
        """The last version that no control has made: what controls move further starts there.

        So a control that is put back where it was leaves no trace.
        """
        for before, after in reversed(list(pairwise((*self.past, self.now)))):
            if before.controls == after.controls:
                return after
        return (*self.past, self.now)[0]

    def refined(
        self, ws: Latents, delta: Delta, paint: Callable[[Latents, Delta], Picture]
    ) -> "Session":
        """The photo is fitted by these instead: each version has moved as far from the new pivot.

        Args:
            ws: the pivot.
            delta: the tuned weights.
            paint: what the generator shows, tuned by the delta.
        """
        move = before_activation(ws) - before_activation(self.subject.ws)

        def moved(version: Version) -> Version:
            ws = activation(before_activation(version.ws) + move)
            return replace(
                version, ws=ws, picture=None if version.picture is None else paint(ws, delta)
            )

        past, future = (tuple(map(moved, part)) for part in (self.past, self.future))
        subject = replace(self.subject, ws=ws, delta=delta)
        return Session(subject, moved(self.now), past, future)

    def at(self, number: int) -> "Session":
        """Back or forth to one of the versions; the nearest where there is none of that number."""
        every = self.versions
        number = min(max(number, 0), len(every) - 1)
        return replace(self, now=every[number], past=every[:number], future=every[number + 1 :])
