"""Generators on disk: safetensors, the configuration as JSON in its metadata."""

import json
from collections.abc import Generator as Yields
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from photo.domain import Domain
from photo.mesh import POINTS
from stylegan import Config, CoordinateHead, Generator, WStatistics, w_statistics

from .files import FACES, PRIVATE, PUBLIC, WeightsError, check, whole
from .published.unfilled import filled
from .tensors import dump

LARGEST = 1 << 24  # of the numbers in a configuration
MOST_LAYERS = 64  # of a mapping
HEAD = "coordinates."  # before the names of the coordinate head's tensors
STATISTICS = "statistics."  # before those of w


@dataclass(frozen=True)
class Model:
    """A generator and what is known about dragging it.

    Args:
        generator: the network.
        feature_side: the block (px) in whose features points are followed.
        axes: directions along which a drag moves w before its last activation, one standard
            deviation long. Shape, pose and expression, but not colours, hair or light.
            None where a model does not know them.
        landmark_regressor: where the mesh net sees a face's points (photo/mesh.py): w before its
            last activation, and a 1, times this gives (x, y) in px of the picture. None where a
            model does not know it.
        coordinates: the head that paints which point of the neutral face a pixel shows, if any.
        box: the lowest and highest point (x, y, z) that the head can mean: its -1 and 1.
        domain: how a photo is cropped for it.
        statistics: of its w, so that nobody has to sample them; None where a file has none.
    """

    generator: Generator
    feature_side: int
    axes: Float[Tensor, "k w"] | None = None
    landmark_regressor: Float[Tensor, "w+1 points 2"] | None = None
    coordinates: CoordinateHead | None = None
    box: Float[Tensor, "2 3"] | None = None
    domain: Domain = "face"
    statistics: WStatistics | None = None

    def measured(self) -> WStatistics:
        """Statistics of w: those of the file, or else of random z."""
        return self.statistics or w_statistics(self.generator.mapping)


def save(
    model: Model,
    file: Path,
    dtype: torch.dtype = torch.float16,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write a generator, by default in half precision; whole or not at all.

    Args:
        model: what is written.
        file: where to.
        dtype: of the numbers in the file; ``load`` gives float32 always.
        notes: more for the file's metadata, such as where the weights came from.

    Raises:
        WeightsError: there is no room, or no permission.
    """
    state = model.generator.state_dict()
    if model.coordinates is not None:
        state |= {HEAD + name: value for name, value in model.coordinates.state_dict().items()}
    known = {"axes": model.axes, "landmarks": model.landmark_regressor, "box": model.box}
    state |= {name: tensor for name, tensor in known.items() if tensor is not None}
    state = {name: tensor.to(dtype) for name, tensor in state.items()}
    if model.statistics is not None:  # in full precision
        state |= {STATISTICS + n: torch.as_tensor(v) for n, v in vars(model.statistics).items()}
    facts = dict(notes or {}) | {
        "config": json.dumps(asdict(model.generator.config)),
        "feature_side": str(model.feature_side),
        "domain": model.domain,
    }
    write(file, state, facts, PUBLIC)


def load(file: Path = FACES) -> Model:
    """Read a generator.

    Raises:
        WeightsError: the file is missing, damaged, or not one of ours.
    """
    state, facts = read(file)
    shape = config(file, facts)
    try:
        numbers = {name: tensor.float() for name, tensor in state.items()}
        model = _model(numbers, shape, int(facts["feature_side"]))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{file.name} is not a DragPhoto model.") from error
    if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
        raise WeightsError(f"{file.name} is damaged: it holds values that are not numbers.")
    return replace(model, domain=domain(file, facts))


def _model(numbers: dict[str, Tensor], config: Config, feature_side: int) -> Model:
    axes, landmarks, box = (numbers.pop(name, None) for name in ("axes", "landmarks", "box"))
    if landmarks is not None and landmarks.shape[1] != POINTS:
        landmarks = None  # older files know other points
    painted = {name: numbers.pop(name) for name in list(numbers) if name.startswith(HEAD)}
    statistics = _statistics(numbers, config) if STATISTICS + "axes" in numbers else None
    head = None
    if painted:
        head = CoordinateHead(config)
        head.load_state_dict({name.removeprefix(HEAD): value for name, value in painted.items()})
        head.eval().requires_grad_(False)
    generator = filled(config, numbers)
    return Model(generator, feature_side, axes, landmarks, head, box, statistics=statistics)


def _statistics(numbers: dict[str, Tensor], config: Config) -> WStatistics:
    """Take them out of the numbers."""
    names = [field.name for field in fields(WStatistics)]
    w_avg, w_std, centre, axes = (numbers.pop(STATISTICS + name) for name in names)
    if {w_avg.shape, centre.shape, axes[0].shape} != {(config.w_dim,)}:
        raise ValueError("These are statistics of another generator.")
    return WStatistics(w_avg, float(w_std), centre, axes)


def domain(file: Path, facts: Mapping[str, str]) -> Domain:
    """How a photo is cropped for a generator, from its file's metadata; older files are of faces.

    Raises:
        WeightsError: the word is none that is known.
    """
    word = facts.get("domain", "face")
    for known in get_args(Domain):
        if word == known:
            return known
    known = ", ".join(get_args(Domain))
    raise WeightsError(f"{file.name} is for photos of another kind, {word[:40]!r}: not {known}.")


def config(file: Path, facts: Mapping[str, str]) -> Config:
    """The shape of a generator, from its file's metadata.

    Raises:
        WeightsError: the file is not one of ours.
    """
    try:
        found = Config(**json.loads(facts["config"]))
        if not _is_sane(found):
            raise ValueError("These numbers make no generator.")
        return found
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(f"{file.name} is not a DragPhoto model.") from error


def _is_sane(config: Config) -> bool:
    """Whether a generator of these numbers can be made, to compare its tensors with the file's."""
    numbers = asdict(config)
    clamp, gain, depth = (numbers.pop(n) for n in ("conv_clamp", "lr_multiplier", "mapping_layers"))
    whole = all(type(number) is int and 0 <= number <= LARGEST for number in numbers.values())
    real = all(type(number) in (int, float) for number in (gain, 0.0 if clamp is None else clamp))
    return whole and real and type(depth) is int and 0 < depth <= MOST_LAYERS


def read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(tensors, metadata) of a safetensors file.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    with _archive(file) as archive:
        names: list[str] = list(archive.keys())
        tensors: dict[str, Tensor] = {name: archive.get_tensor(name) for name in names}
        return tensors, dict(archive.metadata() or {})


def metadata(file: Path) -> dict[str, str]:
    """What a safetensors file says of itself; its tensors are left there.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    with _archive(file) as archive:
        return dict(archive.metadata() or {})


@contextmanager
def _archive(file: Path) -> Yields[Any, None, None]:
    check(file)
    try:
        with safe_open(file, framework="pt") as archive:
            yield archive
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{file.name} is damaged or not a safetensors file.") from error


def write(
    file: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str], mode: int = PRIVATE
) -> None:
    """Write a safetensors file whole or not at all, by default for its owner's eyes.

    Raises:
        WeightsError: there is no room, or no permission.
    """
    try:
        with whole(file, mode) as stream:
            dump(tensors, facts, stream)
    except OSError as error:
        raise WeightsError(f"{file} cannot be written: is there room, and may you?") from error
