"""The models that the app offers, by name: the embedded one, those of one's own, public ones.

Public models are those that have been fetched, before the app started or since. Those of one's own
lie in a folder that the host has named: no visitor can add any.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from photo.domain import Domain
from weights.files import WeightsError
from weights.hub.cache import kept
from weights.hub.offers import Offer, offers

from .elastic import NONE, Elastic
from .engine import Engine

FOLDER = "DRAGPHOTO_MODELS"
"""The environment variable that names the folder; without it there are no models of one's own."""
FIRST = "DRAGPHOTO_MODEL"
"""The variable that names the model that the page opens with: a public one, or a file's stem."""
MOST_KEPT = 2
NO_MODEL = "None: pull anything"

_kept: dict[str, Engine] = {}
_elastic = Elastic()
_loading = Lock()


def names() -> list[str]:
    """What can be chosen; the first is the default. Reads no weights but to learn their size."""
    return list(_offers())


def first() -> str | None:
    """The model that the host wants the page to open with; None: none, or it is not here."""
    asked = os.environ.get(FIRST)
    return next((name for name, offer in _offers().items() if asked == _short(offer)), None)


def named(asked: str | None) -> str:
    """The name in the list of a model that is asked for by it, or as the command line has it.

    Without any it is the first; "none" is no model, and in no list.

    Raises:
        WeightsError: there is none; the sentence lists those there are.
    """
    if asked == NONE:
        return NONE
    offered = _offers()
    for name, offer in offered.items():
        if asked in (None, name, _short(offer)):
            return name
    raise WeightsError(f"There is no such model here, but: {'; '.join(offered)}.")


def _short(offer: Offer) -> str:
    """What the command line calls it."""
    public = kept(offer.file)
    return offer.file.stem if public is None else public.name


def domain(name: str) -> Domain:
    """How photos are cropped for the model of this name; its weights are not read."""
    if name == NONE:
        return _elastic.domain
    offer = _offers().get(name)
    return "face" if offer is None else offer.domain


def engine(name: str) -> Engine | Elastic:
    """The model of this name, the last few are kept; or "none", which pulls photos without any.

    Raises:
        WeightsError: there is none, or its file cannot be used.
    """
    if name == NONE:
        return _elastic
    kept = _kept.get(name)  # without the lock: a process forked while it is held never gets it
    if kept is not None:
        return kept
    with _loading:
        return _kept.get(name) or _load(name)


def faces() -> Engine:
    """The embedded model, which knows how faces move."""
    made = engine(names()[0])
    assert isinstance(made, Engine)
    return made


def choices() -> list[str | tuple[str, str]]:
    """What can be chosen on the page, the last without any model."""
    return [*names(), (NO_MODEL, NONE)]


def load_first() -> None:
    """Make as many as are kept, of those that can be used; what ails the others is said later.

    The one that the page opens with goes before those that are only offered.
    """
    (embedded, *others), opening = names(), first()
    for name in (embedded, *sorted(others, key=lambda other: other != opening)):
        if len(_kept) < MOST_KEPT:
            with suppress(WeightsError):
                engine(name)


def _load(name: str) -> Engine:
    offer = _offers().get(name)
    if offer is None:
        raise WeightsError(f"There is no model {name} here: choose another one.")
    made = Engine(offer.file)
    for oldest in list(_kept)[: max(0, len(_kept) + 1 - MOST_KEPT)]:
        del _kept[oldest]
    _kept[name] = made
    return made


def _offers() -> dict[str, Offer]:
    folder = os.environ.get(FOLDER)
    return offers(Path(folder) if folder else None)
