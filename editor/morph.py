"""The way from the photo to an edit, as pictures: for a GIF or a video."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, repeat

from inversion.transfer import Change

from .output import Picture
from .session import Subject, Version
from .view import show


def morph(subject: Subject, versions: Sequence[Version], frames: int = 16) -> Iterator[Picture]:
    """The subject's photo from the first version through each to the last, one picture at a time.

    ``frames`` pictures lead from a version to the next, the last of them being that next one;
    before and after it all the picture stands still for half as many. The larger the subject's
    photo, the longer it takes: see `closeup`.
    """
    held = max(1, frames // 2)
    yield from repeat(show(subject, versions[0]), held)
    for before, after in pairwise(versions):
        for number in range(1, frames + 1):
            change = _between(before.change, after.change, _eased(number / frames))
            yield show(subject, Version(after.ws, change))
    yield from repeat(show(subject, versions[-1]), held)


def _between(before: Change, after: Change, share: float) -> Change:
    """So much of the way from one change to another: exactly them at 0 and 1."""
    pairs = ((before.flow, after.flow), (before.paint, after.paint))
    flow, paint = ((1 - share) * start + share * end for start, end in pairs)
    return Change(flow, paint)


def _eased(share: float) -> float:
    """0 to 1, slow at both ends."""
    return share * share * (3 - 2 * share)
