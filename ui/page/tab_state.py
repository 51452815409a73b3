"""One browser tab: what it edits and what its canvas shows. No network, no model in it."""

import os
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import numpy as np

from editor.drawing import Drawing
from editor.elastic import NONE
from editor.fit_cache import FOLDER
from editor.session import FittedPhoto, Session, Version
from editor.session_file import Facts
from editor.view import VIEW_SIDE, Pixels, closeup, show
from photo import Photo, Sent
from photo.crop import Crop
from photo.domain import Domain
from transfer.rig import Pose
from transfer.warp import Warp

from ..canvas import CanvasState
from ..canvas.drawn import CENTRAL_FACE
from ..door.guest import Guest
from ..job import Job
from ..picture import data_url, reduced

THUMBNAIL = 96  # px of a version in the history strip
PHOTO_SIDE = 1280  # px of the longer side of a photo on the canvas, while it is not fitted


@dataclass(frozen=True)
class PendingPhoto:
    """A photo that waits for its fit.

    Args:
        photo: any.
        faces: eyes and mouth of each, in px of the photo; the largest face first.
        domain: what the model is of.
        box: left, top and side of what is usually cut, for a model that is not of faces.
        others: sessions of other faces of it, whose edits it shows.
    """

    photo: Sent
    faces: tuple[tuple[tuple[float, float], ...], ...]
    domain: Domain = "face"
    box: tuple[float, float, float] | None = None
    others: tuple[Session, ...] = ()

    def drawn(self) -> CanvasState:
        """The marks at the largest face, or in the middle; the usual box, or around the middle."""
        height, width = self.photo.shape[:2]
        side = round(0.7 * min(height, width))
        corner = np.array([(width - side) // 2, (height - side) // 2])
        central = tuple((float(x), float(y)) for x, y in corner + side * np.array(CENTRAL_FACE))
        marks = self.faces[0] if self.faces else central
        box = self.box or (float(corner[0]), float(corner[1]), float(side))
        return CanvasState(Drawing(), "face" if self.domain == "face" else "box", marks, box)


@dataclass
class TabState:
    """What a tab holds between two events; ``stop`` ends the work in progress after its step.

    While there is an ``unfitted`` photo, the canvas shows that; otherwise the fitted face.
    ``small`` is that face as a photo of its own, so that showing it is quick. ``used`` and ``left``
    are the times of the last click and of the closing of the tab (see tabs.py); what the tab
    began with (``first``) belongs to all. ``name`` finds the tab again, after this load of its
    ``page``; ``job`` is its last work, which nobody has followed since it is ``alone``.
    ``lack`` is why its last work ended early, if something was lacking.
    ``wanted`` is the public model whose licence is shown; setting ``fetching`` leaves the download
    that the tab waits for. ``suits`` is the model whose settings of a drag the page shows, and
    ``settings`` a model with those that were used with it last, as the page sends them.
    ``earlier`` is the edited photo, its facts and its model from before another photo came.
    ``people`` are the sessions of other faces of the photo, without it; it came as ``original``,
    and shows so many ``faces``.
    """

    model: str
    session: Session
    facts: Facts
    small: FittedPhoto = field(init=False)
    unfitted: PendingPhoto | None = None
    drawn: CanvasState = field(init=False)
    pixels: Pixels = "photo"
    suits: str = ""
    earlier: tuple[Session, Facts, str] | None = None
    people: tuple[Session, ...] = ()
    original: Sent = field(init=False)
    faces: int = 1
    serial: int = 0
    busy: bool = False
    stop: Event = field(default_factory=Event)
    wanted: str = ""
    fetching: Event | None = None
    guest: Guest = field(default_factory=Guest)
    used: float = 0.0
    left: float | None = None
    name: str = ""
    page: str = ""
    job: Job | None = None
    alone: float | None = None
    lack: str = ""
    settings: tuple[str, tuple[Any, ...]] = ("", ())
    first: Session = field(init=False)
    folder: TemporaryDirectory[str] | None = None
    urls: dict[int, tuple[Warp | Pose, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first = self.session
        self.open(self.session, self.facts)
        self.original = self.session.subject.sent

    def open(self, session: Session, facts: Facts) -> None:
        """Show a fitted photo."""
        self.people = ()
        self.small, self.unfitted, self.facts = closeup(session.subject), None, facts
        self.urls.clear()
        self.drawn = PendingPhoto(session.subject.photo, ()).drawn()
        self.shows(session)

    def fitted(self, session: Session, facts: Facts) -> None:
        """The photo that waited is fitted; one that has been edited before it is kept."""
        others, faces = (
            ((), 1) if self.unfitted is None else (self.unfitted.others, len(self.unfitted.faces))
        )
        if self.session.past and not others:
            model = NONE if self.session.subject.model == NONE else self.model
            self.earlier = self.session, self.facts, model
        self.open(session, facts)
        self.people, self.faces = others, faces
        if not others:
            self.original = session.subject.sent

    def refine(self, session: Session, facts: Facts) -> None:
        """The same with another fit; all else stays."""
        self.session, self.facts = session, self.facts | facts
        self.small = replace(self.small, ws=session.subject.ws, delta=session.subject.delta)

    def reset(self, to: "TabState") -> None:
        """Forget everything; go on with what another visit begins with."""
        self.model, self.first, self.earlier = to.model, to.session, None
        self.open(to.session, to.facts)

    def copied(self) -> "TabState":
        """The same for a copy of the tab; work and files are not shared."""
        twin = copy(self)
        twin.stop, twin.busy, twin.job, twin.alone = Event(), False, None, None
        twin.folder, twin.fetching, twin.urls = None, None, dict(self.urls)
        return twin

    def shows(self, session: Session) -> None:
        """This is the session now, and its drawing is on the canvas."""
        self.session = session
        self.drawn = replace(self.drawn, drawing=session.now.drawing)

    def choose(self, photo: PendingPhoto) -> None:
        """Show a photo that waits for its fit."""
        self.unfitted, self.drawn = photo, photo.drawn()

    def took(self, drawn: CanvasState) -> None:
        """This is on the canvas, says the browser."""
        self.drawn = drawn
        if self.unfitted is None:
            self.session = self.session.drawn(drawn.drawing)

    @property
    def crop(self) -> Crop:
        """The fitted part, as it is on the canvas."""
        return Crop(self.session.subject.quad, VIEW_SIDE)

    @property
    def untouched(self) -> bool:
        """Whether there is nothing in it but what it began with."""
        old, now = self.first, self.session
        return self.unfitted is None and now.subject is old.subject and now.versions == old.versions

    @property
    def size(self) -> int:
        """Bytes of what this tab alone keeps in memory."""
        kept, own = self.session, 0 if self.unfitted is None else self.unfitted.photo.nbytes
        if kept.subject is not self.first.subject:
            clear = kept.subject.clear
            own += kept.subject.photo.nbytes + self.small.photo.nbytes
            own += 0 if clear is None else clear.nbytes
            own += sum(part.nbytes for part in kept.subject.delta.values())
            own += 0 if kept.subject.rig is None else kept.subject.rig.size
        if self.earlier is not None:
            own += self.earlier[0].subject.photo.nbytes
        if self.people:
            own += self.original.nbytes + sum(
                v.size for other in self.people for v in other.versions
            )
        shared = {id(version.change) for version in self.first.versions}
        own += sum(v.size for v in kept.versions if id(v.change) not in shared)
        return own + sum(len(url) for _, url in list(self.urls.values()))

    def frame(self, version: Version) -> Photo:
        """The face as this version has it, of the pixels that are chosen."""
        return show(self.small, version, self.pixels)

    def strip(self) -> list[str]:
        """A small picture of each version, as URLs."""
        for version in self.session.versions:
            if id(version.change) not in self.urls:
                small = reduced(show(self.small, version), THUMBNAIL)
                self.urls[id(version.change)] = version.change, data_url(small)
        return [self.urls[id(version.change)][1] for version in self.session.versions]

    def result(self) -> Sent:
        """The photo with all edits, at its own size."""
        return show(self.session.subject, self.session.now, self.pixels)

    def fits(self) -> Path:
        """The folder for fits: the one that is named for all, else this tab's own."""
        named = os.environ.get(FOLDER)
        return Path(named) if named else self.file("fits")

    def file(self, name: str) -> Path:
        """A place for a download, in a folder that only this tab knows."""
        self.folder = self.folder or TemporaryDirectory(
            prefix="tab-", dir=os.environ.get("GRADIO_TEMP_DIR"), ignore_cleanup_errors=True
        )
        return Path(os.path.realpath(self.folder.name)) / name

    def close(self) -> None:
        """The tab is gone: stop its work, remove its files. The photo goes with the object."""
        self.stop.set()
        if self.folder is not None:
            self.folder.cleanup()
            self.folder = None
