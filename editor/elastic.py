"""No model at all: what is pulled bends, for photos without a face. Used like an ``Engine``."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from drag import Edit, EditError, Options, State
from drag.solve import Moments
from photo import Sent
from photo.crop import Crop, Quad, box_quad
from photo.domain import Domain
from photo.framing import Point
from transfer.arap import STEPS
from transfer.elastic import NEAR, pull
from transfer.warp import Warp, chain, render

from .controls import NO_FACE, Values
from .dragger import DragStep, to_crop_edit
from .engine import Pairs
from .fitter import inside
from .machine.shortage import with_memory
from .search import Preset, Search
from .session import Session, SessionError, Version, fitted
from .session_file import Facts, load_session
from .view import closeup, untouched

NONE = "none"
"""What the command line and the HTTP API call it."""
SIDE = 512  # px of the square that is bent
OTHER = "This session was made with a model: open the photo anew to pull it without one."


class Elastic:
    """Pulls any photo: as-rigid-as-possible, holes filled from the photo.

    Open a photo, drag it often::

        session = Elastic().open(photo)
        *_, last = Elastic().drag(session, [((222, 128), (236, 128))])
    """

    domain: Domain = "square"
    side = SIDE

    def search(self, preset: Preset = "model") -> Search:
        """How many steps a drag has; there is nothing to be searched, whatever the preset."""
        return Search(Options(steps=STEPS))

    def open(
        self,
        photo: Sent,
        quad: Quad | None = None,
        budget: str = NONE,
        at: Point | None = None,
    ) -> Session:
        """A session on a photo, ready at once.

        Args:
            photo: any size.
            quad: the square that may move, see ``photo.crop``; without, all of the photo.
            budget: nothing is fitted.
            at: nothing is looked for.

        Raises:
            PhotoError: the square lies beside the photo.
        """
        quad = whole(photo) if quad is None else inside(quad, photo)
        subject = replace(fitted(photo, quad, torch.zeros(1, 1), {}), model=NONE)
        return untouched(subject, SIDE)

    def crop(self, photo: Sent, quad: Quad) -> Float[Tensor, "3 r r"]:
        """The part of the photo that may move."""
        return Crop(quad, SIDE).cut(photo)

    def begin(self, photo: Sent, quad: Quad, fit: object = None) -> Session:
        """A session on a part of a photo; there is no fit."""
        return self.open(photo, quad)

    def reopen(self, file: Path) -> tuple[Session, Facts]:
        """(a session that was saved, its facts).

        Raises:
            SessionError: the file is missing, damaged, or was made with a model.
        """
        session, facts = load_session(file)
        self.check(session)
        return session, facts

    def check(self, session: Session) -> None:
        """Complain about a session of a model.

        Raises:
            SessionError: it is one, or its parts have other shapes.
        """
        change = session.now.change
        if session.subject.model != NONE or not isinstance(change, Warp):
            raise SessionError(OTHER)
        if len(change.flow) != SIDE or session.subject.delta:
            raise SessionError(OTHER)

    def set(self, session: Session, values: Values) -> Session:
        """There is no face to be moved by name.

        Raises:
            EditError: always.
        """
        raise EditError(NO_FACE)

    @with_memory
    def drag(
        self, session: Session, edit: Edit | Pairs, search: Search | None = None
    ) -> Iterator[DragStep]:
        """Carry out an edit, step by step; the last item has the version.

        It has "arrived", or is "stuck" where the photo would fold beyond.

        Args:
            session: a photo, and what was done to it.
            edit: in px of the photo; or (handle, target) of each drag.
            search: of no effect.

        Raises:
            EditError: there is nothing to drag.
        """
        if not isinstance(edit, Edit):
            edit = Edit.between(session.subject.photo.shape[:2], edit)
        own = to_crop_edit(edit, Crop(session.subject.quad, SIDE), self.domain)
        now = session.now
        assert isinstance(now.change, Warp)
        small = closeup(session.subject, SIDE)
        shown, _ = render(small.photo, small.quad, now.change)
        handles, targets = (points.double().numpy() for points in (own.handles, own.targets))
        mask = None if own.mask is None else own.mask.numpy()
        yield DragStep(_state(own, 0, handles), None)
        last, number = None, 0
        for number, last in enumerate(pull(shown, handles, targets, mask), 1):
            yield DragStep(_state(own, number, last.handles), None)
        assert last is not None  # there is a first step, however small
        state = _state(own, number, last.handles)
        end = "arrived" if last.left(targets) <= NEAR else "stuck"
        version = Version(now.ws, chain(now.change, last.change))
        yield DragStep(replace(state, end=end), version)


def whole(photo: Sent) -> Quad:
    """The smallest square around all of a photo."""
    height, width = photo.shape[:2]
    side = float(max(height, width))
    return box_quad((width - side) / 2 - 0.5, (height - side) / 2 - 0.5, side)


def _state(edit: Edit, step: int, handles: Float[np.ndarray, "p 2"]) -> State:
    """The handles are here now; nothing is searched, and none is ever lost."""
    now, nothing, sure = (
        torch.from_numpy(handles).float(),
        torch.zeros(1, 1),
        torch.ones(len(handles)),
    )
    away, moments = (edit.targets - now).norm(dim=1), Moments(nothing, nothing)
    return State(nothing, now, moments, step, away, sure, sure, edit.size)
