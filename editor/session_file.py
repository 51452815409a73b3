"""A session in one safetensors file: photo, fit, versions, drawings. Nothing in it is executed."""

import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from photo import NotNowError, Photo, read_photo
from photo.crop import check_quad
from transfer.warp import Warp
from weights.files import WeightsError
from weights.formats import read, write

from .drawing import DRAWING, Drawing
from .export import PNG_EFFORT
from .session import FittedPhoto, Session, SessionError, Version
from .session_schema import DELTA, FACTS, check_arrays, check_size, parsed
from .session_schema import Facts as Facts
from .view import enlarged

KIND = "dragphoto session 2"


def save_session(session: Session, facts: Facts, file: Path) -> None:
    """Write a session, whole or not at all, for its owner's eyes: it holds the photo.

    Raises:
        SessionError: the place cannot be written to, or the session could not be read again.
    """
    tensors, texts = _arrays(session), _texts(session, facts)
    try:
        check_arrays(tensors)
        check_quad(session.subject.quad, session.subject.photo)
        _contents(texts, len(session.versions))
    except ValueError as error:
        raise SessionError(f"This session cannot be saved: {error}.") from error
    try:
        write(file, tensors, texts)
    except WeightsError as error:
        raise SessionError(str(error)) from error


def load_session(file: Path) -> tuple[Session, Facts]:
    """(a session, its facts) from a file that anybody may have made.

    Raises:
        SessionError: the file is missing, too large, damaged, or no session.
        NotNowError: its photo cannot be decoded now.
    """
    try:
        check_size(file)
        tensors, texts = read(file)
    except WeightsError as error:
        raise SessionError(str(error)) from error
    if texts.get("kind") != KIND:
        raise SessionError(f"{file.name} is not a session saved by DragPhoto.")
    try:
        check_arrays(tensors)
        drawings, now, facts = _contents(texts, len(tensors["ws"]))
        subject = _subject(tensors)
    except NotNowError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        raise SessionError(f"{file.name} is damaged: its contents do not fit together.") from error
    versions = tuple(_version(tensors, n, drawing) for n, drawing in enumerate(drawings))
    return Session(subject, versions[now], versions[:now], versions[now + 1 :]), facts


def _arrays(session: Session) -> dict[str, Tensor]:
    """The photo as the bytes of a PNG, the fit, and the versions one behind the other."""
    subject, versions = session.subject, session.versions
    delta = {DELTA + name: tensor for name, tensor in subject.delta.items()}
    changes = [version.change for version in versions]
    nothing = np.zeros((*changes[0].flow.shape[:2], 3), np.uint8)
    pictures = [nothing if v.picture is None else v.picture for v in versions]
    own = max(len(picture) for picture in pictures)  # those of stopped drags may be smaller
    return delta | {
        "photo": _packed(subject.photo),
        "quad": torch.from_numpy(subject.quad.astype(np.float64)),
        "pivot": subject.ws,
        "ws": torch.stack([version.ws for version in versions]),
        "flow": torch.from_numpy(np.stack([c.flow for c in changes]).astype(np.float32)),
        "paint": torch.from_numpy(np.stack([c.overlay for c in changes]).astype(np.float32)),
        "pictures": torch.from_numpy(np.stack([enlarged(p, own) for p in pictures])),
        "painted": torch.tensor([v.picture is not None for v in versions]).byte(),
    }


def _texts(session: Session, facts: Facts) -> dict[str, str]:
    drawings = [DRAWING.dump_json(version.drawing).decode() for version in session.versions]
    texts = {_name(n): drawing for n, drawing in enumerate(drawings)}
    return texts | {"kind": KIND, "now": str(len(session.past)), "facts": json.dumps(facts)}


def _packed(photo: Photo) -> Tensor:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "PNG", compress_level=PNG_EFFORT)
    return torch.frombuffer(bytearray(stream.getvalue()), dtype=torch.uint8)


def _subject(tensors: dict[str, Tensor]) -> FittedPhoto:
    photo, quad = read_photo(tensors["photo"].numpy().tobytes()), tensors["quad"].numpy().copy()
    check_quad(quad, photo)
    delta = {n.removeprefix(DELTA): t.clone() for n, t in tensors.items() if n.startswith(DELTA)}
    return FittedPhoto(photo, quad, tensors["pivot"].clone(), delta)


def _version(tensors: dict[str, Tensor], number: int, drawing: Drawing) -> Version:
    flow, overlay, picture = (
        tensors[name][number].numpy().copy() for name in ("flow", "paint", "pictures")
    )
    shown = picture if bool(tensors["painted"][number]) else None
    return Version(tensors["ws"][number].clone(), Warp(flow, overlay), drawing, shown)


def _contents(texts: dict[str, str], count: int) -> tuple[list[Drawing], int, Facts]:
    """(the drawings of all versions, the number of the current one, the facts)."""
    drawings = [parsed(DRAWING.validate_json, texts[_name(number)]) for number in range(count)]
    now = int(texts["now"])
    if not 0 <= now < count:
        raise ValueError("its current version is missing")
    return drawings, now, parsed(FACTS.validate_json, texts["facts"])


def _name(number: int) -> str:
    return f"drawing {number}"
