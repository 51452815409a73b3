"""What whoever hosts the app has decided about public models, in environment variables."""

import os
from threading import Thread

from editor import models
from weights.files import WeightsError
from weights.hub.cache import accept
from weights.hub.catalogue import PublicModel, public
from weights.hub.downloads import watch

FETCH = "DRAGPHOTO_FETCH"
"""1: whoever reaches the page may fetch models here; 0: nobody; unset: on one's own computer."""
LOCAL = ("127.0.0.1", "localhost", "::1")
PUBLIC = ("SPACE_ID", "FORWARDED_ALLOW_IPS", "GRADIO_ROOT_PATH")
"""Whoever sets one of them is no longer alone at this computer."""
EMBEDDED = "Until it is here, this is the face that comes with the app."

_news: dict[str, str] = {}  # what is to be said about the model that is fetched at the start


def may_fetch() -> bool:
    """Whether visitors may fetch models, and accept their licences for this host."""
    said = os.environ.get(FETCH)
    alone = os.environ.get("GRADIO_SERVER_NAME", LOCAL[0]) in LOCAL
    return said == "1" if said else alone and not any(map(os.environ.get, PUBLIC))


def prefetch() -> Thread | None:
    """Begin to fetch the model that the host has named, if it is a public one and not here.

    By naming it the host has accepted its licence. What becomes of it is said by ``news``.
    """
    named = os.environ.get(models.FIRST)
    if not named or models.first() is not None:
        return None
    try:
        model = public(named)
    except WeightsError:
        known = f"{models.FIRST} is {named[:60]}, which is no model that is here or can be fetched"
        _news[named] = f"{known}: `dragphoto weights list` shows those that can."
        print(f"dragphoto: {_news[named]}")
        return None
    thread = Thread(target=_fetched, args=(model,), daemon=True)
    thread.start()
    return thread


def _fetched(model: PublicModel) -> None:
    try:
        accept(model.licence)
        for done, total in watch(model):
            far = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB are here"
            _news[model.name] = f"{model.name} is being downloaded: {far}. {EMBEDDED}"
        del _news[model.name]
    except WeightsError as error:
        _news[model.name] = f"{error} {EMBEDDED}"
        print(f"dragphoto: {error}")


def news() -> str:
    """Why the page does not open with the model that the host has named; "" if it does."""
    return _news.get(os.environ.get(models.FIRST, ""), "")
