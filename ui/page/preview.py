"""What the browser needs to show how a drag will look while a handle is pulled."""

import base64
from typing import Any

import numpy as np

from editor import models
from editor.motion.guess import guess
from editor.motion.warps import REACH
from editor.session import FittedPhoto, Version
from editor.view import VIEW_SIDE, wide
from photo.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from transfer import handles
from transfer.bend import triangles
from transfer.rig import GRID, RIG_SIDE, Pose, middle_of, outlines, rooms, rows_of

from ..picture import data_url

QUALITY = 85  # of the head's picture


def head(subject: FittedPhoto, version: Version) -> dict[str, Any]:
    """How the photo's head looks now and how it may move; without a rig, how far its pixels do."""
    rig, now = subject.rig, version.change
    if rig is None or not isinstance(now, Pose):
        return {"side": VIEW_SIDE, "reach": REACH * VIEW_SIDE}
    found = guess(models.faces().dragger.directions, now.vertices)
    return {
        "picture": _picture(subject, version), "behind": data_url(rig.backdrop.behind),
        "side": RIG_SIDE, "wide": GRID, "pose": numbers(now.vertices, np.float32),
        "follow": numbers(rig.follow, np.float32), "near": numbers(rig.near, np.float32),
        "outline": numbers(outlines(rig), np.float32),
        "room": numbers(rooms(rig, now.vertices), np.float32),
        "middle": middle_of(now.vertices[:468]).tolist(),
        "rows": numbers(rows_of(rig), np.uint16), "eyes": rig.eyes,
        "triangles": numbers(triangles(len(rig.vertices)), np.uint16),
        "arrive": _arrive(), "lips": INNER_LIPS,
        "balls": [
            {"iris": now.iris(rig, number).tolist(), "lids": lids}
            for number, lids in enumerate((LEFT_EYE, RIGHT_EYE))
        ],
        "skull": numbers(found.skull, np.float32), "face": numbers(found.face, np.float32),
        "centre": found.centre.tolist(),
    }  # fmt: skip


def numbers(values: Any, kind: Any) -> str:
    """An array's bytes, little-endian, in base64."""
    data = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return base64.b64encode(data.tobytes()).decode()


def _arrive() -> dict[str, Any]:
    """The constants by which handles arrive, so that they are the server's."""
    return {
        "mostBump": handles.MOST_BUMP, "bump": handles.BUMP, "scaled": handles.SCALED,
        "still": handles.STILL, "shares": handles.MOST_SHARES, "near": handles.NEAR,
        "explained": handles.EXPLAINED, "damping": handles.DAMPING,
        "parts": list(handles.PARTS.values()),
        "with": [list(handles.PARTS).index(part) for part in handles.WITH],
    }  # fmt: skip


def _picture(subject: FittedPhoto, version: Version) -> str:
    """The head and what is around it; its alpha says where the person is."""
    return data_url(np.dstack(wide(subject, version)), "webp", QUALITY, method=0)
