"""Any generator's file, told by its content: ours, or one that others have published."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from stylegan import Config

from .files import WeightsError, check
from .formats import Model, load
from .hub.cache import kept
from .published.checkpoint import Checkpoint
from .published.nvidia import from_nvidia
from .published.rosinality import from_rosinality, state_dict
from .published.tensorflow import from_tensorflow
from .reader import objects
from .reader.objects import Object
from .reader.pickles import read_pickle
from .reader.torch_files import MAGIC, Container, read_legacy, read_zip

LARGEST_FEATURES = 128  # px of the block in whose features points are followed (DragGAN, section 4)
OTHERS = {
    b"version https://git-lfs": "This file is a git-LFS pointer, not the file itself: download it.",
    b"<": "This file is a web page, not a model: the download failed, do it again.",
    b"\xff\xd8\xff": "This file is a picture: choose a model here, and photos in the app.",
    b"\x89PNG": "This file is a picture: choose a model here, and photos in the app.",
    b"\x1f\x8b": "This file is packed (gzip): unpack it first.",
    b"\x89HDF": "This file is a Keras or HDF5 model: only StyleGAN2 models can be used.",
}
"""What to say of files that begin so."""

STATE_DICT = (
    "This file holds a state dict, but not rosinality's: its numbers alone do not say what they "
    "are. Save the network itself as G_ema, as NVIDIA's programs do."
)


def open_model(file: Path) -> Model:
    """Read a generator of any format that is known.

    How photos are cropped for a fetched model, the catalogue knows; other published files do not
    say it, and are taken for models of faces.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
    """
    public = kept(file)
    if is_ours(file):
        model = load(file)
    else:
        with opened(file) as found:
            model = Model(found.generator(), feature_side(found.config))
    return model if public is None else replace(model, domain=public.domain)


def feature_side(config: Config) -> int:
    """The block (px) in whose features points are followed where nobody has measured it."""
    return min(LARGEST_FEATURES, max(8, config.resolution // 2))


def is_ours(file: Path) -> bool:
    """Whether a file is a safetensors file, by its first bytes.

    Raises:
        WeightsError: there is no file, or it cannot be read.
    """
    with _reading(file) as (source, end):
        head = source.read(9)
        return head[8:] == b"{" and 0 < int.from_bytes(head[:8], "little") < end


@contextmanager
def opened(file: Path) -> Generator[Checkpoint, None, None]:
    """What a file of another project's says of its generator; the numbers are read in here.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
    """
    with _reading(file) as (source, end):
        yield _checkpoint(*_value(source, end))


@contextmanager
def _reading(file: Path) -> Generator[tuple[BufferedReader, int], None, None]:
    """(the open file, its size)."""
    check(file)
    try:
        with file.open("rb") as source:
            yield source, file.stat().st_size
    except OSError as error:
        raise WeightsError(f"{file.name} cannot be read: {error.strerror}.") from error


def _value(source: BufferedReader, end: int) -> tuple[object, Container]:
    """What the file holds, and where its storages are."""
    head = source.read(64)
    source.seek(0)
    if not head:
        raise WeightsError("This file is empty: download it again.")
    if head.startswith(b"PK"):
        return read_zip(source, end)
    for start, sentence in OTHERS.items():
        if head.lstrip().startswith(start):
            raise WeightsError(sentence)
    if not head.startswith(b"\x80"):
        name = Path(source.name).name
        raise WeightsError(f"{name} is damaged or not a safetensors file, pickle or archive.")
    value, _ = read_pickle(source, end)
    if value == MAGIC:
        source.seek(0)
        return read_legacy(source, end)
    if source.tell() != end:
        raise WeightsError("This file goes on after its end: do not trust it.")
    return value, Container(source, {})


def _checkpoint(value: object, container: Container) -> Checkpoint:
    match value:
        case Object(objects.PERSISTENT):
            return from_nvidia(value, container)
        case {"G_ema": Object() as network} | {"g_ema": Object() as network}:
            return from_nvidia(network, container)
        case (_, _, Object(objects.TF_NETWORK) as averaged):
            return from_tensorflow(averaged, container)
        case dict() if state := state_dict(value):
            return from_rosinality(state, value.get("latent_avg"), container)
        case dict() if any(map(_holds_tensors, (value, *value.values()))):
            raise WeightsError(STATE_DICT)
        case _:
            raise WeightsError("This file holds no StyleGAN2 generator (G_ema).")


def _holds_tensors(value: object) -> bool:
    """Whether this is a state dict: tensors by name."""
    tensors = (objects.TENSOR, objects.PARAMETER)
    return isinstance(value, dict) and any(
        isinstance(part, Object) and part.maker in tensors for part in value.values()
    )
