"""The same edit on another head: how one rig was posed, another is.

A pose is taken apart as it was made: the skull's rigid motion, and what each vertex does beyond
that. Both are told in the frame of the head, in distances between its eyes, and done again in the
frame of the other one: who nods, nods about his own ears, however he is turned.
"""

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float

from photo.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE

from .rig import RIG_SIDE, Pose, Rig, Similarity, Vertices, head_motion, turned

OPENINGS = (LEFT_EYE, RIGHT_EYE, INNER_LIPS)
LEAST_EYES = 4.0  # px: no face whose motion could be told has its eyes closer together
AROUND_LIDS = 0.12  # of the distance between the eyes: how far from the lids skin moves as they do
MOST_LIDS = 2.0  # times the motion of lids, for eyes that are larger, or smaller


class RetargetError(ValueError):
    """An edit that other photos cannot take over; the text is for the person who made it."""


def retargeted(rig: Rig, pose: Pose, other: Rig) -> Pose:
    """The pose of another rig that is to it as this pose is to its own rig.

    Args:
        rig: the edited one.
        pose: of it.
        other: the one to be moved, at rest.

    Raises:
        RetargetError: one of the heads is so small that nothing can be told from it.
    """
    if min(rig.eyes, other.eyes) < LEAST_EYES:
        raise RetargetError("A face is too small here: use one with a larger picture of it.")
    own, its = rig.vertices, other.vertices
    scale = other.eyes / rig.eyes
    frame = replace(head_motion(own[:468], its[:468]), scale=scale)
    head = head_motion(own[:468], pose.vertices[:468])
    beyond = pose.vertices - own - rig.follow[:, None] * (turned(rig, own, head) - own)
    beyond *= _lids(rig, other, scale)[:, None]
    beyond *= np.minimum(1, other.follow / np.maximum(rig.follow, 1e-9))[:, None]
    turn, at = frame.turn @ head.turn @ frame.turn.T, frame(head.centre[None])[0]
    ahead = turned(
        other, its, Similarity(head.scale, turn, at, frame.scale * frame.turn @ head.shift)
    )
    vertices = its + other.follow[:, None] * (ahead - its) + scale * beyond @ frame.turn.T
    gaze = scale * pose.gaze @ frame.turn[:2, :2].T
    fixed = None if pose.fixed is None else _carried(pose.fixed, frame)
    return Pose(_apart((own, pose.vertices), (its, vertices), scale), gaze, fixed)


def _lids(rig: Rig, other: Rig, scale: float) -> Float[np.ndarray, " v"]:
    """How much more the vertices around each eye move, so that eyes that shut do so here too."""
    more = np.ones(len(rig.vertices))
    for eye in (LEFT_EYE, RIGHT_EYE):
        own, its = (max(0.0, float(_gaps(each.vertices, eye).mean())) for each in (rig, other))
        least = 0.01 * rig.eyes
        times = np.clip((its / scale + least) / (own + least), 1 / MOST_LIDS, MOST_LIDS)
        lids = rig.vertices[None, list(eye), :2]
        away = np.linalg.norm(rig.vertices[:, None, :2] - lids, axis=2).min(1)
        more += (times - 1) * np.exp(-0.5 * (away / (AROUND_LIDS * rig.eyes)) ** 2)
    return more


def _apart(
    edit: tuple[Vertices, Vertices], result: tuple[Vertices, Vertices], scale: float
) -> Vertices:
    """The second of the result, with lids and lips that do not cross unless they do in the edit.

    Args:
        edit: vertices of the edited rig before and after.
        result: those of the other one.
        scale: from the one to the other.
    """
    rest, vertices = result[0], result[1].copy()
    for ring in OPENINGS:
        least = np.minimum(0, np.minimum(scale * _gaps(edit[1], ring), _gaps(rest, ring)))
        lacking = np.maximum(0, least - _gaps(vertices, ring))[:, None] * _down(vertices, ring)
        upper, lower = _pairs(ring)
        lips = ring == INNER_LIPS  # upper lids push the lower ones down; lips meet half way
        vertices[upper, :2] -= 0.5 * lips * lacking
        vertices[lower, :2] += (1 - 0.5 * lips) * lacking
    return vertices


def _pairs(ring: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Rows of the mesh above an opening, and of those below each; without its corners."""
    half = len(ring) // 2
    return list(ring[1:half]), list(ring[:half:-1])


def _down(vertices: Vertices, ring: tuple[int, ...]) -> Float[np.ndarray, "2"]:
    """Across an opening, from its upper edge to its lower one."""
    across = vertices[ring[len(ring) // 2], :2] - vertices[ring[0], :2]
    down = np.array([-across[1], across[0]]) * (-1 if ring == RIGHT_EYE else 1)
    return down / max(1e-6, float(np.linalg.norm(down)))


def _gaps(vertices: Vertices, ring: tuple[int, ...]) -> Float[np.ndarray, " n"]:
    """How far an opening is open, px."""
    upper, lower = _pairs(ring)
    return (vertices[lower, :2] - vertices[upper, :2]) @ _down(vertices, ring)


def _carried(fixed: Bool[np.ndarray, "r r"], frame: Similarity) -> Bool[np.ndarray, "r r"]:
    """What no edit may change, where it is on the other head; beyond its edge as there."""
    share = len(fixed) / RIG_SIDE
    turn = frame.scale * frame.turn[:2, :2]
    at = frame.centre[:2] + frame.shift[:2] - turn @ frame.centre[:2]
    matrix = np.c_[turn, share * (at + 0.5 - turn @ (0.5, 0.5)) - 0.5 + turn @ (0.5, 0.5)]
    size, flags = (len(fixed), len(fixed)), cv2.INTER_NEAREST
    shown = cv2.warpAffine(
        fixed.astype(np.uint8), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return shown > 0
