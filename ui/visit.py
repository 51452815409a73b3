"""One browser tab: what it edits and what its canvas shows. No network, no model in it."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np

from editor.drawing import Drawing
from editor.fits import FOLDER
from editor.output import Picture
from editor.saved import Facts
from editor.session import Session, Subject, Version
from editor.view import VIEW_SIDE, Pixels, closeup, show
from inversion import Domain
from inversion.transfer import Change

from .canvas import Drawn
from .canvas.drawn import CENTRAL_FACE
from .picture import data_url, reduced

THUMBNAIL = 96  # px of a version in the history strip
PHOTO_SIDE = 1280  # px of the longer side of a photo on the canvas, while it is not fitted


@dataclass(frozen=True)
class Unfitted:
    """A photo that waits for its fit.

    Args:
        photo: any.
        faces: eyes and mouth of each, in px of the photo; the largest face first.
        domain: what the model is of.
        box: left, top and side of what is usually cut, for a model that is not of faces.
    """

    photo: Picture
    faces: tuple[tuple[tuple[float, float], ...], ...]
    domain: Domain = "face"
    box: tuple[float, float, float] | None = None

    def drawn(self) -> Drawn:
        """The marks at the largest face, or in the middle; the usual box, or around the middle."""
        height, width = self.photo.shape[:2]
        side = round(0.7 * min(height, width))
        corner = np.array([(width - side) // 2, (height - side) // 2])
        central = tuple((float(x), float(y)) for x, y in corner + side * np.array(CENTRAL_FACE))
        marks = self.faces[0] if self.faces else central
        box = self.box or (float(corner[0]), float(corner[1]), float(side))
        return Drawn(Drawing(), "face" if self.domain == "face" else "box", marks, box)


@dataclass
class Visit:
    """What a tab holds between two events; ``stop`` ends the work in progress after its step.

    While there is an ``unfitted`` photo, the canvas shows that; otherwise the fitted face.
    ``small`` is that face as a photo of its own, so that showing it is quick.
    """

    model: str
    session: Session
    facts: Facts
    small: Subject = field(init=False)
    unfitted: Unfitted | None = None
    drawn: Drawn = field(init=False)
    pixels: Pixels = "photo"
    serial: int = 0
    busy: bool = False
    stop: Event = field(default_factory=Event)
    folder: TemporaryDirectory[str] | None = None
    urls: dict[int, tuple[Change, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open(self.session, self.facts)

    def open(self, session: Session, facts: Facts) -> None:
        """Show a fitted photo."""
        self.small, self.unfitted, self.facts = closeup(session.subject), None, facts
        self.urls.clear()
        self.drawn = Unfitted(session.subject.photo, ()).drawn()
        self.shows(session)

    def reset(self, to: "Visit") -> None:
        """Forget everything; go on with what another visit begins with."""
        self.model = to.model
        self.open(to.session, to.facts)

    def shows(self, session: Session) -> None:
        """This is the session now, and its drawing is on the canvas."""
        self.session = session
        self.drawn = replace(self.drawn, drawing=session.now.drawing)

    def choose(self, photo: Unfitted) -> None:
        """Show a photo that waits for its fit."""
        self.unfitted, self.drawn = photo, photo.drawn()

    def took(self, drawn: Drawn) -> None:
        """This is on the canvas, says the browser."""
        self.drawn = drawn
        if self.unfitted is None:
            self.session = self.session.drawn(drawn.drawing)

    @property
    def scale(self) -> float:
        """Px of the photo for one px of the canvas, once it is fitted."""
        quad = self.session.subject.quad
        return float(np.linalg.norm(quad[3] - quad[0])) / VIEW_SIDE

    def frame(self, version: Version) -> Picture:
        """The face as this version has it, of the pixels that are chosen."""
        return show(self.small, version, self.pixels)

    def strip(self) -> list[str]:
        """A small picture of each version, as URLs."""
        for version in self.session.versions:
            if id(version.change) not in self.urls:
                small = reduced(show(self.small, version), THUMBNAIL)
                self.urls[id(version.change)] = version.change, data_url(small)
        return [self.urls[id(version.change)][1] for version in self.session.versions]

    def result(self) -> Picture:
        """The photo with all edits, at its own size."""
        if not self.session.now.change.acts:
            return self.session.subject.photo
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
        return Path(self.folder.name) / name

    def close(self) -> None:
        """The tab is gone: stop its work, remove its files. The photo goes with the object."""
        self.stop.set()
        if self.folder is not None:
            self.folder.cleanup()
            self.folder = None
