"""One browser tab: what it edits and what its canvas shows. No network, no model in it."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np

from editor.engine import VIEW_SIDE, closeup, show
from editor.output import Picture, save_png
from editor.overlay import draw, draw_dots
from editor.session import Point, Session, Subject, Version
from inversion.transfer import project, to_crop

from .picture import reduced

MARKS = ("the eye on the left", "the eye on the right", "the middle of the mouth")
MARKING_SIDE = 768  # px of the longer side of a photo that is being marked


@dataclass
class Marking:
    """A photo whose eyes and mouth are being marked; ``marks`` are in px of the photo."""

    photo: Picture
    marks: tuple[Point, ...] = ()
    small: Picture = field(init=False)
    step: int = field(init=False)

    def __post_init__(self) -> None:
        self.small, self.step = reduced(self.photo, MARKING_SIDE)

    @property
    def complete(self) -> bool:
        """Whether there is a mark for each of MARKS."""
        return len(self.marks) == len(MARKS)

    def click(self, x: float, y: float) -> None:
        """The next mark, in px of the small picture; once all are there, the nearest one moves."""
        place = (x + 0.5) * self.step - 0.5, (y + 0.5) * self.step - 0.5
        if not self.complete:
            self.marks = (*self.marks, place)
            return
        away = [np.hypot(mx - place[0], my - place[1]) for mx, my in self.marks]
        nearest = int(np.argmin(away))
        self.marks = (*self.marks[:nearest], place, *self.marks[nearest + 1 :])

    def picture(self) -> Picture:
        """The small picture with the marks."""
        places = [((x + 0.5) / self.step - 0.5, (y + 0.5) / self.step - 0.5) for x, y in self.marks]
        return draw_dots(self.small, places)


@dataclass
class Visit:
    """What a tab holds between two events; ``stop`` ends the work in progress after its step.

    While there is a ``marking``, the canvas shows that photo; otherwise the fitted photo's face.
    ``small`` is that face as a photo of its own, so that a click on a large photo is quick.
    """

    session: Session
    small: Subject = field(init=False)
    marking: Marking | None = None
    busy: bool = False
    stop: Event = field(default_factory=Event)
    folder: TemporaryDirectory[str] | None = None

    def __post_init__(self) -> None:
        self.open(self.session)

    def open(self, session: Session) -> None:
        """Show a fitted photo."""
        self.session, self.small, self.marking = session, closeup(session.subject), None

    def canvas(self) -> Picture:
        """What to show: the face with its points, or the photo that is being marked."""
        if self.marking is not None:
            return self.marking.picture()
        places = [self._on_canvas(point) for point in self.session.clicks]
        return draw(self.frame(self.session.now), places, None)

    def frame(self, version: Version) -> Picture:
        """The face as this version has it, without points."""
        return show(self.small, version)

    def click(self, x: float, y: float) -> None:
        """A press on the canvas, in px of the picture shown."""
        if self.marking is not None:
            self.marking.click(x, y)
            return
        matrix = np.linalg.inv(to_crop(self.session.subject.quad, VIEW_SIDE))
        px, py = project(matrix, np.array([[x, y]]))[0]
        self.session = self.session.place((float(px), float(py)))

    def result(self) -> Picture:
        """The photo with all edits, at its own size."""
        change = self.session.now.change
        if not change.flow.any() and not change.added.any():
            return self.session.subject.photo
        return show(self.session.subject, self.session.now)

    def download(self, picture: Picture) -> str:
        """A PNG in a folder that only this tab knows."""
        self.folder = self.folder or TemporaryDirectory(prefix="dragphoto-")
        file = Path(self.folder.name) / "dragphoto.png"
        save_png(picture, file)
        return str(file)

    def close(self) -> None:
        """The tab is gone: stop its work, remove its files. The photo goes with the object."""
        self.stop.set()
        if self.folder is not None:
            self.folder.cleanup()
            self.folder = None

    def _on_canvas(self, point: Point) -> Point:
        matrix = to_crop(self.session.subject.quad, VIEW_SIDE)
        x, y = project(matrix, np.array([point]))[0]
        return float(x), float(y)
