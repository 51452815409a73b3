"""The models that the app offers, by name: the embedded one, those of one's own, public ones.

Public models are those that `dragphoto weights fetch` has brought here before the app started.
"""

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from threading import Lock

from editor import WeightsError, fetched
from editor.engine import Engine, model_name

FOLDER = "DRAGPHOTO_MODELS"
"""The environment variable that names the folder; without it there are no models of one's own."""
MOST_KEPT = 2

_kept: dict[str, Engine] = {}
_loading = Lock()


def names() -> list[str]:
    """What can be chosen; the first is the default. Reads no weights but to learn their size."""
    return list(_makers())


def engine(name: str) -> Engine:
    """The model of this name; the last few are kept.

    Raises:
        WeightsError: there is none, or its file cannot be used.
    """
    found = _kept.get(name)  # without the lock: a process forked while it is held never gets it
    if found is not None:
        return found
    with _loading:
        return _kept.get(name) or _load(name)


def _load(name: str) -> Engine:
    make = _makers().get(name)
    if make is None:
        raise WeightsError(f"There is no model {name} here: choose another one.")
    made = make()
    for oldest in list(_kept)[: max(0, len(_kept) + 1 - MOST_KEPT)]:
        del _kept[oldest]
    _kept[name] = made
    return made


def _makers() -> dict[str, Callable[[], Engine]]:
    """How to make each model, by its name; of two with one name the first counts."""
    makers: dict[str, Callable[[], Engine]] = {_default_name(): Engine}
    folder = os.environ.get(FOLDER)
    for file in sorted(Path(folder).glob("*.safetensors")) if folder else ():
        makers.setdefault(_name(file), partial(Engine, file))
    for label, file in fetched().items():
        makers.setdefault(label, partial(Engine, file))
    return makers


@cache
def _default_name() -> str:
    return model_name()


def _name(file: Path) -> str:
    """After the file alone if it cannot be read: that is said once somebody chooses it."""
    try:
        return model_name(file)
    except WeightsError:
        return file.stem
