"""Download a public model: go on where it was stopped, keep nothing but the right file.

What has come so far lies beside the file's place as ``.incomplete``, and is the file only once its
checksum is right. huggingface_hub's own download is not used for it: it can be stopped and watched
only through its progress bar, and most of these files are not on the Hub. Its settings hold:
HF_HOME and HF_ASSETS_CACHE (see cache.py), HF_HUB_OFFLINE, HF_ENDPOINT.
"""

import errno
import hashlib
import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.utils import WeakFileLock

from ..files import WeightsError, refusal, settle
from .cache import accepted, cached, folder, place
from .catalogue import PublicModel
from .source import Answer, DownloadError, ask, host, is_known

PAUSE = 0.2  # s between two looks at what another process is downloading
Progress = tuple[int, int]
"""(bytes so far, bytes of the file: about, until the server has said it)."""


def fetch(model: PublicModel) -> Generator[Progress]:
    """Download a model to its place in the cache, unless it is there; see ``cached``.

    It can be left at any item: the next fetch goes on from there. While another process downloads
    the same model its progress is shown.

    Raises:
        WeightsError: the licence is not accepted, downloads are off, nobody has the right file, or
            there is no room.
    """
    if cached(model) is None:
        _check_allowed(model)
        with ExitStack() as held:
            while not _locked(held, place(model)):
                yield fetched_bytes(model), model.sizes[1]
            if cached(model) is None:
                yield from _download(model)


def fetched_bytes(model: PublicModel) -> int:
    """How much of a model waits for its download to go on."""
    part = _part(model)
    return part.stat().st_size if refusal(part) is None else 0


def _part(model: PublicModel) -> Path:
    file = place(model)
    return file.with_name(file.name + ".incomplete")


def _check_allowed(model: PublicModel) -> None:
    if constants.HF_HUB_OFFLINE:
        raise WeightsError(f"{model.name} is not here, and HF_HUB_OFFLINE forbids a download.")
    licence = model.licence
    if not accepted(licence):
        raise WeightsError(
            f"{model.name} is under the {licence.name} ({licence.says}): read it at {licence.url}, "
            f"then run `dragphoto weights fetch {model.name} --accept-licence`."
        )


def _locked(held: ExitStack, file: Path) -> bool:
    """Whether the file is ours to write; a lock goes away with its process."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        held.enter_context(WeakFileLock(file.with_name(file.name + ".lock"), timeout=PAUSE))
    except TimeoutError:
        return False
    except OSError as error:
        raise WeightsError(f"{folder()} cannot be written: is there room, and may you?") from error
    return True


def _download(model: PublicModel) -> Iterator[Progress]:
    """From the first address that gives the right file."""
    known = is_known(model.urls)
    reasons = [] if known else ["no host of it can be found (is there a network?)"]
    for url in model.urls if known else ():
        try:
            yield from _from(url, model)
        except DownloadError as error:
            reasons.append(f"{host(url)} {error}")
        except OSError as error:
            raise WeightsError(_full(error, model)) from error
        else:
            return
    kept = fetched_bytes(model)
    more = f" {_mb(kept)} MB are kept: fetch it again to go on." if kept else ""
    raise WeightsError(f"{model.name} could not be downloaded: {'; '.join(reasons)}.{more}")


def _from(url: str, model: PublicModel) -> Iterator[Progress]:
    part = _part(model)
    if part.is_symlink() or (part.exists() and not part.is_file()):
        part.unlink()  # not ours: a pipe would never end
    found, done = hashlib.sha256(), fetched_bytes(model)
    if done:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256")
    if found.hexdigest() != model.sha256:  # else it was stopped at the very end
        with ask(url, done) as answer:
            least, total = _sizes(answer, model)
            _check_room(total - done, model)
            if answer.start == 0:
                found, done = hashlib.sha256(), 0
            with part.open("ab" if done else "wb") as file:
                for chunk in answer.chunks:
                    done += len(chunk)
                    if done > total:
                        break
                    file.write(chunk)
                    found.update(chunk)
                    yield done, total
        if found.hexdigest() != model.sha256:
            raise _wrong(done, (least, total), part)
    with part.open("rb+") as file:
        settle(file, place(model))


def _sizes(answer: Answer, model: PublicModel) -> tuple[int, int]:
    """The fewest and the most bytes that the file can have, after what is announced."""
    least, most = model.sizes
    if answer.total is None:
        return least, most
    if not least <= answer.total <= most:
        raise DownloadError(f"has a file of {answer.total} bytes instead of {_size(model)}")
    return answer.total, answer.total


def _check_room(bytes_to_come: int, model: PublicModel) -> None:
    free = shutil.disk_usage(folder()).free
    if free < bytes_to_come:
        raise WeightsError(
            f"{model.name} needs {_mb(bytes_to_come)} MB more, but there are {_mb(free)} MB free "
            f"in {folder()}."
        )


def _wrong(done: int, sizes: tuple[int, int], part: Path) -> DownloadError:
    """Why this is not the file; it is kept if the rest of it can still come."""
    least, most = sizes
    if done < least:
        return DownloadError(f"broke off after {_mb(done)} of {_mb(most)} MB")
    part.unlink()
    if done > most:
        return DownloadError(f"sent more than the {most} bytes of the file")
    return DownloadError("sent a file with another checksum, which was thrown away")


def _full(error: OSError, model: PublicModel) -> str:
    kept = f"{_mb(fetched_bytes(model))} MB of {model.name} are kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"There is no room left in {folder()}. {kept}: make room and fetch it again to go on."
        )
    return f"{folder()} cannot be written ({error.strerror}). {kept}."


def _size(model: PublicModel) -> str:
    return f"about {model.megabytes} MB" if model.bytes is None else f"{model.bytes} bytes"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
