"""A session in one safetensors file: photo, fit, versions, drawings. Nothing in it is executed."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from photo import NotNowError, Photo, Sent, read_photo
from photo.crop import Quad, check_quad
from transfer.backdrop import backdrop
from transfer.rig import Pose, Rig, wide_crop
from transfer.warp import Warp
from weights.files import WeightsError
from weights.formats import read, write

from .controls import VALUES
from .drawing import DRAWING, Drawing
from .export import PNG_EFFORT
from .session import FittedPhoto, Session, SessionError, Version, fitted
from .session_schema import DELTA, FACTS, check_arrays, check_size, parsed
from .session_schema import Facts as Facts
from .view import enlarged

KIND = "dragphoto session 3"
OLDER = ("dragphoto session 1", "dragphoto session 2")


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
    if texts.get("kind") in OLDER:
        raise SessionError(f"{file.name} was saved by an older DragPhoto: fit its photo again.")
    if texts.get("kind") != KIND:
        raise SessionError(f"{file.name} is not a session saved by DragPhoto.")
    try:
        check_arrays(tensors)
        drawn, now, facts = _contents(texts, len(tensors["ws"]))
        subject = replace(_subject(tensors), model=texts["model"])
    except NotNowError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        raise SessionError(f"{file.name} is damaged: its contents do not fit together.") from error
    versions = tuple(_version(tensors, number, texts) for number, texts in enumerate(drawn))
    return Session(subject, versions[now], versions[:now], versions[now + 1 :]), facts


def _arrays(session: Session) -> dict[str, Tensor]:
    """The photo as the bytes of a PNG, the fit, and the versions one behind the other."""
    subject, versions = session.subject, session.versions
    delta = {DELTA + name: tensor for name, tensor in subject.delta.items()}
    nothing = np.zeros((1, 1, 3), np.uint8)
    pictures = [nothing if v.picture is None else v.picture for v in versions]
    own = max(len(picture) for picture in pictures)  # those of stopped drags may be smaller
    return delta | {
        "photo": _packed(subject.sent),
        "quad": torch.from_numpy(subject.quad.astype(np.float64)),
        "pivot": subject.ws,
        "ws": torch.stack([version.ws for version in versions]),
        "pictures": torch.from_numpy(np.stack([enlarged(p, own) for p in pictures])),
        "painted": torch.tensor([v.picture is not None for v in versions]).byte(),
        **_changes(subject.rig, [version.change for version in versions]),
    }


def _changes(rig: Rig | None, changes: Sequence[Warp | Pose]) -> dict[str, Tensor]:
    """The versions' warps; or the rig and the versions' poses of it."""
    if rig is None:
        warps = [change for change in changes if isinstance(change, Warp)]
        flow, paint = np.stack([w.flow for w in warps]), np.stack([w.overlay for w in warps])
        return {"flow": torch.from_numpy(flow).float(), "paint": torch.from_numpy(paint).float()}
    poses = [change for change in changes if isinstance(change, Pose)]
    side = max(1 if pose.fixed is None else len(pose.fixed) for pose in poses)
    fixed = [np.zeros((side, side), bool) if p.fixed is None else p.fixed for p in poses]
    points = np.c_[rig.vertices, rig.follow, rig.near]
    arrays = {
        "rig": points, "irises": rig.irises, "vertices": np.stack([p.vertices for p in poses]),
        "gaze": np.stack([p.gaze for p in poses]),
    }  # fmt: skip
    numbers = {name: torch.from_numpy(array).double() for name, array in arrays.items()}
    return numbers | {"fixed": torch.from_numpy(np.stack(fixed)).byte()}


def _texts(session: Session, facts: Facts) -> dict[str, str]:
    drawings = [DRAWING.dump_json(version.drawing).decode() for version in session.versions]
    texts = {_name(n): drawing for n, drawing in enumerate(drawings)}
    texts |= {f"controls {n}": json.dumps(dict(v.controls)) for n, v in enumerate(session.versions)}
    known = {"kind": KIND, "model": session.subject.model, "now": str(len(session.past))}
    return texts | known | {"facts": json.dumps(facts)}


def _packed(photo: Sent) -> Tensor:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "PNG", compress_level=PNG_EFFORT)
    return torch.frombuffer(stream.getbuffer(), dtype=torch.uint8)


def _subject(tensors: dict[str, Tensor]) -> FittedPhoto:
    photo, quad = read_photo(tensors["photo"].numpy().tobytes()), tensors["quad"].numpy().copy()
    check_quad(quad, photo)
    delta = {n.removeprefix(DELTA): t.clone() for n, t in tensors.items() if n.startswith(DELTA)}
    subject = fitted(photo, quad, tensors["pivot"].clone(), delta)
    return replace(subject, rig=_rig(tensors, subject.photo, quad) if "rig" in tensors else None)


def _rig(tensors: dict[str, Tensor], photo: Photo, quad: Quad) -> Rig:
    points, irises = (tensors[name].double().numpy() for name in ("rig", "irises"))
    behind = backdrop(photo, wide_crop(quad))
    return Rig(points[:, :3].copy(), points[:, 3].copy(), points[:, 4].copy(), irises, behind)


def _version(
    tensors: dict[str, Tensor], number: int, texts: tuple[Drawing, dict[str, float]]
) -> Version:
    picture = tensors["pictures"][number].numpy().copy()
    shown = picture if bool(tensors["painted"][number]) else None
    drawing, controls = texts
    return Version(
        tensors["ws"][number].clone(), _change(tensors, number), drawing, shown, controls
    )


def _change(tensors: dict[str, Tensor], number: int) -> Warp | Pose:
    if "flow" in tensors:
        return Warp(*(tensors[name][number].numpy().copy() for name in ("flow", "paint")))
    vertices, gaze = (tensors[name][number].double().numpy() for name in ("vertices", "gaze"))
    fixed = tensors["fixed"][number].numpy() > 0
    return Pose(vertices, gaze, fixed if fixed.any() else None)


def _contents(
    texts: dict[str, str], count: int
) -> tuple[list[tuple[Drawing, dict[str, float]]], int, Facts]:
    """(drawing and controls of each version, the number of the current one, the facts).

    Files from before there were controls have none.
    """
    drawn = [
        (
            parsed(DRAWING.validate_json, texts[_name(number)]),
            parsed(VALUES.validate_json, texts.get(f"controls {number}", "{}")),
        )
        for number in range(count)
    ]
    now = int(texts["now"])
    if not 0 <= now < count:
        raise ValueError("its current version is missing")
    return drawn, now, parsed(FACTS.validate_json, texts["facts"])


def _name(number: int) -> str:
    return f"drawing {number}"
