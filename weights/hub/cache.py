"""Where fetched models lie, and whose licences were accepted.

The folder is the one that huggingface_hub keeps for the files of other libraries, since most of
these do not come from its Hub: ``assets/dragphoto/models`` in HF_HOME (by default
``~/.cache/huggingface``), or ``dragphoto/models`` in HF_ASSETS_CACHE. HF_HUB_CACHE, the place of
the Hub's own repositories, is left alone. A file's name ends in the begin of its checksum: when
the catalogue asks for other bytes, the old ones are not taken for them.
"""

import re
from pathlib import Path

from huggingface_hub import constants

from ..files import FACES, PUBLIC, WeightsError, refusal, whole
from .catalogue import CATALOGUE, Licence, PublicModel, public


def folder() -> Path:
    """Where models are kept; it may not be there yet."""
    return Path(constants.HF_ASSETS_CACHE) / "dragphoto" / "models"


def place(model: PublicModel) -> Path:
    """The file of a model, once it has been fetched."""
    suffix = Path(model.urls[0]).suffix
    return folder() / f"{model.name}-{model.sha256[:8]}{suffix}"


def cached(model: PublicModel) -> Path | None:
    """The file of a model if it is here. What has this name was whole when it got it."""
    file = place(model)
    return file if refusal(file) is None else None


def kept(file: Path) -> PublicModel | None:
    """The model whose place this is: told by the file's name there, which no other may have."""
    here = file.resolve()
    return next((model for model in CATALOGUE if place(model).resolve() == here), None)


def accepted(licence: Licence) -> bool:
    """Whether somebody has accepted this licence here."""
    return refusal(_note(licence)) is None


def accept(licence: Licence) -> None:
    """Remember that this licence is accepted.

    Raises:
        WeightsError: the folder cannot be written.
    """
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with whole(_note(licence), PUBLIC) as note:
            note.write(f"{licence.name}\n{licence.url}\n".encode())
    except OSError as error:
        raise WeightsError(f"{folder()} cannot be written: is there room, and may you?") from error


def _note(licence: Licence) -> Path:
    """One file for each licence: two processes that accept different ones do not meet."""
    return folder() / f"accepted-{re.sub('[^a-z0-9]+', '-', licence.name.lower())}.txt"


def find(name_or_path: str) -> Path:
    """The file that is meant: one of this path, else the model of this name.

    Raises:
        WeightsError: there is no such file, no such model, or it has not been fetched yet.
    """
    file = Path(name_or_path)
    reason = refusal(file)
    if reason is None:
        return file
    if name_or_path == FACES.stem:
        return FACES
    if file.suffix or len(file.parts) != 1:
        raise WeightsError(reason)
    model = public(name_or_path)
    found = cached(model)
    if found is None:
        raise WeightsError(f"{model.name} is not here yet: `dragphoto weights fetch {model.name}`.")
    return found
