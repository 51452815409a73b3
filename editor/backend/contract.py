"""What can be asked of a network, wherever it is: fit, drag, move by name, draw.

Long work is an iterator whose every item is a usable answer; to stop is to close.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from drag import Edit
from inversion import Inversion, InvertOptions
from photo import Photo
from transfer.backdrop import NO_BACKDROP

from .. import models
from ..controls import Values
from ..dragger import DragStep
from ..elastic import NONE
from ..engine import Engine
from ..fitter import quality
from ..search import Search
from ..session import NO_PHOTO, FittedPhoto, Session, Version
from .job import Backend, Job


@dataclass(frozen=True)
class Fitted:
    """A fit so far, how good it is in words, and every few steps what it shows."""

    inversion: Inversion
    picture: Photo | None
    quality: str


@dataclass
class Contract:
    """The same work, whichever backend does it. Photos go nowhere; neither do other versions."""

    backend: Backend

    def fit(
        self,
        model: str,
        image: Tensor,
        options: InvertOptions,
        every: int,
        kept: Path | None = None,
    ) -> Generator[Fitted, None, None]:
        """Fit a picture of the model's size, [3 r r].

        There is a ``picture`` every so many steps and at last. ``kept`` is a folder for fits, see
        editor/fit_cache.py.
        """
        how = options.steps, options.steps > 0, kept is not None
        return self.backend(Job(model, fit, (image, options, every, kept), *how))

    def drag(
        self, model: str, session: Session, edit: Edit, search: Search
    ) -> Generator[DragStep, None, None]:
        """Carry out an edit in px of the session's photo; without a model: here."""
        if model == NONE:
            yield from models.engine(model).drag(session, edit, search)
            return
        light = Session(_light(session.subject), replace(session.now, picture=None))
        yield from self.backend(
            Job(model, Engine.drag, (light, edit, search), search.options.steps)
        )

    def control(self, model: str, session: Session, values: Values) -> Session:
        """The session with its face's controls at these values."""
        start = session.uncontrolled
        past = () if start is session.now else (start,)
        light = Session(_light(session.subject), session.now, past)
        (version,) = self.backend(Job(model, control, (light, values)))
        return session if version is None else session.controlled(version)

    def refined(self, model: str, session: Session, fit: Inversion) -> Session:
        """The session with another fit of its photo."""
        old = session.subject
        blind = lambda part: tuple(map(_blind, part))  # noqa: E731
        subject, (now,) = replace(old.on(NO_PHOTO), rig=None), blind([session.now])
        light = Session(subject, now, blind(session.past), blind(session.future))
        (made,) = self.backend(Job(model, refined, (light, fit)))
        pairs = zip(made.versions, session.versions, strict=True)
        versions = tuple(replace(new, change=old.change) for new, old in pairs)
        subject, at = replace(old, ws=made.subject.ws, delta=made.subject.delta), len(made.past)
        return Session(subject, versions[at], versions[:at], versions[at + 1 :])

    def face(self, model: str, seed: int, truncation_psi: float = 0.8) -> Session:
        """A face of the model itself, ready to drag."""
        (session,) = self.backend(Job(model, face, (seed, truncation_psi)))
        return session

    def picture(self, model: str, seed: int, truncation_psi: float) -> Photo:
        """A face of the model itself, at the model's size."""
        (made,) = self.backend(Job(model, picture, (seed, truncation_psi)))
        return made


def _light(subject: FittedPhoto) -> FittedPhoto:
    """Without its pixels: how it moves does not depend on them."""
    rig = None if subject.rig is None else replace(subject.rig, backdrop=NO_BACKDROP)
    return replace(subject.on(NO_PHOTO), rig=rig)


def _blind(version: Version) -> Version:
    """Whether it has a picture is known, but not the picture."""
    return version if version.picture is None else replace(version, picture=NO_PHOTO)


def fit(
    engine: Engine, image: Tensor, options: InvertOptions, every: int, kept: Path | None
) -> Iterator[Fitted]:
    """Where the network is; so are those that follow."""
    before = -1
    for fit in engine.fit(image, options, kept):
        shown = fit.step % every == 0 or fit.step + 1 == fit.steps
        new, before = fit.step != before, fit.step
        seen = engine.picture(fit.ws, fit.delta) if shown and new else None
        yield Fitted(fit, seen, quality(fit))


def refined(engine: Engine, session: Session, fit: Inversion) -> Iterator[Session]:
    """See ``Session.refined``."""
    yield session.refined(fit.ws, fit.delta, engine.picture)


def control(engine: Engine, session: Session, values: Values) -> Iterator[Version | None]:
    """The version that has them; None where nothing changes."""
    made = engine.set(session, values)
    yield None if made is session else made.now


def face(engine: Engine, seed: int, truncation_psi: float) -> Iterator[Session]:
    """See ``Engine.face``."""
    yield engine.face(seed, truncation_psi)


def picture(engine: Engine, seed: int, truncation_psi: float) -> Iterator[Photo]:
    """See ``Engine.random``."""
    yield engine.random(seed, truncation_psi)
