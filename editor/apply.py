"""The edit of a session, on another photo: its head moves as the edited one did."""

from collections.abc import Callable
from dataclasses import replace

from photo import PhotoError, Sent
from photo.crop import Quad
from stylegan import Delta, activation, before_activation
from transfer.flow import Picture
from transfer.retarget import retargeted
from transfer.rig import Pose, Rig

from .engine import NO_FACE, Engine
from .motion.poses import rigged
from .session import Latents, Session, SessionError, Version, fitted
from .view import untouched

Paint = Callable[[Latents, Delta], Picture]
NO_HEAD = "The edit of this session is none of a face, so no other face can be moved by it."
NO_EDIT = "Nothing is edited in this session: drag something, and save it then."


def applied(edit: Session, photo: Sent, quad: Quad, engine: Engine | None = None) -> Session:
    """A session on another photo, its head moved by the same pose, expression and shape.

    Args:
        edit: what is done, in its current version.
        photo: any other; or the same one, which then looks the same.
        quad: FFHQ's crop of the face that is meant; see ``engine.default_crop``.
        engine: with one the photo is fitted, see ``carried``; without, in a fraction of the time,
            the result can only be shown.

    Raises:
        SessionError: the edit is none of a face, or there is none.
        PhotoError, FitError: no face is seen in the quad.
        RetargetError: a face is too small.
    """
    check(edit)
    if engine is not None:
        return carried(edit, engine.open(photo, quad), engine.picture)
    subject = fitted(photo, quad, edit.subject.ws, {})
    seen = replace(subject, rig=rigged(subject.photo, quad))
    return carried(edit, untouched(seen, 0))


def carried(edit: Session, other: Session, paint: Paint | None = None) -> Session:
    """The other session with the same edit on its photo as it was: undo leads back to that.

    Drags can go on from there: its latent is as far from its pivot as the edit's is, unless that
    is of another model.

    Args:
        edit: what is done, in its current version.
        other: a fitted photo.
        paint: what the generator, tuned by a delta, shows; see ``Engine.picture``.

    Raises:
        SessionError, PhotoError, RetargetError: as ``applied``.
    """
    subject = other.subject
    if subject.rig is None:
        raise PhotoError(NO_FACE)
    pose, ws = posed(edit, subject.rig), _moved(edit, other)
    picture = None if paint is None else paint(ws, subject.delta)
    return other.moved(Version(ws, pose, picture=picture))


def posed(edit: Session, rig: Rig) -> Pose:
    """The pose of another rig that is the edit's; see ``transfer.retarget``.

    Raises:
        SessionError: the edit is none of a face, or there is none.
        RetargetError: a face is too small.
    """
    own, pose = check(edit)
    return retargeted(own, pose, rig)


def check(edit: Session) -> tuple[Rig, Pose]:
    """(the rig of the edit, its pose).

    Raises:
        SessionError: the edit is none of a face, or there is none.
    """
    rig, pose = edit.subject.rig, edit.now.change
    if rig is None or not isinstance(pose, Pose):
        raise SessionError(NO_HEAD)
    if pose.rests(rig):
        raise SessionError(NO_EDIT)
    return rig, pose


def _moved(edit: Session, other: Session) -> Latents:
    """The other's latent, as far from its pivot as the edit's; of another model, the pivot."""
    pivot = other.subject.ws
    if other.subject.model != edit.subject.model:
        return pivot
    step = before_activation(edit.now.ws) - before_activation(edit.subject.ws)
    return activation(before_activation(pivot) + step)
