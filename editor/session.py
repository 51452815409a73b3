"""One person's editing: a photo's fit, the versions of it, points and mask. Light, immutable."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from drag import Edit, EditError
from inversion import Photo
from inversion.transfer import Change, Quad
from stylegan import Delta

Point = tuple[float, float]
MOST_VERSIONS = 30


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
    """One state of the picture: its latent, and what it changes in the photo."""

    ws: Float[Tensor, "layers w_dim"]
    change: Change


@dataclass(frozen=True)
class Session:
    """What is on the screen. Each method returns the session after the event.

    ``clicks`` are (x, y) in photo px: handle, target, handle, target, ...; ``mask`` is True where
    the photo may move.
    """

    subject: Subject
    now: Version
    past: tuple[Version, ...] = ()
    future: tuple[Version, ...] = ()
    clicks: tuple[Point, ...] = ()
    mask: Bool[np.ndarray, "h w"] | None = field(default=None, compare=False)

    @property
    def pairs(self) -> list[tuple[Point, Point]]:
        """The finished arrows: (handle, target)."""
        return list(zip(self.clicks[::2], self.clicks[1::2], strict=False))

    def place(self, point: Point) -> "Session":
        """Press on a feature, or say where the last one should go."""
        return replace(self, clicks=(*self.clicks, point))

    def unplace(self) -> "Session":
        """Take the last click back."""
        return replace(self, clicks=self.clicks[:-1])

    def clear(self) -> "Session":
        """Take all clicks back."""
        return replace(self, clicks=())

    def paint(self, mask: Bool[np.ndarray, "h w"] | None) -> "Session":
        """Say what may move; None: everything."""
        return replace(self, mask=mask)

    def moved(self, version: Version) -> "Session":
        """A drag is done: its version is the new one, the points have served."""
        past = (*self.past, self.now)[-MOST_VERSIONS:]
        return replace(self, now=version, past=past, future=(), clicks=())

    def undo(self) -> "Session":
        """Back to the version before; nothing where there is none."""
        if not self.past:
            return self
        future = (self.now, *self.future)
        return replace(self, now=self.past[-1], past=self.past[:-1], future=future)

    def redo(self) -> "Session":
        """Forth to the version that was undone; nothing where there is none."""
        if not self.future:
            return self
        past = (*self.past, self.now)
        return replace(self, now=self.future[0], past=past, future=self.future[1:])

    def edit(self) -> Edit:
        """The edit that the points and the mask ask for, in photo px.

        Raises:
            EditError: there is nothing to drag, or a point or the mask does not fit.
        """
        height, width = self.subject.photo.shape[:2]
        if len(self.clicks) % 2:
            raise EditError("The last point has no target yet: press where it should go.")
        mask = None if self.mask is None else torch.from_numpy(self.mask)
        return Edit.between((height, width), self.pairs, mask)
