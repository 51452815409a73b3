"""The edit of a session, on another photo: its head moves as the edited one did."""

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from photo import PhotoError, Sent
from photo.crop import Quad
from stylegan import activation, before_activation
from transfer.retarget import retargeted
from transfer.rig import Pose, Rig

from .engine import NO_FACE, Engine
from .motion.poses import rigged
from .session import Session, SessionError, Version, fitted
from .view import untouched

NO_HEAD = "The edit of this session is none of a face, so no other face can be moved by it."
NO_EDIT = "Nothing is edited in this session: drag something, and save it then."


def applied(edit: Session, photo: Sent, quad: Quad, engine: Engine | None = None) -> Session:
    """A session on another photo, its head moved by the same pose, expression and shape.

    Args:
        edit: what is done, in its current version.
        photo: any other; or the same one, which then looks the same.
        quad: FFHQ's crop of the face that is meant; see ``engine.default_crop``.
        engine: with one the photo is fitted, so that drags can go on from there, and undo leads to
            the photo as it was; without, in a fraction of the time, the result can only be shown.

    Raises:
        SessionError: the edit is none of a face, or there is none.
        PhotoError, FitError: no face is seen in the quad.
        RetargetError: a face is too small.
    """
    check(edit)
    if engine is not None:
        other = engine.open(photo, quad)
    else:
        subject = fitted(photo, quad, edit.subject.ws, {})
        subject = replace(subject, rig=rigged(subject.photo, quad))
        other = untouched(replace(subject, model=edit.subject.model), 0)
    made = onto(edit, other)
    if engine is None:
        return made
    picture = engine.picture(made.now.ws, other.subject.delta)
    return replace(made, now=replace(made.now, picture=picture))


def onto(edit: Session, other: Session) -> Session:
    """The session of another photo, moved likewise; its generator's picture is not made.

    Raises:
        SessionError: the edit is none of a face, or there is none.
        PhotoError: the other photo shows no face.
        RetargetError: a face is too small.
    """
    if other.subject.rig is None:
        raise PhotoError(NO_FACE)
    return other.moved(Version(_moved(edit, other), posed(edit, other.subject.rig)))


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


def _moved(edit: Session, other: Session) -> Float[Tensor, "layers w_dim"]:
    """The other's latent, as far from its pivot as the edit's; of another model, the pivot."""
    pivot = other.subject.ws
    if other.subject.model != edit.subject.model:
        return pivot
    step = before_activation(edit.now.ws) - before_activation(edit.subject.ws)
    return activation(before_activation(pivot) + step)
